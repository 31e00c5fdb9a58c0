/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/whitelist.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/import/image/extract.h"

struct pruner {
	struct strv keep; /* as whitelist_clean() has it */
	int64_t *size;
};

static int prune_dir(struct pruner *p, int dir_fd, const char *path, bool *empty,
                     struct error *err);

/* Judges NAME in DIR_FD, which is PATH below rootfs. Sets *KEPT. */
static int prune_entry(struct pruner *p, int dir_fd, const char *name, const char *path,
                       bool *kept, struct error *err)
{
	struct stat st;
	bool empty;
	int r = path_stat(dir_fd, name, &st, err);

	if (r < 0)
		return r;
	*kept = whitelist_has((const char *const *)p->keep.items, p->keep.count, path);
	if (S_ISDIR(st.st_mode)) {
		autoclose int fd = path_open_dir(dir_fd, name, err);

		r = fd < 0 ? fd : prune_dir(p, fd, path, &empty, err);
		if (r < 0)
			return r;
		*kept |= !empty;
		return *kept ? 0 : path_remove_dir(dir_fd, name, err);
	}
	if (*kept)
		return 0;
	if (S_ISREG(st.st_mode) && st.st_nlink == 1)
		*p->size -= st.st_size;
	return path_remove(dir_fd, name, err);
}

/* What lies in DIR_FD, which is PATH below rootfs. Its times stay as they were. */
static int prune_dir(struct pruner *p, int dir_fd, const char *path, bool *empty,
                     struct error *err)
{
	autoclear(strv) names = {0};
	struct stat st;
	int r = path_list(dir_fd, ".", &names, err);

	*empty = true;
	if (r < 0)
		return r;
	if (fstat(dir_fd, &st) < 0)
		return error_errno(err, "cannot look at '%.200s'", path);
	for (size_t i = 0; i < names.count; i++) {
		autofree char *below = memory_format("%s%s%s", path, path[0] ? "/" : "",
		                                     names.items[i]);
		bool kept;

		r = prune_entry(p, dir_fd, names.items[i], below, &kept, err);
		if (r < 0)
			return r;
		if (kept)
			*empty = false;
	}
	const struct timespec times[2] = {st.st_atim, st.st_mtim};

	if (futimens(dir_fd, times) < 0)
		return error_errno(err, "cannot set the times of '%.200s'", path);
	return 0;
}

int extract_prune(int dir_fd, const struct strv *whitelist, int64_t *size,
                  struct error *err)
{
	struct pruner p = {.size = size};
	autoclose int root_fd = path_open_dir(dir_fd, "rootfs", err);
	bool empty;
	int r;

	if (root_fd < 0)
		return root_fd;
	whitelist_clean(whitelist, &p.keep);
	r = prune_dir(&p, root_fd, "", &empty, err);
	strv_clear(&p.keep);
	return r < 0 ? error_wrap(err, "cannot apply the image's path whitelist") : 0;
}
