/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/tree_entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/tree_xattrs.h"

static int copy_xattrs(int from, int to, struct error *err)
{
	autoclear(tree_xattrs) xattrs = {0};
	int r = tree_xattrs_read(from, false, &xattrs, err);

	for (size_t i = 0; r >= 0 && i < xattrs.count; i++) {
		const struct tree_xattr *one = &xattrs.items[i];

		if (fsetxattr(to, one->name, one->value.data, one->value.len, 0) < 0)
			r = error_errno(err, "cannot set the extended attribute '%s'",
			                one->name);
	}
	return r;
}

/* Owner before mode and capabilities, which a change of owner takes away; times last. */
static int copy_all_attributes(int from, int to, const struct stat *st, struct error *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	int r;

	if (fchown(to, st->st_uid, st->st_gid) < 0)
		return error_errno(err, "cannot set its owner");
	if (fchmod(to, st->st_mode & 07777) < 0)
		return error_errno(err, "cannot set its mode");
	r = copy_xattrs(from, to, err);
	if (r >= 0 && futimens(to, times) < 0)
		r = error_errno(err, "cannot set its times");
	return r;
}

int tree_entry_copy_attributes(int from, int to, struct error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return error_errno(err, "cannot look at it");
	return copy_all_attributes(from, to, &st, err);
}

/* Copies what lies between the holes of a file of SIZE bytes. */
static int copy_content(int from, int to, off_t size, struct error *err)
{
	off_t at = 0, end;

	for (;;) {
		at = lseek(from, at, SEEK_DATA);
		if (at < 0)
			break;
		end = lseek(from, at, SEEK_HOLE);
		if (end < 0 || lseek(to, at, SEEK_SET) < 0)
			return error_errno(err, "cannot copy");
		while (at < end) {
			ssize_t n = sendfile(to, from, &at, (size_t)(end - at));

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return error_errno(err, "cannot copy");
			if (n == 0)
				return error_set(err, -EIO, "it has become shorter");
		}
	}
	if (errno != ENXIO)
		return error_errno(err, "cannot copy");
	return ftruncate(to, size) < 0 ? error_errno(err, "cannot set its size") : 0;
}

static int copy_file(int from_fd, const char *name, int to_fd, const struct stat *st,
                     struct error *err)
{
	autoclose int from = path_open(from_fd, name, PATH_OURS,
	                               O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	autoclose int to = from < 0 ? -1 : path_create(to_fd, name, 0600, err);
	int r;

	if (from < 0 || to < 0)
		return err->code;
	r = copy_content(from, to, st->st_size, err);
	return r < 0 ? r : copy_all_attributes(from, to, st, err);
}

static int copy_symlink(int from_fd, const char *name, int to_fd, struct error *err)
{
	autofree char *target = NULL;
	int r = path_read_link(from_fd, name, &target, err);

	return r < 0 ? r : path_make_symlink(target, to_fd, name, err);
}

int tree_entry_copy(int from_fd, const char *name, int to_fd, struct error *err)
{
	struct stat st;
	int r = path_stat(from_fd, name, &st, err);

	if (r >= 0 && S_ISREG(st.st_mode))
		return copy_file(from_fd, name, to_fd, &st, err);
	if (r >= 0 && S_ISLNK(st.st_mode))
		r = copy_symlink(from_fd, name, to_fd, err);
	else if (r >= 0)
		r = path_make_node(to_fd, name, st.st_mode & (S_IFMT | 0600), st.st_rdev,
		                   err);
	if (r >= 0)
		r = path_set_owner(to_fd, name, st.st_uid, st.st_gid, err);
	if (r >= 0 && !S_ISLNK(st.st_mode))
		r = path_set_mode(to_fd, name, st.st_mode & 07777, err);
	if (r < 0)
		return r;
	const struct timespec times[2] = {st.st_atim, st.st_mtim};

	return path_set_times(to_fd, name, times, err);
}

int tree_entry_link(int from_fd, const char *name, int to_fd, struct error *err)
{
	int r = path_make_link(from_fd, name, to_fd, name, err);

	/* It has as many as the file system allows, or lies in another one's account. */
	if (r == -EMLINK || r == -EXDEV)
		return tree_entry_copy(from_fd, name, to_fd, err);
	return r;
}
