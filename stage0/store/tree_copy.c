/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/tree_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "common/memory.h"
#include "common/path.h"

enum { PART = 1 << 30, XATTR_MAX = 64 << 10 }; /* the kernel's limit too */

/* The first name, in the copy, of a file that has several. */
struct first_name {
	ino_t inode; /* 0: free; no file has that number */
	char *path;
};

struct copy {
	int from_fd, to_fd; /* the tops */
	dev_t device;
	struct strv dirs; /* below the tops, each before what is in it */
	struct first_name *links;
	size_t room, used; /* room is a power of two */
};

static void copy_clear(struct copy *copy)
{
	if (copy->from_fd >= 0)
		close(copy->from_fd);
	if (copy->to_fd >= 0)
		close(copy->to_fd);
	strv_clear(&copy->dirs);
	for (size_t i = 0; i < copy->room; i++)
		free(copy->links[i].path);
	free(copy->links);
}

/* The slot of INODE, or the free one where it would be. */
static struct first_name *find_link(const struct copy *copy, ino_t inode)
{
	size_t at = (size_t)(inode * UINT64_C(0x9E3779B97F4A7C15) >> 20);

	do {
		at = (at + 1) & (copy->room - 1);
	} while (copy->links[at].inode && copy->links[at].inode != inode);
	return &copy->links[at];
}

static void grow_links(struct copy *copy)
{
	struct copy old = *copy;

	copy->room = old.room ? old.room * 2 : 1024;
	copy->links = memory_zeroed(copy->room, sizeof(*copy->links));
	for (size_t i = 0; i < old.room; i++)
		if (old.links[i].inode)
			*find_link(copy, old.links[i].inode) = old.links[i];
	free(old.links);
}

/* Whether the file has been copied under another name: then the copy gets its name too. */
static int link_copied(struct copy *copy, ino_t inode, const char *path,
                       struct error *err)
{
	struct first_name *first;

	if (copy->used * 2 >= copy->room)
		grow_links(copy);
	first = find_link(copy, inode);
	if (!first->inode) {
		*first = (struct first_name){inode, memory_text(path)};
		copy->used++;
		return false;
	}
	return path_make_link(copy->to_fd, first->path, copy->to_fd, path, err) < 0
	               ? err->code
	               : true;
}

static bool is_copied_xattr(const char *name)
{
	return strcmp(name, "security.capability") == 0 || strncmp(name, "user.", 5) == 0;
}

static int copy_xattrs(int from, int to, struct error *err)
{
	autofree char *names = NULL, *value = NULL;
	ssize_t len = flistxattr(from, NULL, 0), size;

	if (len == 0 || (len < 0 && errno == ENOTSUP))
		return 0;
	names = memory_zeroed(1, XATTR_MAX);
	value = memory_zeroed(1, XATTR_MAX);
	len = flistxattr(from, names, XATTR_MAX);
	if (len < 0)
		return error_errno(err, "cannot list its attributes");
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		if (!is_copied_xattr(name))
			continue;
		size = fgetxattr(from, name, value, XATTR_MAX);
		if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
			return error_errno(err, "cannot copy its attribute '%.100s'",
			                   name);
	}
	return 0;
}

/* Owner before mode and capabilities, which a change of owner takes away. */
static int copy_attributes(int from, const struct stat *st, int to, struct error *err)
{
	if (fchown(to, st->st_uid, st->st_gid) < 0)
		return error_errno(err, "cannot set its owner");
	if (fchmod(to, st->st_mode & 07777) < 0)
		return error_errno(err, "cannot set its mode");
	return copy_xattrs(from, to, err);
}

static int copy_part(int from, int to, off_t offset, off_t end, struct error *err)
{
	if (lseek(to, offset, SEEK_SET) < 0)
		return error_errno(err, "cannot write");
	while (offset < end) {
		off_t left = end - offset;
		ssize_t n = sendfile(to, from, &offset,
		                     (size_t)(left < PART ? left : PART));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? error_errno(err, "cannot copy")
			         : error_set(err, -EIO, "cannot copy: it became shorter");
	}
	return 0;
}

