/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Making the tree of an image that depends on others, as a plan says, out of the layers: each
 * image's own files. Its files are second names of theirs, so they take no room and have their
 * owners and attributes; its directories are its own. One directory is made after the other,
 * by descriptor, and no link is ever followed: what one layer has as a link and another as a
 * directory is a directory.
 */

#include "stage0/store/render_plan.h"

/* The files of an image of the graph. */
struct render_layer {
	int root_fd;          /* its rootfs */
	struct strv implicit; /* directories without an entry of their own, sorted */
};

/* Reads the layer that lies in the directory DIR_FD: its rootfs, and its list. */
must_check int render_layer_open(int dir_fd, struct render_layer *layer,
                                 struct error *err);
void render_layer_clear(struct render_layer *layer);

/* Fills the empty directory ROOT_FD; LAYERS are by the index of their images, COUNT of them.
 * Sets *SIZE to the bytes of the files, each counted once. */
must_check int render_apply(const struct render_plan *plan,
                            const struct render_layer *layers, size_t count, int root_fd,
                            int64_t *size, struct error *err);
