/* SPDX-License-Identifier: Apache-2.0 */
#include "common/path.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "common/memory.h"

/* Deeper than this, a directory to be removed is first moved up: descriptors are few. */
enum { REMOVE_DEPTH = 32 };

static uint64_t resolve_flags(enum path_scope scope)
{
	switch (scope) {
	case PATH_OURS:
		return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
	case PATH_IMAGE:
		return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	case PATH_HOST:
		break;
	}
	return 0;
}

static int open_how(int dir_fd, const char *path, enum path_scope scope, int flags,
                    mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve_flags(scope),
	};
	int fd;

	/* EAGAIN: a rename elsewhere raced with the walk; the kernel asks to try again. */
	do {
		fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	} while (fd < 0 && (errno == EINTR || errno == EAGAIN) && !(flags & O_NONBLOCK));
	return fd;
}

int path_open(int dir_fd, const char *path, enum path_scope scope, int flags,
              struct error *err)
{
	int fd = open_how(dir_fd, path, scope, flags, 0);

	assert(!(flags & O_CREAT));
	return fd >= 0 ? fd : error_errno(err, "cannot open '%s'", path);
}

int path_open_dir(int dir_fd, const char *path, struct error *err)
{
	return path_open(dir_fd, path, PATH_OURS, O_RDONLY | O_DIRECTORY, err);
}

int path_create(int dir_fd, const char *path, mode_t mode, struct error *err)
{
	int fd = open_how(dir_fd, path, PATH_OURS,
	                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);

	return fd >= 0 ? fd : error_errno(err, "cannot create '%s'", path);
}

int path_create_readable(int dir_fd, const char *path, mode_t mode, struct error *err)
{
	int fd = open_how(dir_fd, path, PATH_OURS, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
	                  mode);

	return fd >= 0 ? fd : error_errno(err, "cannot create '%s'", path);
}

int path_create_host(const char *path, mode_t mode, struct error *err)
{
	int fd = open_how(AT_FDCWD, path, PATH_HOST,
	                  O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, mode);

	return fd >= 0 ? fd : error_errno(err, "cannot create '%s'", path);
}

int path_make_dir(int dir_fd, const char *path, mode_t mode, struct error *err)
{
	if (mkdirat(dir_fd, path, mode) < 0)
		return error_errno(err, "cannot make directory '%s'", path);
	return 0;
}

int path_make_dirs(int dir_fd, const char *path, mode_t mode, struct error *err)
{
	autofree char *part = memory_text(path);

	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(dir_fd, part, mode) < 0 && errno != EEXIST)
			return error_errno(err, "cannot make directory '%s'", part);
		*slash = '/';
	}
	if (mkdirat(dir_fd, part, mode) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make directory '%s'", part);
	return 0;
}

int path_make_symlink(const char *target, int dir_fd, const char *path, struct error *err)
{
	if (symlinkat(target, dir_fd, path) < 0)
		return error_errno(err, "cannot make symbolic link '%s'", path);
	return 0;
}

int path_make_node(int dir_fd, const char *path, mode_t mode, dev_t device,
                   struct error *err)
{
	if (mknodat(dir_fd, path, mode, device) < 0)
		return error_errno(err, "cannot make '%s'", path);
	return 0;
}

int path_make_link(int old_fd, const char *old, int new_fd, const char *new,
                   struct error *err)
{
	if (linkat(old_fd, old, new_fd, new, 0) < 0)
		return error_errno(err, "cannot link '%s' to '%s'", new, old);
	return 0;
}

static int rename_with(int old_fd, const char *old, int new_fd, const char *new,
                       unsigned flags, struct error *err)
{
	if (syscall(SYS_renameat2, old_fd, old, new_fd, new, flags) < 0)
		return error_errno(err, "cannot rename '%s' to '%s'", old, new);
	return 0;
}

int path_rename(int old_fd, const char *old, int new_fd, const char *new,
                struct error *err)
{
	return rename_with(old_fd, old, new_fd, new, 0, err);
}

int path_rename_new(int old_fd, const char *old, int new_fd, const char *new,
                    struct error *err)
{
	return rename_with(old_fd, old, new_fd, new, RENAME_NOREPLACE, err);
}

int path_exchange(int a_fd, const char *a, int b_fd, const char *b, struct error *err)
{
	return rename_with(a_fd, a, b_fd, b, RENAME_EXCHANGE, err);
}

int path_remove(int dir_fd, const char *path, struct error *err)
{
	if (unlinkat(dir_fd, path, 0) < 0)
		return error_errno(err, "cannot remove '%s'", path);
	return 0;
}

int path_remove_dir(int dir_fd, const char *path, struct error *err)
{
	if (unlinkat(dir_fd, path, AT_REMOVEDIR) < 0)
		return error_errno(err, "cannot remove '%s'", path);
	return 0;
}

