/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "common/appc/schema.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/inner.h"

enum { INFO_MAX = 64 << 10 };

static const struct field info_fields[] = {
	{"digest", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct image_info, digest),
         name_check_image_id},
	{"origin", FIELD_TEXT, 0, offsetof(struct image_info, origin)},
	{"signedBy", FIELD_TEXT, 0, offsetof(struct image_info, signed_by)},
	{"size", FIELD_INT, FIELD_KEEP, offsetof(struct image_info, size)},
	{"treeSize", FIELD_INT, FIELD_KEEP, offsetof(struct image_info, tree_size)},
	{"importTime", FIELD_INT, FIELD_KEEP, offsetof(struct image_info, import_time)},
	{"latest", FIELD_BOOL, FIELD_KEEP, offsetof(struct image_info, latest)},
	{"dependencies", FIELD_TEXTS, 0, offsetof(struct image_info, dependencies),
         name_check_image_id},
	{NULL},
};

static const struct schema info_schema = {
	.size = sizeof(struct image_info),
	.fields = info_fields,
};

int image_info_write(int dir_fd, const struct image_info *info, struct error *err)
{
	autoclear(buf) text = {0};

	schema_encode(&info_schema, info, SCHEMA_COMPACT, &text);
	buf_char(&text, '\n');
	return file_replace_at(dir_fd, "info", 0644, buf_string(&text), err);
}

int image_link_write(int dir_fd, const char *name, const struct tree_id *tree,
                     struct error *err)
{
	autofree char *target = memory_format("../../tree/%s", tree->text);
	autofree char *draft = memory_format("%s.%d", name, (int)gettid());
	int r = path_remove(dir_fd, draft, err);

	if (r >= 0 || r == -ENOENT)
		r = path_make_symlink(target, dir_fd, draft, err);
	return r < 0 ? r : path_rename(dir_fd, draft, dir_fd, name, err);
}

int image_link_read(int images_fd, const char *key, const char *name,
                    struct tree_id *tree, struct error *err)
{
	autofree char *link = memory_format("%s/%s", key, name);
	autofree char *target = NULL;
	const char *last;
	int r = path_read_link(images_fd, link, &target, err);

	if (r < 0)
		return r;
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) != sizeof(tree->text) - 1)
		return error_set(err, -EINVAL, "'%s' leads to no tree", link);
	memcpy(tree->text, last, sizeof(tree->text));
	return 0;
}

/* What is written beside a file or link, to be renamed over it: "info.77", "tree.77". */
static bool is_left_over(const char *name)
{
	static const char *const starts[] = {"info.", "tree.", "layer."};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

int image_info_sweep(int images_fd, struct error *err)
{
	autoclear(strv) keys = {0};
	int r = path_list(images_fd, ".", &keys, err);

	for (size_t i = 0; r >= 0 && i < keys.count; i++) {
		autoclear(strv) names = {0};

		if (path_list(images_fd, keys.items[i], &names, err) < 0)
			continue; /* not an image */
		for (size_t k = 0; r >= 0 && k < names.count; k++) {
			autofree char *path = memory_format("%s/%s", keys.items[i],
			                                    names.items[k]);

			if (is_left_over(names.items[k]))
				r = path_remove(images_fd, path, err);
		}
	}
	return r;
}

int image_info_read(int dir_fd, const char *name, struct image_info *info,
                    struct error *err)
{
	autofree char *path = memory_format("%s/info", name);
	autoclear(buf) text = {0};
	struct stat st;
	int r = file_read_at(dir_fd, path, INFO_MAX, &text, err);

	if (r >= 0)
		r = path_stat(dir_fd, path, &st, err);
	if (r < 0)
		return r;
	r = schema_decode(&info_schema, buf_string(&text), text.len, info, err);
	if (r < 0)
		return error_wrap(err, "'%s'", path);
	info->last_used = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return 0;
}

void image_info_clear(struct image_info *info)
{
	schema_clear(&info_schema, info);
}
