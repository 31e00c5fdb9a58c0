/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/arrival.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/compose.h"
#include "stage0/store/draft.h"
#include "stage0/store/import_answer.h"
#include "stage0/store/inner.h"
#include "stage0/store/unpack.h"

#define WORK "work"

struct arrival {
	struct store *store;
	char *name;
	struct draft *draft;
	int work_fd;
	struct import_answer answer;
	struct image_id id;
	struct image_manifest manifest;
};

int arrival_begin(struct store *store, const char *name, struct arrival **arrival,
                  struct error *err)
{
	autoptr(arrival) new = memory_zeroed(1, sizeof(*new));
	int r;

	new->store = store;
	new->name = memory_text(name);
	new->work_fd = -1;
	r = draft_begin(&new->draft, store->drafts_fd, NULL, err);
	if (r >= 0)
		r = path_make_dir(draft_fd(new->draft), WORK, 0755, err);
	if (r >= 0)
		r = new->work_fd = path_open_dir(draft_fd(new->draft), WORK, err);
	if (r < 0)
		return error_wrap(err, "image store");
	*arrival = take(new);
	return 0;
}

static void leave_draft(struct arrival *arrival)
{
	if (arrival->work_fd >= 0)
		close(arrival->work_fd);
	arrival->work_fd = -1;
	draft_free(take(arrival->draft));
}

void arrival_free(struct arrival *arrival)
{
	if (!arrival)
		return;
	leave_draft(arrival);
	image_manifest_clear(&arrival->manifest);
	free(arrival->name);
	free(arrival);
}

int arrival_fd(const struct arrival *arrival)
{
	return draft_fd(arrival->draft);
}

const struct image_manifest *arrival_manifest(const struct arrival *arrival)
{
	return &arrival->manifest;
}

static int read_manifest(struct arrival *arrival, struct error *err)
{
	autoclear(buf) text = {0};
	int r = file_read_at(arrival->work_fd, IMPORT_MANIFEST, SCHEMA_DOCUMENT_MAX,
	                     &text, err);

	if (r >= 0)
		r = image_manifest_decode(buf_string(&text), text.len, &arrival->manifest,
		                          err);
	if (r < 0)
		return error_wrap(err, "manifest of '%s'", arrival->name);
	return path_rename(arrival->work_fd, IMPORT_MANIFEST, arrival_fd(arrival),
	                   IMPORT_MANIFEST, err);
}

