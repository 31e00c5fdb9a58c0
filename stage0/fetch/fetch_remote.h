/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An archive from a URL (rkt 4.6, 4.7): by the record of it, if that is fresh; by one request
 * that says it has not changed; else the signature first, then the archive, of which a killed
 * download may have left a part.
 *
 * A record is worth something only if the image it names would be accepted today: it was
 * verified, and by a key that may still sign it.
 */

#include "stage0/fetch/wanted.h"

must_check int fetch_remote(struct wanted *wanted, struct net *net, const char *url,
                            const char *signature_url, struct error *err);
