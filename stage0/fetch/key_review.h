/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How trust in a key begins: the key is got, shown, asked about, and stored for a prefix
 * (rkt 2.21, 4.4).
 *
 * A key is shown by its fingerprints and identities, and the question is answered on a
 * terminal. Nobody is asked where the user said beforehand that it need not be. What stands on
 * a key was written by others: control characters are not printed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "stage0/host.h"

struct key_review {
	const char *prefix; /* of the names that the keys may sign; "": any */
	bool skip;          /* store without asking */
	bool trust_https;   /* without asking what came over https and has no fault */
	bool allow_http;    /* keys may come over plain http */
	bool insecure_tls;  /* from servers that show no good certificate */
	bool discover_http; /* plain http will do to be told where keys are */
	int shown_fd;       /* where keys are shown: standard output, or error */
};

/* Reviews the keys at LOCATION, a path or a URL. A no is no failure. */
must_check int key_review_location(struct host *host, const struct key_review *review,
                                   const char *location, struct error *err);

/* Finds out where the keys of the prefix are (appc 2.5), and reviews them. */
must_check int key_review_discovered(struct host *host, const struct key_review *review,
                                     struct error *err);

/* For an image NAME (without labels) that is to be fetched and verified, and has no prefix key:
 * discovers keys and reviews them for NAME (rkt 4.4), under the host's options:
 * --trust-keys-from-https, --insecure-options=pubkey. They are shown on standard error. That
 * there are none, or none to be trusted, is told and is no failure: the verification will say
 * what is missing. */
void key_review_for_name(struct host *host, const char *name);
