/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the store's own files share, and nobody else sees. A struct store does not change once
 * it is open, so that several threads may use one.
 *
 * The lock: who publishes an image holds cas/image locked shared, from its tree's rename to
 * its own; who removes images, trees or names holds it exclusively. So no tree is taken for
 * one that no image uses while its image is about to appear. Readers need no lock.
 */

#include <sys/types.h>

#include "common/error.h"
#include "common/lock.h"
#include "stage0/store/store.h"

struct store {
	int data_fd; /* the caller's */
	int images_fd;
	int trees_fd;
	int names_fd;
	int drafts_fd;
};

/* Takes the store's lock: a descriptor, which holds it until the caller closes it. */
must_check int store_lock(const struct store *store, enum lock_kind kind,
                          struct error *err);

/* Writes INFO, whose last_used is now, in the image's directory DIR_FD. */
must_check int image_info_write(int dir_fd, const struct image_info *info,
                                struct error *err);

/* Makes the link NAME, "tree" or "layer", in an image's directory lead to TREE, whether or not
 * there is one. */
must_check int image_link_write(int dir_fd, const char *name, const struct tree_id *tree,
                                struct error *err);

/* Reads the link NAME of the image KEY under IMAGES_FD; -ENOENT if there is none. */
must_check int image_link_read(int images_fd, const char *key, const char *name,
                               struct tree_id *tree, struct error *err);

/* Reads NAME, an image's directory, under DIR_FD; -ENOENT if it is not there. */
must_check int image_info_read(int dir_fd, const char *name, struct image_info *info,
                               struct error *err);

/* Removes what a killed image_info_write() or image_link_write() left in the images under
 * IMAGES_FD. Under the store's exclusive lock, as writing is under the shared one. */
must_check int image_info_sweep(int images_fd, struct error *err);

/* The index of names: cas/name/NAME/KEY says that the image KEY may be called NAME. */
must_check int name_index_add(int names_fd, const char *name, const struct image_id *id,
                              struct error *err);
must_check int name_index_remove(int names_fd, const char *name,
                                 const struct image_id *id, struct error *err);

/* Adds the keys that stand under NAME. */
must_check int name_index_list(int names_fd, const char *name, struct strv *keys,
                               struct error *err);

/* Removes what stands for images that IMAGES_FD has not. */
must_check int name_index_sweep(int names_fd, int images_fd, struct error *err);
