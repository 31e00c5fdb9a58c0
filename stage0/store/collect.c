/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/memory.h"
#include "common/path.h"
#include "common/uuid.h"
#include "stage0/store/draft.h"
#include "stage0/store/inner.h"

/* Where a directory goes to be removed: among the drafts, without a lock, so that whoever
 * sweeps ends what a killed process began. Sets *FD to the directory, locked. */
static int retire(struct store *store, int from_fd, const char *name, struct uuid *as,
                  int *fd, struct error *err)
{
	int r = uuid_make(as, err);

	if (r >= 0)
		r = *fd = path_open_dir(from_fd, name, err);
	if (r >= 0)
		r = lock_wait(*fd, LOCK_EXCLUSIVE, err);
	if (r >= 0)
		r = path_rename_new(from_fd, name, store->drafts_fd, as->text, err);
	return r;
}

/* The name under which the image stands in the index; NULL if that cannot be told. */
static char *indexed_name(struct store *store, const struct image_id *id)
{
	autoclear(image_manifest) manifest = {0};
	struct error ignored;

	if (store_manifest(store, id, &manifest, &ignored) != STORE_OK)
		return NULL;
	return take(manifest.name);
}

static int remove_locked(struct store *store, const struct image_id *id, struct uuid *as,
                         int *fd, struct error *err)
{
	autofree char *name = indexed_name(store, id);
	int r = retire(store, store->images_fd, id->text, as, fd, err);

	if (r == -ENOENT)
		return STORE_MISSING;
	if (r >= 0 && name)
		r = name_index_remove(store->names_fd, name, id, err);
	return r < 0 ? r : STORE_OK;
}

int store_remove(struct store *store, const struct image_id *id, struct error *err)
{
	autoclose int fd = -1;
	struct uuid as;
	int lock = store_lock(store, LOCK_EXCLUSIVE, err);
	int r;

	if (lock < 0)
		return lock;
	r = remove_locked(store, id, &as, &fd, err);
	close(lock);
	if (r == STORE_OK)
		r = path_remove_tree(store->drafts_fd, as.text, err);
	return r < 0 ? error_wrap(err, "image '%s'", id->text) : r;
}

/* Adds the trees and layers of the images that are there. */
static int trees_of_images(struct store *store, struct strv *trees, struct error *err)
{
	static const char *const links[] = {"tree", "layer"};
	autoclear(strv) keys = {0};
	int r = path_list(store->images_fd, ".", &keys, err);

	for (size_t i = 0; r >= 0 && i < 2 * keys.count; i++) {
		struct tree_id tree;

		r = image_link_read(store->images_fd, keys.items[i / 2], links[i % 2],
		                    &tree, err);
		if (r >= 0)
			strv_add(trees, tree.text);
		else if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
	}
	return r;
}

/* Renames the trees that nobody needs to among the drafts. */
static int retire_trees(struct store *store, const struct strv *keep,
                        struct strv *removed, struct error *err)
{
	autoclear(strv) trees = {0}, used = {0};
	int r = trees_of_images(store, &used, err);

	if (r >= 0)
		r = path_list(store->trees_fd, ".", &trees, err);
	for (size_t i = 0; r >= 0 && i < trees.count; i++) {
		autoclose int fd = -1;
		struct uuid as;

		if (strv_has(keep, trees.items[i]) || strv_has(&used, trees.items[i]))
			continue;
		r = retire(store, store->trees_fd, trees.items[i], &as, &fd, err);
		if (r >= 0)
			strv_add(removed, trees.items[i]);
	}
	return r;
}

int store_remove_trees(struct store *store, const struct strv *keep, struct strv *removed,
                       struct error *err)
{
	int lock = store_lock(store, LOCK_EXCLUSIVE, err);
	int r;

	if (lock < 0)
		return lock;
	r = retire_trees(store, keep, removed, err);
	close(lock);
	if (r < 0)
		return error_wrap(err, "image store");
	return store_sweep(store, err);
}

int store_sweep(struct store *store, struct error *err)
{
	int lock = store_lock(store, LOCK_EXCLUSIVE, err);
	int r;

	if (lock < 0)
		return lock;
	r = name_index_sweep(store->names_fd, store->images_fd, err);
	if (r >= 0)
		r = image_info_sweep(store->images_fd, err);
	close(lock);
	if (r >= 0)
		r = draft_sweep(store->drafts_fd, err);
	return r < 0 ? error_wrap(err, "image store") : 0;
}
