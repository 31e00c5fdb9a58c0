/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/check.h"

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/arrival.h"
#include "stage0/store/compose.h"
#include "stage0/store/draft.h"
#include "stage0/store/inner.h"
#include "stage0/store/tree_compare.h"
#include "stage0/store/unpack.h"

struct check {
	struct store *store;
	check_agree *agree;
	void *context;
	int outcome;
};

/* The list of directories without an entry: part of what an image's own files are. */
static int compare_implicit(int wanted_fd, int found_fd, char **difference,
                            struct error *err)
{
	autoclear(buf) wanted = {0}, found = {0};
	int r = file_read_at(wanted_fd, IMPORT_IMPLICIT, IMPORT_IMPLICIT_MAX, &wanted,
	                     err);

	if (r >= 0 || r == -ENOENT)
		r = file_read_at(found_fd, IMPORT_IMPLICIT, IMPORT_IMPLICIT_MAX, &found,
		                 err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (wanted.len == found.len &&
	    (!wanted.len || memcmp(wanted.data, found.data, wanted.len) == 0))
		return TREE_SAME;
	*difference = memory_text("its list of directories has changed");
	return TREE_DIFFERENT;
}

/* Compares two directories that hold a rootfs. */
static int compare(int wanted_fd, int found_fd, char **difference, struct error *err)
{
	autoclose int wanted = path_open_dir(wanted_fd, "rootfs", err), found = -1;
	int r = wanted;

	if (r < 0)
		return r;
	r = found = path_open_dir(found_fd, "rootfs", err);
	if (r == -ENOENT || r == -ENOTDIR) {
		*difference = memory_text("'rootfs': is missing");
		return TREE_DIFFERENT;
	}
	if (r >= 0)
		r = tree_compare(wanted, found, difference, err);
	return r == TREE_SAME ? compare_implicit(wanted_fd, found_fd, difference, err)
	                      : r;
}

static int agree(struct check *check, const struct tree_id *tree, const char *difference,
                 struct error *err)
{
	int r = check->agree(check->context, tree, difference, err);

	if (r >= 0)
		check->outcome = CHECK_REPAIRED;
	return r;
}

/* Puts the tree NEW, made under DRAFT_FD, in the place of what is there, if anything is. */
static int replace(struct check *check, int draft_fd, const char *new,
                   const struct tree_id *tree, struct error *err)
{
	int trees_fd = check->store->trees_fd;
	int r;

	if (syncfs(draft_fd) < 0)
		return error_errno(err, "cannot write to the disk");
	r = path_exchange(draft_fd, new, trees_fd, tree->text, err);
	return r == -ENOENT ? path_rename_new(draft_fd, new, trees_fd, tree->text, err)
	                    : r;
}

/* Compares TREE of the store with NEW, made under DRAFT_FD. */
static int check_tree(struct check *check, int draft_fd, const char *new,
                      const struct tree_id *tree, struct error *err)
{
	autofree char *difference = NULL;
	autoclose int wanted = path_open_dir(draft_fd, new, err), found = -1;
	int r = wanted;

	if (r < 0)
		return r;
	r = found = path_open_dir(check->store->trees_fd, tree->text, err);
	if (r == -ENOENT) {
		difference = memory_text("is missing");
		r = TREE_DIFFERENT;
	} else if (r >= 0) {
		r = compare(wanted, found, &difference, err);
	}
	if (r != TREE_DIFFERENT)
		return r;
	r = agree(check, tree, difference, err);
	return r < 0 ? r : replace(check, draft_fd, new, tree, err);
}

/* The manifest beside the archive: what all that reads manifests reads. */
static int check_manifest(struct check *check, const struct image_id *id, int draft_fd,
                          const struct tree_id *tree, struct error *err)
{
	autoclear(buf) wanted = {0}, found = {0};
	autoclose int dir = path_open_dir(check->store->images_fd, id->text, err);
	int r = dir;

	if (r >= 0)
		r = file_read_at(draft_fd, IMPORT_MANIFEST, SCHEMA_DOCUMENT_MAX, &wanted,
		                 err);
	if (r < 0)
		return r;
	r = file_read_at(dir, IMPORT_MANIFEST, SCHEMA_DOCUMENT_MAX, &found, err);
	if (r >= 0 && wanted.len == found.len &&
	    memcmp(wanted.data, found.data, wanted.len) == 0)
		return 0;
	r = agree(check, tree, "the manifest has changed", err);
	return r < 0 ? r
	             : path_rename(draft_fd, IMPORT_MANIFEST, dir, IMPORT_MANIFEST, err);
}

/* Which tree the image's pods get. */
static int check_link(struct check *check, const struct image_id *id, const char *name,
                      const struct tree_id *tree, struct error *err)
{
	autoclose int dir = path_open_dir(check->store->images_fd, id->text, err);
	struct tree_id found;
	int r;

	if (dir < 0)
		return dir;
	r = image_link_read(dir, ".", name, &found, err);
	if (r >= 0 && strcmp(found.text, tree->text) == 0)
		return 0;
	r = agree(check, tree, "it was another tree that the image had", err);
	return r < 0 ? r : image_link_write(dir, name, tree, err);
}

static int unpack(struct check *check, const struct image_id *id, int draft_fd,
                  struct import_answer *answer, struct error *err)
{
	autofree char *path = memory_format("%s/" ARRIVAL_ACI, id->text);
	autoclose int fd = path_open(check->store->images_fd, path, PATH_OURS, O_RDONLY,
	                             err);
	struct image_id found;
	int r = fd;

