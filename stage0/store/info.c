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
	{"size", FIELD_INT, FIELD_KEEP, offsetof(struct image_info, size)},
	{"treeSize", FIELD_INT, FIELD_KEEP, offsetof(struct image_info, tree_size)},
	{"importTime", FIELD_INT, FIELD_KEEP, offsetof(struct image_info, import_time)},
	{"latest", FIELD_BOOL, FIELD_KEEP, offsetof(struct image_info, latest)},
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

			if (strncmp(names.items[k], "info.", strlen("info.")) == 0)
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
