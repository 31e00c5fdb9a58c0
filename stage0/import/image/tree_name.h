/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What trees are called: by the images they are made of (rkt 5.5). */

#include <stddef.h>

#include "stage0/store/store.h"

/* The first 64 digits of DIGEST as all keys of the store are written. */
void tree_name_key(const char *digest, struct image_id *key);

/* Names the tree of a LIST of image IDs, separated by commas, in the order of search. */
void tree_name(const char *list, size_t len, struct tree_id *tree);
