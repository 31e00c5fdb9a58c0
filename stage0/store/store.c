/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/store.h"

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/inner.h"

/* Images bring set-user-ID programs, which nobody on the host is to reach. */
static int open_dir(int data_fd, const char *path, struct error *err)
{
	int fd = path_open_dir(data_fd, path, err);
	int r;

	if (fd != -ENOENT)
		return fd;
	r = path_make_dirs(data_fd, "cas", 0750, err);
	if (r >= 0)
		r = path_make_dirs(data_fd, path, 0755, err);
	return r < 0 ? r : path_open_dir(data_fd, path, err);
}

int store_open(struct store **store, int data_fd, struct error *err)
{
	autoptr(store) new = memory_zeroed(1, sizeof(*new));
	const struct {
		int *fd;
		const char *path;
	} dirs[] = {
		{&new->images_fd, "cas/image"},
		{&new->trees_fd, "cas/tree"},
		{&new->names_fd, "cas/name"},
		{&new->drafts_fd, "cas/tmp"},
	};
	enum { DIRS = sizeof(dirs) / sizeof(*dirs) };

	new->data_fd = data_fd;
	for (size_t i = 0; i < DIRS; i++)
		*dirs[i].fd = -1;
	for (size_t i = 0; i < DIRS; i++) {
		*dirs[i].fd = open_dir(data_fd, dirs[i].path, err);
		if (*dirs[i].fd < 0)
			return error_wrap(err, "image store");
	}
	*store = take(new);
	return 0;
}

static void close_dir(int fd)
{
	if (fd >= 0)
		close(fd);
}

void store_free(struct store *store)
{
	if (!store)
		return;
	close_dir(store->images_fd);
	close_dir(store->trees_fd);
	close_dir(store->names_fd);
	close_dir(store->drafts_fd);
	free(store);
}

int store_images_fd(const struct store *store)
{
	return store->images_fd;
}

int store_trees_fd(const struct store *store)
{
	return store->trees_fd;
}

/* By a descriptor of its own: a lock belongs to one, and other threads may hold theirs. */
int store_lock(const struct store *store, enum lock_kind kind, struct error *err)
{
	int fd = path_open_dir(store->images_fd, ".", err);

	if (fd < 0 || lock_wait(fd, kind, err) < 0) {
		close_dir(fd);
		return error_wrap(err, "image store");
	}
	return fd;
}

/* Fails with rkt's words (rkt 5.2). */
static int check_prefix(const char *prefix, struct error *err)
{
	static const char algorithm[] = "sha512-";

	if (strncmp(prefix, algorithm, sizeof(algorithm) - 1) != 0)
		return error_set(err, -EINVAL, "wrong key prefix: '%s'", prefix);
	prefix += sizeof(algorithm) - 1;
	if (strlen(prefix) < 2)
		return error_set(err, -EINVAL, "image ID too short");
	if (prefix[strspn(prefix, "0123456789abcdef")])
		return error_set(err, -EINVAL, "image ID '%s%s' has more than hex digits",
		                 algorithm, prefix);
	return 0;
}

int store_resolve(struct store *store, const char *prefix, struct image_id *id,
                  struct error *err)
{
	autoclear(strv) keys = {0};
	const char *found = NULL;
	struct stat st;
	int r = check_prefix(prefix, err);

	if (r < 0)
		return r;
	if (strlen(prefix) >= sizeof(id->text) - 1) {
		r = image_id_parse(prefix, id, err);
		if (r >= 0)
			r = path_stat(store->images_fd, id->text, &st, err);
		return r == -ENOENT ? STORE_MISSING : r;
	}
	r = path_list(store->images_fd, ".", &keys, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < keys.count; i++) {
		if (strncmp(keys.items[i], prefix, strlen(prefix)) != 0)
			continue;
		if (found)
			return STORE_AMBIGUOUS;
		found = keys.items[i];
	}
	return found ? image_id_parse(found, id, err) : STORE_MISSING;
}

int store_manifest_text(struct store *store, const struct image_id *id, struct buf *text,
                        struct error *err)
{
	autofree char *path = memory_format("%s/manifest", id->text);
	int r = file_read_at(store->images_fd, path, SCHEMA_DOCUMENT_MAX, text, err);

	if (r == -ENOENT)
		return STORE_MISSING;
	return r < 0 ? error_wrap(err, "image store") : STORE_OK;
}

int store_manifest(struct store *store, const struct image_id *id,
                   struct image_manifest *manifest, struct error *err)
{
	autoclear(buf) text = {0};
	int r = store_manifest_text(store, id, &text, err);

