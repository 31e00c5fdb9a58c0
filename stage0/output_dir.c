/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/output_dir.h"

#include <fcntl.h>
#include <string.h>

#include "common/lock.h"
#include "common/memory.h"
#include "common/path.h"

struct output_dir {
	char *path; /* without slashes at its end */
	const char *name;
	char *draft_name;
	bool overwrite;
	bool made;
	int parent_fd;
	int draft_fd;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int look(int fd, struct stat *st, struct error *err)
{
	return fstat(fd, st) < 0 ? error_errno(err, "cannot look at a directory") : 0;
}

/* Whether the directory DIR_FD is OUTER or lies below it. */
static int is_within(int dir_fd, const struct stat *outer, struct error *err)
{
	autoclose int fd = path_open(dir_fd, ".", PATH_HOST, O_PATH | O_DIRECTORY, err);
	struct stat here, above = {0};
	int r = fd < 0 ? fd : look(fd, &here, err);

	while (r >= 0 && !is_same(&here, outer) && !is_same(&here, &above)) {
		int up = path_open(fd, "..", PATH_HOST, O_PATH | O_DIRECTORY, err);

		if (up < 0)
			return up;
		close(fd);
		fd = up;
		above = here;
		r = look(fd, &here, err);
	}
	return r < 0 ? r : is_same(&here, outer);
}

static int split_path(struct output_dir *output, const char *path, struct error *err)
{
	size_t len = strlen(path);
	const char *slash;
	autofree char *parent = NULL;

	while (len && path[len - 1] == '/')
		len--;
	if (*path && !len)
		return error_set(err, -EPERM,
		                 "this would delete your root filesystem: refused");
	output->path = memory_bytes(path, len);
	slash = strrchr(output->path, '/');
	output->name = slash ? slash + 1 : output->path;
	if (!*output->name || strcmp(output->name, ".") == 0 ||
	    strcmp(output->name, "..") == 0)
		return error_set(err, -EINVAL, "does not end in a name");
	parent = slash ? memory_bytes(path, (size_t)(slash - output->path) + 1)
	               : memory_text(".");
	output->draft_name = memory_format(".%s.gantry", output->name);
	output->parent_fd = path_open(AT_FDCWD, parent, PATH_HOST, O_RDONLY | O_DIRECTORY,
	                              err);
	return output->parent_fd < 0 ? output->parent_fd : 0;
}

/* What replacing or making it would do to the data directory. */
static int check_data(const struct output_dir *output, struct host *host,
                      const struct stat *there, struct error *err)
{
	autoclose int data_fd = path_open(AT_FDCWD, host_data_path(host), PATH_HOST,
	                                  O_PATH | O_DIRECTORY, err);
	struct stat data;
	int r = data_fd < 0 ? data_fd : look(data_fd, &data, err);

	if (r >= 0)
		r = is_within(output->parent_fd, &data, err);
	if (r == 0 && there)
		r = is_within(data_fd, there, err);
	if (r > 0)
		return error_set(err, -EPERM,
		                 "is in the data directory '%s', or the other way "
		                 "round: refused",
		                 host_data_path(host));
	return r;
}

static int check_place(const struct output_dir *output, struct host *host,
                       struct error *err)
{
	struct stat there;
	int r = path_stat(output->parent_fd, output->name, &there, err);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT)
		return check_data(output, host, NULL, err);
	if (!output->overwrite)
		return error_set(err, -EEXIST,
		                 "output directory exists (try --overwrite)");
	if (!S_ISDIR(there.st_mode))
		return error_set(err, -ENOTDIR, "is not a directory");
	return check_data(output, host, &there, err);
}

/* Nobody holds the lock of what a killed command left. */
static int remove_dead(const struct output_dir *output, struct error *err)
{
	autoclose int fd = path_open_dir(output->parent_fd, output->draft_name, err);
	int r = fd < 0 ? fd : lock_try(fd, LOCK_EXCLUSIVE, err);

	if (r == LOCK_BUSY)
		return error_set(err, -EBUSY, "another command is writing it");
	return r < 0 ? r : path_remove_tree(output->parent_fd, output->draft_name, err);
}

/* Under the parent's lock, so that no draft is taken for dead before its own lock is there. */
static int make_draft(struct output_dir *output, struct error *err)
{
	int parent = output->parent_fd;
	int r = path_make_dir(parent, output->draft_name, 0700, err);

	if (r == -EEXIST) {
		r = remove_dead(output, err);
		if (r >= 0)
			r = path_make_dir(parent, output->draft_name, 0700, err);
	}
	if (r < 0)
		return r;
	output->made = true;
	output->draft_fd = path_open_dir(parent, output->draft_name, err);
	return output->draft_fd < 0 ? output->draft_fd
	                            : lock_wait(output->draft_fd, LOCK_EXCLUSIVE, err);
}

static int begin(struct output_dir *output, struct host *host, const char *path,
                 struct error *err)
{
	int r = split_path(output, path, err);

	if (r >= 0)
		r = check_place(output, host, err);
	if (r >= 0)
		r = lock_wait(output->parent_fd, LOCK_EXCLUSIVE, err);
	if (r < 0)
		return r;
	r = make_draft(output, err);
	lock_drop(output->parent_fd);
	return r;
}

int output_dir_begin(struct host *host, const char *path, bool overwrite,
                     struct output_dir **output, struct error *err)
{
	autoptr(output_dir) new = memory_zeroed(1, sizeof(*new));

	new->parent_fd = new->draft_fd = -1;
	new->overwrite = overwrite;
	if (begin(new, host, path, err) < 0)
		return error_wrap(err, "cannot write '%s'", path);
	*output = take(new);
	return 0;
}

int output_dir_fd(const struct output_dir *output)
{
	return output->draft_fd;
}

static int publish(struct output_dir *output, const char *what, struct error *err)
{
	int draft = output->draft_fd, parent = output->parent_fd;
	int r = -ENOENT;

	if (syncfs(draft) < 0)
		return error_errno(err, "cannot write to the disk");
	if (output->overwrite)
		r = path_exchange(draft, what, parent, output->name, err);
	if (r == -ENOENT)
		r = path_rename_new(draft, what, parent, output->name, err);
	if (r < 0)
		return r;
	output->made = false;
	r = path_remove_tree(parent, output->draft_name, err);
	if (r < 0)
		return error_wrap(err, "it is written, but '%s' beside it is left",
		                  output->draft_name);
	return 0;
}

int output_dir_publish(struct output_dir *output, const char *what, struct error *err)
{
	int r = publish(output, what, err);

	return r < 0 ? error_wrap(err, "cannot write '%s'", output->path) : r;
}

void output_dir_free(struct output_dir *output)
{
	struct error ignored;

	if (!output)
		return;
	if (output->made)
		(void)!path_remove_tree(output->parent_fd, output->draft_name, &ignored);
	if (output->draft_fd >= 0)
		close(output->draft_fd);
	if (output->parent_fd >= 0)
		close(output->parent_fd);
	free(output->draft_name);
	free(output->path);
	free(output);
}
