/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Removing the images that nobody needs, and the trees that no pod and no image needs
 * (rkt 5.6). A pod needs its apps' images and its stage1's, and their trees, as long as its
 * directory is there, whatever its state: the links in it name them. An image that is kept
 * keeps those it depends on. No pod is prepared meanwhile: HOST_PREPARE_LOCK is held.
 */

#include <stdint.h>

#include "common/strv.h"
#include "stage0/host.h"
#include "stage0/store/store.h"

/* Removes the images that no pod needs and that were not used after UNUSED_SINCE, in
 * nanoseconds since 1970; then all trees without use, and what is known of URLs whose images
 * have gone. Adds what is gone to IMAGES and TREES, also when it fails half-way. */
must_check int image_gc(struct host *host, int64_t unused_since, struct strv *images,
                        struct strv *trees, struct error *err);

/* Looks for a running pod that uses TREE: 1, and *UUID, the caller's; or 0. */
must_check int image_gc_find_user(int data_fd, const struct tree_id *tree, char **uuid,
                                  struct error *err);
