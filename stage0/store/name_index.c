/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/inner.h"

/* A name may be longer than a file's: it goes on in a directory below, marked with '+',
 * which no key begins with. */
enum { PIECE_LENGTH = 200 };

/* The directory of NAME: '/' as '!', in pieces. */
static char *directory(const char *name)
{
	autoclear(buf) path = {0};

	for (size_t i = 0; name[i]; i++) {
		if (i && i % PIECE_LENGTH == 0)
			buf_text(&path, "/+");
		buf_char(&path, (char)(name[i] == '/' ? '!' : name[i]));
	}
	return buf_take(&path);
}

int name_index_add(int names_fd, const char *name, const struct image_id *id,
                   struct error *err)
{
	autofree char *dir = directory(name);
	autofree char *path = memory_format("%s/%s", dir, id->text);
	int r = path_make_dirs(names_fd, dir, 0755, err);

	if (r < 0)
		return r;
	r = file_create_at(names_fd, path, 0644, "", err);
	return r == -EEXIST ? 0 : r;
}

int name_index_remove(int names_fd, const char *name, const struct image_id *id,
                      struct error *err)
{
	autofree char *dir = directory(name);
	autofree char *path = memory_format("%s/%s", dir, id->text);
	int r = path_remove(names_fd, path, err);
	char *slash;

	if (r < 0 && r != -ENOENT)
		return r;
	do {
		r = path_remove_dir(names_fd, dir, err);
		slash = strrchr(dir, '/');
		if (slash)
			*slash = '\0';
	} while (r >= 0 && slash);
	return r == -ENOENT || r == -ENOTEMPTY ? 0 : r;
}

int name_index_list(int names_fd, const char *name, struct strv *keys, struct error *err)
{
	autofree char *dir = directory(name);
	autoclear(strv) found = {0};
	int r = path_list(names_fd, dir, &found, err);

	for (size_t i = 0; r >= 0 && i < found.count; i++)
		if (found.items[i][0] != '+')
			strv_add(keys, found.items[i]);
	return r == -ENOENT ? 0 : r;
}

/* Below the directory DIR, relative to NAMES_FD, and then that itself, if it is empty. */
static int sweep(int names_fd, const char *dir, int images_fd, struct error *err)
{
	autoclear(strv) found = {0};
	struct stat st;
	int r = path_list(names_fd, dir, &found, err);

	for (size_t i = 0; r >= 0 && i < found.count; i++) {
		const char *name = found.items[i];
		autofree char *path = memory_format("%s/%s", dir, name);

		if (name[0] == '+')
			r = sweep(names_fd, path, images_fd, err);
		else if (path_stat(images_fd, name, &st, err) == -ENOENT)
			r = path_remove(names_fd, path, err);
	}
	if (r >= 0)
		r = path_remove_dir(names_fd, dir, err);
	return r == -ENOENT || r == -ENOTEMPTY ? 0 : r;
}

int name_index_sweep(int names_fd, int images_fd, struct error *err)
{
	autoclear(strv) names = {0};
	int r = path_list(names_fd, ".", &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++)
		r = sweep(names_fd, names.items[i], images_fd, err);
	return r;
}
