/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From what the user wrote for an image to an image in the store (rkt 4.1, 4.5, 4.7): a hash
 * is looked up; a file is imported each time, once the administrator does without its
 * signature; a name is looked up, with this machine's os and arch where the labels say
 * nothing of them.
 */

#include "common/appc/name.h"
#include "common/error.h"
#include "stage0/host.h"

enum pull_policy {
	PULL_NEW,   /* the store's image, else a new one */
	PULL_NEVER, /* the store's image only */
	PULL_UPDATE /* a new image, whatever the store has */
};

/* Reads "new", "never" or "update" into an enum pull_policy. */
option_parse pull_policy_parse;

/* Finds the image TEXT. SIGNATURE is the file --signature named for it, or NULL. */
must_check int finder_find(struct host *host, const char *text, const char *signature,
                           enum pull_policy policy, struct image_id *id,
                           struct error *err);

/* Finds the image in the store that TEXT, an ID, a prefix of one, or a name with labels,
 * stands for, with no labels but those (rkt 2.23). */
must_check int finder_resolve(struct store *store, const char *text, struct image_id *id,
                              struct error *err);