/* Opens a directory whose entries are to go. What is mounted there is someone else's. */
static int open_to_empty(int dir_fd, const char *path, struct error *err)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statx st;
	int r;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &st) < 0)
		r = error_errno(err, "cannot look at '%s'", path);
	else if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		r = error_set(err, -EBUSY, "cannot remove '%s': it is a mount point",
		              path);
	else
		return fd;
	close(fd);
	return r;
}

static int remove_entries(int top_fd, int dir_fd, unsigned depth, unsigned *moved,
                          struct error *err);

/* Removes the directory NAME of DIR_FD, or moves it up to TOP_FD when it lies too deep. */
static int remove_dir(int top_fd, int dir_fd, const char *name, unsigned depth,
                      unsigned *moved, struct error *err)
{
	autoclose int fd = -1;
	char up[32];
	int r;

	if (depth == REMOVE_DEPTH) {
		/* A pod may have made files of that name, to be in the way. */
		do {
			snprintf(up, sizeof(up), ".removing-%u", (*moved)++);
			r = path_rename_new(dir_fd, name, top_fd, up, err);
		} while (r == -EEXIST);
		return r;
	}
	fd = open_to_empty(dir_fd, name, err);
	if (fd < 0)
		return fd;
	r = remove_entries(top_fd, fd, depth + 1, moved, err);
	if (r < 0)
		return r;
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		return error_errno(err, "cannot remove '%s'", name);
	return 0;
}

static int remove_entries(int top_fd, int dir_fd, unsigned depth, unsigned *moved,
                          struct error *err)
{
	autoclear(strv) names = {0};
	int r = path_list(dir_fd, ".", &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		if (unlinkat(dir_fd, names.items[i], 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR)
			return error_errno(err, "cannot remove '%s'", names.items[i]);
		r = remove_dir(top_fd, dir_fd, names.items[i], depth, moved, err);
	}
	return r;
}

int path_remove_tree(int dir_fd, const char *path, struct error *err)
{
	autoclose int top_fd = -1;
	unsigned moved, counter = 0;
	int r;

	if (unlinkat(dir_fd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return error_errno(err, "cannot remove '%s'", path);
	top_fd = open_to_empty(dir_fd, path, err);
	if (top_fd < 0)
		return top_fd;
	do {
		moved = counter;
		r = remove_entries(top_fd, top_fd, 0, &counter, err);
		if (r < 0)
			return r;
	} while (counter != moved);
	if (unlinkat(dir_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, "cannot remove '%s'", path);
	return 0;
}

int path_change_root(int dir_fd, struct error *err)
{
	if (fchdir(dir_fd) < 0 || chroot(".") < 0)
		return error_errno(err, "cannot change the root");
	return 0;
}

int path_stat(int dir_fd, const char *path, struct stat *st, struct error *err)
{
	if (fstatat(dir_fd, path, st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot look at '%s'", path);
	return 0;
}

int path_mount_id(int fd, uint64_t *id, struct error *err)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return error_errno(err, "cannot look at the mount");
	*id = st.stx_mnt_id;
	return 0;
}

int path_read_link(int dir_fd, const char *path, char **target, struct error *err)
{
	char text[4096];
	ssize_t len = readlinkat(dir_fd, path, text, sizeof(text));

	if (len < 0)
		return error_errno(err, "cannot read link '%s'", path);
	if (len == (ssize_t)sizeof(text))
		return error_set(err, -ENAMETOOLONG, "cannot read link '%s': too long",
		                 path);
	*target = memory_bytes(text, (size_t)len);
	return 0;
}

int path_list(int dir_fd, const char *path, struct strv *names, struct error *err)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return error_errno(err, "cannot list '%s'", path);
	}
	while (errno = 0, (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strv_add(names, entry->d_name);
	if (errno)
		r = error_errno(err, "cannot list '%s'", path);
	closedir(dir);
	return r;
}

int path_touch(int dir_fd, const char *path, struct error *err)
{
	if (utimensat(dir_fd, path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot touch '%s'", path);
	return 0;
}

int path_set_times(int dir_fd, const char *path, const struct timespec times[2],
                   struct error *err)
{
	if (utimensat(dir_fd, path, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot set the times of '%s'", path);
	return 0;
}

int path_set_owner(int dir_fd, const char *path, uid_t uid, gid_t gid, struct error *err)
{
	if (fchownat(dir_fd, path, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot set the owner of '%s'", path);
	return 0;
}

int path_set_mode(int dir_fd, const char *path, mode_t mode, struct error *err)
{
	if (fchmodat(dir_fd, path, mode, 0) < 0)
		return error_errno(err, "cannot set the mode of '%s'", path);
	return 0;
}

int path_watch(int watch_fd, int fd, uint32_t events, struct error *err)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (inotify_add_watch(watch_fd, path, events) < 0)
		return error_errno(err, "cannot watch for changes");
	return 0;
}