/* Where the file system can share blocks it does; else parts, and holes between them. */
static int copy_content(int from, off_t size, int to, struct error *err)
{
	off_t start = 0, end;
	int r = 0;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while (r >= 0 && start < size && (start = lseek(from, start, SEEK_DATA)) >= 0) {
		end = lseek(from, start, SEEK_HOLE);
		if (end < 0)
			return error_errno(err, "cannot read");
		r = copy_part(from, to, start, end, err);
		start = end;
	}
	if (r < 0)
		return r;
	if (start < 0 && errno != ENXIO)
		return error_errno(err, "cannot read");
	if (ftruncate(to, size) < 0)
		return error_errno(err, "cannot set its size");
	return 0;
}

static int copy_file(int from_dir, const char *name, int to_dir, struct error *err)
{
	autoclose int from = -1, to = -1;
	struct stat st;

	from = path_open(from_dir, name, PATH_OURS, O_RDONLY | O_NONBLOCK, err);
	if (from < 0)
		return from;
	if (fstat(from, &st) < 0)
		return error_errno(err, "cannot look at it");
	to = path_create(to_dir, name, 0600, err);
	if (to < 0)
		return to;
	if (copy_content(from, st.st_size, to, err) < 0 ||
	    copy_attributes(from, &st, to, err) < 0)
		return err->code;
	if (futimens(to, (struct timespec[]){st.st_atim, st.st_mtim}) < 0)
		return error_errno(err, "cannot set its times");
	return 0;
}

static int copy_symlink(int from_dir, const char *name, int to_dir, struct error *err)
{
	autofree char *target = NULL;
	int r = path_read_link(from_dir, name, &target, err);

	return r < 0 ? r : path_make_symlink(target, to_dir, name, err);
}

/* Links, devices and FIFOs, of which nothing is open that could be set by descriptor. */
static int copy_special(int from_dir, const struct stat *st, const char *name, int to_dir,
                        struct error *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	bool is_link = S_ISLNK(st->st_mode);
	int r;

	if (S_ISSOCK(st->st_mode))
		return error_set(err, -EINVAL, "no image has sockets");
	r = is_link ? copy_symlink(from_dir, name, to_dir, err)
	            : path_make_node(to_dir, name, st->st_mode & (S_IFMT | 0600),
	                             st->st_rdev, err);
	if (r >= 0)
		r = path_set_owner(to_dir, name, st->st_uid, st->st_gid, err);
	if (r >= 0 && !is_link)
		r = path_set_mode(to_dir, name, st->st_mode & 07777, err);
	return r < 0 ? r : path_set_times(to_dir, name, times, err);
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
	r = S_ISREG(st.st_mode) ? copy_file(from_dir, name, to_dir, err)
	                        : copy_special(from_dir, &st, name, to_dir, err);
	return r < 0 ? error_wrap(err, "'%s'", path) : r;
}

static int copy_dir(struct copy *copy, size_t at, struct error *err)
{
	autoclear(strv) names = {0};
	autofree char *dir = memory_text(copy->dirs.items[at]);
	autoclose int from = path_open_dir(copy->from_fd, dir, err), to = -1;
	struct stat st;
	int r;

	if (from < 0)
		return from;
	to = path_open_dir(copy->to_fd, dir, err);
	if (to < 0)
		return to;
	r = path_list(from, ".", &names, err);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		r = copy_entry(copy, from, to, dir, names.items[i], err);
	if (r < 0)
		return r;
	if (fstat(from, &st) < 0)
		return error_errno(err, "cannot look at '%s'", dir);
	r = copy_attributes(from, &st, to, err);
	return r < 0 ? error_wrap(err, "'%s'", dir) : r;
}

/* Once nothing is made in any of them. */
static int copy_dir_times(const struct copy *copy, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < copy->dirs.count; i++) {
		autoclose int from = path_open_dir(copy->from_fd, copy->dirs.items[i],
		                                   err);
		autoclose int to = -1;
		struct stat st;

		if (from < 0)
			return from;
		to = path_open_dir(copy->to_fd, copy->dirs.items[i], err);
		if (to < 0)
			return to;
		if (fstat(from, &st) < 0 ||
		    futimens(to, (struct timespec[]){st.st_atim, st.st_mtim}) < 0)
			r = error_errno(err, "'%s': cannot set its times",
			                copy->dirs.items[i]);
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
		r = copy_dir_times(&copy, err);
	return r < 0 ? error_wrap(err, "cannot copy '%s'", from) : 0;
}
