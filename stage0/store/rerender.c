/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>

#include "common/path.h"
#include "stage0/store/compose.h"
#include "stage0/store/draft.h"

/* Whether the tree is there, and is that of the image in DIR_FD. */
static bool has_tree(const struct store *store, int dir_fd, const struct tree_id *tree)
{
	struct tree_id now;
	struct error ignored;
	struct stat st;

	return image_link_read(dir_fd, ".", "tree", &now, &ignored) >= 0 &&
	       strcmp(now.text, tree->text) == 0 &&
	       path_stat(store->trees_fd, tree->text, &st, &ignored) >= 0;
}

static int open_own_layer(struct store *store, int dir_fd, struct error *err)
{
	struct tree_id layer;
	int r = image_link_read(dir_fd, ".", "layer", &layer, err);

	return r < 0 ? r : path_open_dir(store->trees_fd, layer.text, err);
}

/* Makes the tree, if it is not there, and has the image lead to it. */
static int make_tree(struct store *store, int dir_fd,
                     const struct composition *composition, int64_t *size,
                     struct error *err)
{
	const struct tree_id *tree = composition_tree(composition);
	autoclose int layer = open_own_layer(store, dir_fd, err);
	autoptr(draft) draft = NULL;
	int r = layer;

	if (r >= 0)
		r = draft_begin(&draft, store->drafts_fd, NULL, err);
	if (r >= 0)
		r = compose_tree(store, composition, layer, draft_fd(draft), size, err);
	if (r >= 0 && syncfs(draft_fd(draft)) < 0)
		r = error_errno(err, "cannot write to the disk");
	if (r >= 0)
		r = path_rename_new(draft_fd(draft), COMPOSE_RENDERED, store->trees_fd,
		                    tree->text, err);
	if (r >= 0 || r == -EEXIST)
		r = image_link_write(dir_fd, "tree", tree, err);
	return r;
}

static int rerender(struct store *store, const struct compose_request *request,
                    struct error *err)
{
	autoclear(image_info) info = {0};
	autoptr(composition) composition = NULL;
	autoclose int dir = -1;
	int r = compose_plan(store, request, &composition, err);

	if (r >= 0)
		r = dir = path_open_dir(store->images_fd, request->id->text, err);
	if (r >= 0)
		r = image_info_read(dir, ".", &info, err);
	if (r >= 0 && !has_tree(store, dir, composition_tree(composition)))
		r = make_tree(store, dir, composition, &info.tree_size, err);
	if (r < 0)
		return r;
	strv_clear(&info.dependencies);
	for (size_t i = 0; i < request->count; i++)
		strv_add(&info.dependencies, request->dependencies[i].text);
	return image_info_write(dir, &info, err);
}

int store_rerender(struct store *store, const struct image_id *id,
                   const struct image_id *dependencies, size_t count, struct error *err)
{
	autoclear(image_manifest) manifest = {0};
	autoclose int lock = store_lock(store, LOCK_SHARED, err);
	const struct compose_request request = {id, &manifest, dependencies, count};
	int r = lock < 0 ? lock : store_manifest(store, id, &manifest, err);

	if (r == STORE_OK)
		r = rerender(store, &request, err);
	return r < 0 ? error_wrap(err, "image '%s'", id->text) : r;
}
