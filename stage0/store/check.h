/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether the trees of an image are still what its archives make (rkt 5.7): each archive is
 * unpacked anew, its own files are compared, and for an image with dependencies the tree of
 * all, which is made anew of them. A tree that is not, or not there, changes places with the
 * new one, once the caller has agreed.
 */

#include "stage0/store/store.h"

enum check_outcome { CHECK_GOOD, CHECK_REPAIRED };

/* Called with a bad tree before it is replaced, and what is wrong with it: "'etc/passwd': its
 * mode is 0666, not 0644". Below zero it stays, and the check fails. */
typedef int check_agree(void *context, const struct tree_id *tree, const char *difference,
                        struct error *err);

/* Checks what ID's tree is made of, then the tree. Fails for an archive that is not what its
 * ID says: only fetching the image again mends that. May return CHECK_REPAIRED. */
must_check int check_image(struct store *store, const struct image_id *id,
                           check_agree *agreement, void *context, struct error *err);