	if (r >= 0)
		r = unpack_archive(&(struct unpack){.name = id->text,
		                                    .archive_fd = fd,
		                                    .work_fd = draft_fd},
		                   answer, &found, err);
	if (r >= 0 && strcmp(found.text, id->text) != 0)
		r = error_set(err, -EBADMSG,
		              "the archive in the store has become another: '%s'",
		              found.text);
	return r;
}

/* The image's own files, in the tree *LAYER. */
static int check_layer(struct check *check, const struct image_id *id,
                       struct tree_id *layer, struct error *err)
{
	autoptr(draft) draft = NULL;
	struct import_answer answer;
	int fd, r = draft_begin(&draft, check->store->drafts_fd, NULL, err);

	if (r < 0)
		return r;
	fd = draft_fd(draft);
	r = unpack(check, id, fd, &answer, err);
	if (r >= 0)
		r = check_tree(check, fd, IMPORT_UNPACKED, &answer.tree, err);
	if (r >= 0)
		r = check_manifest(check, id, fd, &answer.tree, err);
	*layer = answer.tree;
	return r;
}

/* The tree of an image and of those it depends on, whose layers are good by now. */
static int check_composed(struct check *check, const struct compose_request *request,
                          const struct tree_id *own, struct error *err)
{
	struct store *store = check->store;
	autoptr(composition) composition = NULL;
	autoptr(draft) draft = NULL;
	autoclose int layer = -1;
	int64_t size;
	int r = compose_plan(store, request, &composition, err);

	if (r >= 0)
		r = draft_begin(&draft, store->drafts_fd, NULL, err);
	if (r >= 0)
		r = layer = path_open_dir(store->trees_fd, own->text, err);
	if (r >= 0)
		r = compose_tree(store, composition, layer, draft_fd(draft), &size, err);
	if (r >= 0)
		r = check_tree(check, draft_fd(draft), COMPOSE_RENDERED,
		               composition_tree(composition), err);
	if (r >= 0)
		r = check_link(check, request->id, "layer", own, err);
	if (r >= 0)
		r = check_link(check, request->id, "tree", composition_tree(composition),
		               err);
	return r;
}

/* Adds the images that ID was found to depend on to FOUND, without those that are there. */
static int add_dependencies(struct check *check, const struct image_id *id,
                            struct strv *found, struct error *err)
{
	autoclear(image_info) info = {0};
	int r = store_info(check->store, id, &info, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "is not in the store");
	for (size_t i = 0; r >= 0 && i < info.dependencies.count; i++)
		if (!strv_has(found, info.dependencies.items[i]))
			strv_add(found, info.dependencies.items[i]);
	return r;
}

/* The layers of all images below ID, which comes first in IMAGES; *OWN is its own. */
static int check_layers(struct check *check, struct strv *images, struct tree_id *own,
                        struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < images->count; i++) {
		autofree char *name = memory_text(images->items[i]);
		struct tree_id layer;
		struct image_id id;

		r = image_id_parse(name, &id, err);
		if (r >= 0)
			r = add_dependencies(check, &id, images, err);
		if (r >= 0)
			r = check_layer(check, &id, i ? &layer : own, err);
		if (r < 0 && i)
			r = error_wrap(err, "depends on the image '%s'", name);
	}
	return r;
}

static int check_whole(struct check *check, const struct image_id *id, struct error *err)
{
	autoclear(image_manifest) manifest = {0};
	autoclear(image_info) info = {0};
	autoclear(strv) images = {0};
	struct compose_request request = {.id = id, .manifest = &manifest};
	autofree struct image_id *dependencies = NULL;
	struct tree_id own;
	int r;

	strv_add(&images, id->text);
	r = check_layers(check, &images, &own, err);
	if (r >= 0)
		r = store_info(check->store, id, &info, err);
	if (r >= 0)
		r = store_manifest(check->store, id, &manifest, err);
	if (r < 0 || !info.dependencies.count)
		return r < 0 ? r : check_link(check, id, "tree", &own, err);
	request.count = info.dependencies.count;
	request.dependencies = dependencies = memory_zeroed(request.count,
	                                                    sizeof(*dependencies));
	for (size_t i = 0; r >= 0 && i < request.count; i++)
		r = image_id_parse(info.dependencies.items[i], &dependencies[i], err);
	return r < 0 ? r : check_composed(check, &request, &own, err);
}

int check_image(struct store *store, const struct image_id *id, check_agree *agreement,
                void *context, struct error *err)
{
	struct check check = {.store = store, .agree = agreement, .context = context};
	autoclose int lock = store_lock(store, LOCK_SHARED, err);
	int r = lock < 0 ? lock : check_whole(&check, id, err);

	return r < 0 ? r : check.outcome;
}
