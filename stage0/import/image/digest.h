/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SHA-512, which names images and trees. */

#include <stddef.h>

#include "common/error.h"

enum { DIGEST_DIGITS = 128 };

struct digest;

/* Loads what computing needs, so that digest_new() opens no file. */
must_check int digest_prepare(struct error *err);

must_check struct digest *digest_new(void);
void digest_free(struct digest *digest);
define_autoptr(digest);

void digest_add(struct digest *digest, const void *data, size_t len);

/* Sets TEXT to the digest of all that was added, in lower-case hex; nothing more may be. */
void digest_end(struct digest *digest, char text[DIGEST_DIGITS + 1]);