	if (r != STORE_OK)
		return r;
	if (image_manifest_decode(buf_string(&text), text.len, manifest, err) < 0)
		return error_wrap(err, "manifest of image '%s'", id->text);
	return STORE_OK;
}

int store_info(struct store *store, const struct image_id *id, struct image_info *info,
               struct error *err)
{
	int r = image_info_read(store->images_fd, id->text, info, err);

	if (r == -ENOENT)
		return STORE_MISSING;
	return r < 0 ? error_wrap(err, "image store") : STORE_OK;
}

int store_tree(struct store *store, const struct image_id *id, struct tree_id *tree,
               struct error *err)
{
	autofree char *info = memory_format("%s/info", id->text);
	int r = image_link_read(store->images_fd, id->text, "tree", tree, err);

	if (r == -ENOENT)
		return STORE_MISSING;
	if (r < 0)
		return error_wrap(err, "image store");
	/* Not worth a failure: the image may have gone, or the disk be read-only. */
	if (path_touch(store->images_fd, info, err) < 0)
		log_debug("%s", err->text);
	return STORE_OK;
}

/* Adds those of KEYS whose image is there and has LABELS. */
static int match(struct store *store, const struct strv *keys,
                 const struct name_value *labels, size_t count, struct strv *found,
                 struct error *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		autoclear(image_manifest) manifest = {0};
		struct image_id id;
		int r = image_id_parse(keys->items[i], &id, err);

		if (r >= 0)
			r = store_manifest(store, &id, &manifest, err);
		if (r < 0)
			return r;
		if (r == STORE_OK && !image_manifest_lacks(&manifest, labels, count))
			strv_add(found, id.text);
	}
	return 0;
}

/* Chooses among several (rkt 4.5). */
static int choose(struct store *store, const struct strv *keys, bool prefer_latest,
                  struct image_id *id, struct error *err)
{
	autoclear(image_info) best = {0};
	const char *found = NULL;

	for (size_t i = 0; i < keys->count; i++) {
		autoclear(image_info) info = {0};
		int r = image_info_read(store->images_fd, keys->items[i], &info, err);
		bool better;

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return error_wrap(err, "image store");
		better = info.import_time > best.import_time;
		if (prefer_latest && info.latest != best.latest)
			better = info.latest;
		if (found && !better)
			continue;
		image_info_clear(&best);
		best = info;
		info = (struct image_info){0};
		found = keys->items[i];
	}
	return found ? image_id_parse(found, id, err) : STORE_MISSING;
}

int store_find(struct store *store, const char *name, const struct name_value *labels,
               size_t count, struct image_id *id, struct error *err)
{
	autoclear(strv) keys = {0}, found = {0};
	bool has_version = false;
	int r;

	if (name_check_identifier(name))
		return STORE_MISSING;
	r = name_index_list(store->names_fd, name, &keys, err);
	if (r >= 0)
		r = match(store, &keys, labels, count, &found, err);
	if (r < 0)
		return r;
	if (found.count <= 1)
		return found.count ? image_id_parse(found.items[0], id, err)
		                   : STORE_MISSING;
	for (size_t i = 0; i < count; i++)
		has_version |= strcmp(labels[i].name, "version") == 0;
	return choose(store, &found, !has_version, id, err);
}

/* Reads one image for a list. May return STORE_MISSING. */
static int read_image(struct store *store, const char *key, struct store_image *image,
                      struct error *err)
{
	int r = image_id_parse(key, &image->id, err);

	if (r >= 0)
		r = store_info(store, &image->id, &image->info, err);
	if (r == STORE_OK)
		r = store_manifest(store, &image->id, &image->manifest, err);
	if (r != STORE_OK)
		image_info_clear(&image->info);
	return r;
}

int store_list(struct store *store, struct store_image **images, size_t *count,
               struct error *err)
{
	autoclear(strv) keys = {0};
	struct store_image *list;
	size_t used = 0;
	int r = path_list(store->images_fd, ".", &keys, err);

	if (r < 0)
		return error_wrap(err, "image store");
	list = memory_zeroed(keys.count, sizeof(*list));
	for (size_t i = 0; i < keys.count; i++) {
		r = read_image(store, keys.items[i], &list[used], err);
		if (r < 0)
			log_warning("%s", err->text);
		used += r == STORE_OK;
	}
	*images = list;
	*count = used;
	return 0;
}

void store_images_free(struct store_image *images, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		image_info_clear(&images[i].info);
		image_manifest_clear(&images[i].manifest);
	}
	free(images);
}
