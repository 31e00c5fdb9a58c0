/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/tree_copy.h"

#include <string.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/inode_map.h"
#include "stage0/store/tree_entry.h"

struct copy {
	int from_fd, to_fd; /* the tops */
	dev_t device;
	struct strv dirs;      /* below the tops, each before what is in it */
	struct strv firsts;    /* the first names, in the copy, of files with several */
	struct inode_map seen; /* their indexes, by the inode that was copied */
};

static void copy_clear(struct copy *copy)
{
	if (copy->from_fd >= 0)
		close(copy->from_fd);
	if (copy->to_fd >= 0)
		close(copy->to_fd);
	strv_clear(&copy->dirs);
	strv_clear(&copy->firsts);
	inode_map_clear(&copy->seen);
}

/* Whether the file has been copied under another name: then the copy gets its name too. */
static int link_copied(struct copy *copy, ino_t inode, const char *path,
                       struct error *err)
{
	bool is_new;
	uint64_t *first = inode_map_at(&copy->seen, inode, &is_new);

	if (is_new) {
		*first = copy->firsts.count;
		strv_add(&copy->firsts, path);
		return false;
	}
	return path_make_link(copy->to_fd, copy->firsts.items[*first], copy->to_fd, path,
	                      err) < 0
	               ? err->code
	               : true;
}

static int copy_entry(struct copy *copy, int from_dir, int to_dir, const char *dir,
                      const char *name, struct error *err)
{
	autofree char *path = strcmp(dir, ".") == 0 ? memory_text(name)
	                                            : memory_format("%s/%s", dir, name);
	struct stat st;
	int r = path_stat(from_dir, name, &st, err);

	if (r < 0)
		return r;
	if (st.st_dev != copy->device)
		return error_set(err, -EXDEV, "'%s': is mounted there", path);
	if (S_ISDIR(st.st_mode)) {
		r = path_make_dir(to_dir, name, 0700, err);
		strv_take(&copy->dirs, take(path));
		return r;
	}
	if (st.st_nlink > 1) {
		r = link_copied(copy, st.st_ino, path, err);
		if (r)
			return r;
	}
	r = S_ISSOCK(st.st_mode) ? error_set(err, -EINVAL, "no image has sockets")
	                         : tree_entry_copy(from_dir, name, to_dir, err);
	return r < 0 ? error_wrap(err, "'%s'", path) : r;
}

static int copy_dir(struct copy *copy, size_t at, struct error *err)
{
	autoclear(strv) names = {0};
	autofree char *dir = memory_text(copy->dirs.items[at]);
	autoclose int from = path_open_dir(copy->from_fd, dir, err), to = -1;
	int r;

	if (from < 0)
		return from;
	to = path_open_dir(copy->to_fd, dir, err);
	if (to < 0)
		return to;
	r = path_list(from, ".", &names, err);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		r = copy_entry(copy, from, to, dir, names.items[i], err);
	return r;
}

/* Once nothing is made in any of them; those below first, as a mode may keep one out. */
static int copy_dir_attributes(const struct copy *copy, struct error *err)
{
	int r = 0;

	for (size_t i = copy->dirs.count; r >= 0 && i-- > 0;) {
		const char *dir = copy->dirs.items[i];
		autoclose int from = path_open_dir(copy->from_fd, dir, err), to = -1;

		if (from < 0)
			return from;
		to = path_open_dir(copy->to_fd, dir, err);
		if (to < 0)
			return to;
		r = tree_entry_copy_attributes(from, to, err);
		if (r < 0)
			r = error_wrap(err, "'%s'", dir);
	}
	return r;
}

static int open_tops(struct copy *copy, int from_fd, const char *from, int to_fd,
                     const char *to, struct error *err)
{
	struct stat st;
	int r = copy->from_fd = path_open_dir(from_fd, from, err);

	if (r >= 0)
		r = path_make_dir(to_fd, to, 0700, err);
	if (r >= 0)
		r = copy->to_fd = path_open_dir(to_fd, to, err);
	if (r < 0)
		return r;
	if (fstat(copy->from_fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", from);
	copy->device = st.st_dev;
	strv_add(&copy->dirs, ".");
	return 0;
}

int tree_copy(int from_fd, const char *from, int to_fd, const char *to, struct error *err)
{
	autoclear(copy) copy = {.from_fd = -1, .to_fd = -1};
	int r = open_tops(&copy, from_fd, from, to_fd, to, err);

	for (size_t i = 0; r >= 0 && i < copy.dirs.count; i++)
		r = copy_dir(&copy, i, err);
	if (r >= 0)
		r = copy_dir_attributes(&copy, err);
	return r < 0 ? error_wrap(err, "cannot copy '%s'", from) : 0;
}