int arrival_unpack(struct arrival *arrival, int archive_fd, bool copy, struct error *err)
{
	autoclose int copy_fd = -1;
	int r = 0;

	if (copy)
		r = copy_fd = path_create(arrival_fd(arrival), ARRIVAL_ACI, 0644, err);
	if (r >= 0)
		r = unpack_archive(&(struct unpack){.name = arrival->name,
		                                    .archive_fd = archive_fd,
		                                    .copy_fd = copy_fd,
		                                    .work_fd = arrival->work_fd},
		                   &arrival->answer, &arrival->id, err);
	return r < 0 ? r : read_manifest(arrival, err);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* What is about to be published. */
struct publication {
	struct arrival *arrival;
	const struct arrival_facts *facts;
	struct tree_id tree;
	int64_t tree_size;
	bool is_composed;
};

/* Makes the tree of an image with dependencies, from its own layer as the store has it, if it
 * does, so that the files are there once only. */
static int compose(struct publication *p, struct error *err)
{
	struct arrival *arrival = p->arrival;
	const struct compose_request request = {
		.id = &arrival->id,
		.manifest = &arrival->manifest,
		.dependencies = p->facts->dependencies,
		.count = p->facts->dependency_count,
	};
	autoptr(composition) composition = NULL;
	autoclose int layer = -1;
	int r = compose_plan(arrival->store, &request, &composition, err);

	if (r < 0)
		return r;
	layer = path_open_dir(arrival->store->trees_fd, arrival->answer.tree.text, err);
	if (layer == -ENOENT)
		layer = path_open_dir(arrival->work_fd, IMPORT_UNPACKED, err);
	if (layer < 0)
		return layer;
	p->is_composed = true;
	p->tree = *composition_tree(composition);
	return compose_tree(arrival->store, composition, layer, arrival_fd(arrival),
	                    &p->tree_size, err);
}

/* Makes INFO say all that is remembered, but who signed it. It owns what it says. */
static void fill_info(const struct publication *p, struct image_info *info)
{
	const struct arrival_facts *facts = p->facts;

	free(info->digest);
	free(info->origin);
	strv_clear(&info->dependencies);
	info->digest = memory_text(p->arrival->answer.digest);
	info->origin = memory_text(facts->origin);
	info->size = p->arrival->answer.size;
	info->tree_size = p->tree_size;
	info->import_time = now();
	info->latest = facts->latest;
	for (size_t i = 0; i < facts->dependency_count; i++)
		strv_add(&info->dependencies, facts->dependencies[i].text);
}

/* Adds what the image's directory has besides what was unpacked, and waits for the disk. */
static int complete(const struct publication *p, struct error *err)
{
	int fd = arrival_fd(p->arrival);
	autoclear(image_info) info = {.signed_by = memory_text(p->facts->signed_by)};
	int r;

	fill_info(p, &info);
	r = image_info_write(fd, &info, err);
	if (r >= 0)
		r = image_link_write(fd, "tree", &p->tree, err);
	if (r >= 0 && p->is_composed)
		r = image_link_write(fd, "layer", &p->arrival->answer.tree, err);
	if (r >= 0 && syncfs(fd) < 0)
		r = error_errno(err, "cannot write to the disk");
	return r;
}

/*
 * The image is there already, maybe compressed in another way. With a signature this one
 * takes its place, as that is of these bytes and no others; else the archive that is there
 * stays, with the signature it may have.
 */
static int replace(const struct publication *p, struct error *err)
{
	struct store *store = p->arrival->store;
	const char *key = p->arrival->id.text;
	autoclear(image_info) info = {0};
	autoclose int dir = -1;
	int r;

	if (p->facts->signed_by)
		return draft_exchange(p->arrival->draft, store->images_fd, key, err);
	r = dir = path_open_dir(store->images_fd, key, err);
	if (r >= 0)
		r = image_info_read(dir, ".", &info, err);
	if (r < 0)
		return r;
	fill_info(p, &info);
	r = image_link_write(dir, "tree", &p->tree, err);
	return r < 0 ? r : image_info_write(dir, &info, err);
}

/* Moves a tree to where it belongs; if there is one of that name, it is as good. */
static int publish_tree(struct store *store, int from_fd, const char *from,
                        const struct tree_id *tree, struct error *err)
{
	int r = path_rename_new(from_fd, from, store->trees_fd, tree->text, err);

	return r == -EEXIST ? path_remove_tree(from_fd, from, err) : r;
}

/* Under the store's lock: name, trees and image, in an order in which a crash leaves only
 * what store_sweep() and store_remove_trees() find. */
static int publish(const struct publication *p, struct error *err)
{
	struct arrival *arrival = p->arrival;
	struct store *store = arrival->store;
	int fd = arrival_fd(arrival);
	int r = name_index_add(store->names_fd, arrival->manifest.name, &arrival->id,
	                       err);

	if (r >= 0)
		r = publish_tree(store, arrival->work_fd, IMPORT_UNPACKED,
		                 &arrival->answer.tree, err);
	if (r >= 0 && p->is_composed)
		r = publish_tree(store, fd, COMPOSE_RENDERED, &p->tree, err);
	if (r >= 0)
		r = path_remove_tree(fd, WORK, err);
	if (r >= 0)
		r = draft_publish(arrival->draft, store->images_fd, arrival->id.text,
		                  err);
	return r == DRAFT_EXISTS ? replace(p, err) : r;
}

static int store_it(struct publication *p, struct error *err)
{
	autoclose int lock = store_lock(p->arrival->store, LOCK_SHARED, err);
	struct stat st;
	int r = lock;

	if (r >= 0)
		r = path_stat(arrival_fd(p->arrival), ARRIVAL_ACI, &st, err);
	if (r >= 0 &&
	    (p->arrival->manifest.dependencies.count || p->facts->dependency_count))
		r = compose(p, err);
	if (r >= 0)
		r = complete(p, err);
	return r < 0 ? r : publish(p, err);
}

int arrival_publish(struct arrival *arrival, const struct arrival_facts *facts,
                    struct image_id *id, struct error *err)
{
	struct publication p = {
		.arrival = arrival,
		.facts = facts,
		.tree = arrival->answer.tree,
		.tree_size = arrival->answer.tree_size,
	};

	if (store_it(&p, err) < 0)
		return error_wrap(err, "cannot store");
	*id = arrival->id;
	/* Its lock is the image's now, and whoever removes that waits for it with the store's. */
	leave_draft(arrival);
	return 0;
}

/* What is in the store already is only renewed. */
static int renew(struct store *store, const struct image_id *id, const char *origin,
                 struct error *err)
{
	autoclear(image_info) info = {0};
	autoclose int dir = path_open_dir(store->images_fd, id->text, err);
	int r;

	if (dir < 0)
		return dir;
	r = image_info_read(dir, ".", &info, err);
	if (r < 0)
		return r;
	info.import_time = now();
	free(info.origin);
	info.origin = memory_text(origin);
	return image_info_write(dir, &info, err);
}

/* Whether what the image's link NAME leads to is there. */
static bool has_tree(struct store *store, const char *key, const char *name)
{
	struct error ignored;
	struct tree_id tree;
	struct stat st;
	int r = image_link_read(store->images_fd, key, name, &tree, &ignored);

	return r < 0 ? r == -ENOENT && strcmp(name, "layer") == 0
	             : path_stat(store->trees_fd, tree.text, &st, &ignored) >= 0;
}

/* Whether KEY's archive is the file ARCHIVE_FD, of SIZE bytes, and its files are there. */
static int is_image_of(struct store *store, const char *key, int archive_fd, off_t size,
                       struct error *err)
{
	autofree char *path = memory_format("%s/" ARRIVAL_ACI, key);
	autoclose int fd = -1;
	struct image_id id;
	struct stat st;

	if (image_id_parse(key, &id, err) < 0 ||
	    path_stat(store->images_fd, path, &st, err) < 0 || st.st_size != size ||
	    !has_tree(store, key, "tree") || !has_tree(store, key, "layer"))
		return false;
	fd = path_open(store->images_fd, path, PATH_OURS, O_RDONLY, err);
	return fd < 0 ? false : file_is_same(archive_fd, fd, err);
}

/*
 * Comparing an archive with what is stored is many times cheaper than unpacking it again only
 * to throw that away, which also slows the file system down for a while.
 */
static int find_same(struct store *store, int archive_fd, struct image_id *id,
                     struct error *err)
{
	autoclear(strv) keys = {0};
	struct stat st;
	int r;

	if (fstat(archive_fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	r = path_list(store->images_fd, ".", &keys, err);
	for (size_t i = 0; r == 0 && i < keys.count; i++) {
		r = is_image_of(store, keys.items[i], archive_fd, st.st_size, err);
		if (r > 0)
			(void)!image_id_parse(keys.items[i], id, err);
	}
	return r;
}

int store_same(struct store *store, int archive_fd, const char *origin,
               struct image_id *id, struct error *err)
{
	autoclose int lock = -1;
	int r = find_same(store, archive_fd, id, err);

	if (r == false)
		return STORE_MISSING;
	if (r > 0)
		r = lock = store_lock(store, LOCK_SHARED, err);
	if (r >= 0)
		r = renew(store, id, origin, err);
	if (r == -ENOENT)
		return STORE_MISSING;
	return r < 0 ? error_wrap(err, "cannot compare it with what is stored")
	             : STORE_OK;
}

int store_import(struct store *store, int archive_fd, const char *origin,
                 struct image_id *id, struct error *err)
{
	const struct arrival_facts facts = {.origin = origin};
	const char *slash = strrchr(origin, '/');
	autoptr(arrival) arrival = NULL;
	int r = store_same(store, archive_fd, origin, id, err);

	if (r != STORE_MISSING)
		return r;
	r = arrival_begin(store, slash && slash[1] ? slash + 1 : origin, &arrival, err);
	if (r >= 0)
		r = arrival_unpack(arrival, archive_fd, true, err);
	if (r >= 0 && arrival->manifest.dependencies.count)
		return error_set(err, -EINVAL,
		                 "depends on the image '%s', which nobody looks for here",
		                 arrival->manifest.dependencies.items[0].image_name);
	return r < 0 ? r : arrival_publish(arrival, &facts, id, err);
}
