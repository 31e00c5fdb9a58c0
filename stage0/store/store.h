/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The image store: what this host holds, in directories named by digest.
 *
 *	cas/image/sha512-<64 hex>/aci		the archive, as distributed
 *				  aci.asc	its signature, if it has been verified
 *				  manifest	its image manifest, as in the archive
 *				  info		JSON: struct image_info; its modification time
 *						is the last use
 *				  tree		link to its rendered tree
 *				  layer		link to its own files, if it has dependencies
 *	cas/tree/deps-sha512-<64 hex>/rootfs	a tree, shared by all pods, never written
 *				  implicit	a layer's directories without an entry
 *	cas/name/<image name, '/' as '!'>/KEY	an empty file for each image of that name
 *	cas/remote/				what is known of URLs (remote.h)
 *	cas/tmp/				drafts
 *
 * The tree of an image that has no dependencies is its own files, and a layer to others.
 *
 * An image or tree appears by rename and goes by rename, so a reader sees all of it or none,
 * and a crash leaves only drafts, which gc removes. A look-up by name or by a full ID opens
 * what it wants, and walks nothing.
 *
 * Removing an image leaves its tree, which pods may be using, to image gc.
 */

#include <stdint.h>

#include "common/appc/image_manifest.h"
#include "common/error.h"

struct store;

enum store_outcome { STORE_OK, STORE_MISSING, STORE_AMBIGUOUS, STORE_BUSY };

/* A rendered tree's name, "deps-sha512-<64 hex>". */
struct tree_id {
	char text[sizeof("deps-sha512-") + IMAGE_ID_DIGITS];
};

/* The whole content of "info". Times are nanoseconds since 1970. */
struct image_info {
	char *digest;      /* "sha512-" and all 128 hex digits */
	char *origin;      /* what was asked for: a path or a URL */
	char *signed_by;   /* the key's fingerprint; NULL if it was not verified */
	int64_t size;      /* bytes, of the uncompressed archive */
	int64_t tree_size; /* bytes, of the tree's files, each once */
	int64_t import_time;
	int64_t last_used; /* from the file's time, not its text */
	bool latest;
	struct strv dependencies; /* the IDs found for them, in the manifest's order */
};
void image_info_clear(struct image_info *info);

/* One image, for lists. */
struct store_image {
	struct image_id id;
	struct image_info info;
	struct image_manifest manifest;
};

/* Opens the store in the data directory DATA_FD, which has been made (host_data_dir). */
must_check int store_open(struct store **store, int data_fd, struct error *err);
void store_free(struct store *store);
define_autoptr(store);

/* Resolves "sha512-" and at least two hex digits to the one image they begin. May return
 * STORE_MISSING or STORE_AMBIGUOUS. Fails for what is no prefix ("image ID too short"). */
must_check int store_resolve(struct store *store, const char *prefix, struct image_id *id,
                             struct error *err);

/* Finds an image by NAME whose labels include all COUNT of LABELS: the one imported as
 * latest, else the one imported last, when no version is asked for (rkt 4.5). May return
 * STORE_MISSING. */
must_check int store_find(struct store *store, const char *name,
                          const struct name_value *labels, size_t count,
                          struct image_id *id, struct error *err);

/* Reads the image's manifest. May return STORE_MISSING. */
must_check int store_manifest(struct store *store, const struct image_id *id,
                              struct image_manifest *manifest, struct error *err);

/* The manifest's bytes as in the archive, added to *TEXT. May return STORE_MISSING. */
must_check int store_manifest_text(struct store *store, const struct image_id *id,
                                   struct buf *text, struct error *err);

must_check int store_info(struct store *store, const struct image_id *id,
                          struct image_info *info, struct error *err);

/* The image's rendered tree. May return STORE_MISSING. Marks the image as used now. */
must_check int store_tree(struct store *store, const struct image_id *id,
                          struct tree_id *tree, struct error *err);

/* Gives an image of the store a tree made with other DEPENDENCIES, in its manifest's order and
 * all in the store: they were resolved anew. Pods keep the tree they have. May return
 * STORE_MISSING. */
must_check int store_rerender(struct store *store, const struct image_id *id,
                              const struct image_id *dependencies, size_t count,
                              struct error *err);

/* The directories cas/image and cas/tree, the store's. */
int store_images_fd(const struct store *store);
int store_trees_fd(const struct store *store);

/* All images, in no order; the caller frees *IMAGES with store_images_free(). */
must_check int store_list(struct store *store, struct store_image **images, size_t *count,
                          struct error *err);
void store_images_free(struct store_image *images, size_t count);

/* Removes the image, not its tree. May return STORE_MISSING. */
must_check int store_remove(struct store *store, const struct image_id *id,
                            struct error *err);

/* Removes every tree that neither KEEP nor an image of the store names, and sweeps. Adds the
 * names of those removed to REMOVED. */
must_check int store_remove_trees(struct store *store, const struct strv *keep,
                                  struct strv *removed, struct error *err);

/* Removes the drafts that dead processes left, names that no image has, and parts of an info
 * that was never written whole. */
must_check int store_sweep(struct store *store, struct error *err);
