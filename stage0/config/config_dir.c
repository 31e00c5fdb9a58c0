/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/config_dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"

const char *const config_layer_names[CONFIG_LAYERS] = {
	[CONFIG_SYSTEM] = "system",
	[CONFIG_LOCAL] = "local",
	[CONFIG_USER] = "user",
};

/* Who may write one of the three directories, and so what lies in it. */
struct writers {
	uid_t uid;
	gid_t gid;
	bool group; /* all of the group may */
};

struct config_dir {
	int fd;
	char *path;
	struct writers writers;
};

static bool may_own(const struct writers *writers, const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == writers->uid ||
	       (writers->group && st->st_gid == writers->gid);
}

static bool may_group_write(const struct writers *writers, const struct stat *st)
{
	return st->st_gid == 0 || (geteuid() != 0 && st->st_gid == getegid()) ||
	       (writers->group && st->st_gid == writers->gid);
}

static int check_writers(const struct writers *writers, const char *path,
                         const struct stat *st, struct error *err)
{
	if (!may_own(writers, st))
		return error_set(err, -EPERM,
		                 "'%s' belongs to user %u, who may change it: run "
		                 "\"chown root '%s'\" if it is as it should be",
		                 path, st->st_uid, path);
	if (st->st_mode & S_IWOTH ||
	    (st->st_mode & S_IWGRP && !may_group_write(writers, st)))
		return error_set(err, -EPERM,
		                 "'%s' can be changed by others: run \"chmod go-w '%s'\" "
		                 "if it is as it should be",
		                 path, path);
	return 0;
}

static int look_at(int fd, const char *path, struct stat *st, struct error *err)
{
	if (fstat(fd, st) < 0)
		return error_errno(err, "cannot look at '%s'", path);
	return 0;
}

static struct config_dir *new_dir(int fd, const char *path)
{
	struct config_dir *dir = memory_zeroed(1, sizeof(*dir));

	dir->fd = fd;
	dir->path = memory_text(path);
	return dir;
}

int config_dir_open(const char *path, struct config_dir **dir, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_DIRECTORY,
	                             err);
	struct stat st;

	if (fd == -ENOENT)
		return CONFIG_MISSING;
	if (fd < 0 || look_at(fd, path, &st, err) < 0)
		return err->code;
	*dir = new_dir(take_fd(fd), path);
	(*dir)->writers.uid = st.st_uid;
	(*dir)->writers.gid = st.st_gid;
	(*dir)->writers.group = st.st_mode & S_IWGRP;
	return 0;
}

/* Everybody may make what is missing in such a directory, so nothing in it counts. */
static int check_parent(const struct config_dir *parent, struct error *err)
{
	struct stat st;

	if (look_at(parent->fd, parent->path, &st, err) < 0)
		return err->code;
	return check_writers(&parent->writers, parent->path, &st, err);
}

int config_dir_open_below(const struct config_dir *parent, const char *name,
                          enum config_links links, struct config_dir **dir,
                          struct error *err)
{
	autofree char *path = memory_format("%s/%s", parent->path, name);
	enum path_scope scope = links == CONFIG_LINKS ? PATH_HOST : PATH_OURS;
	autoclose int fd = path_open(parent->fd, name, scope, O_RDONLY | O_DIRECTORY,
	                             err);
	struct stat st;

	if (fd == -ENOENT)
		return CONFIG_MISSING;
	if (fd < 0)
		return error_set(err, fd, "cannot open '%s': %s", path, strerror(-fd));
	if (check_parent(parent, err) < 0 || look_at(fd, path, &st, err) < 0 ||
	    check_writers(&parent->writers, path, &st, err) < 0)
		return err->code;
	*dir = new_dir(take_fd(fd), path);
	(*dir)->writers = parent->writers;
	return 0;
}

void config_dir_free(struct config_dir *dir)
{
	if (!dir)
		return;
	close(dir->fd);
	free(dir->path);
	free(dir);
}

const char *config_dir_path(const struct config_dir *dir)
{
	return dir->path;
}

int config_dir_fd(const struct config_dir *dir)
{
	return dir->fd;
}

int config_dir_list(const struct config_dir *dir, struct strv *names, struct error *err)
{
	size_t before = names->count;

	if (path_list(dir->fd, ".", names, err) < 0)
		return error_wrap(err, "'%s'", dir->path);
	if (names->count - before > CONFIG_FILES_MAX)
		return error_set(err, -EFBIG, "'%s' has more than %d files", dir->path,
		                 CONFIG_FILES_MAX);
	strv_sort(names);
	return 0;
}

int config_dir_read(const struct config_dir *dir, const char *name,
                    enum config_links links, struct config_file *file, struct error *err)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	autofree char *path = memory_format("%s/%s", dir->path, name);
	autoclose int fd = path_open(dir->fd, name, PATH_HOST,
	                             flags | (links == CONFIG_LINKS ? 0 : O_NOFOLLOW),
	                             err);
	struct stat st;

	if (fd == -ENOENT)
		return CONFIG_MISSING;
	/* ENXIO: a socket. */
	if (fd == -ENXIO || (fd == -ELOOP && links == CONFIG_NO_LINKS))
		return CONFIG_SKIPPED;
	if (fd < 0)
		return error_set(err, fd, "cannot open '%s': %s", path, strerror(-fd));
	if (look_at(fd, path, &st, err) < 0)
		return err->code;
	if (!S_ISREG(st.st_mode))
		return CONFIG_SKIPPED;
	if (check_writers(&dir->writers, path, &st, err) < 0)
		return err->code;
	file->is_public = st.st_mode & S_IROTH;
	if (file_read(fd, CONFIG_FILE_MAX, &file->text, err) < 0)
		return error_wrap(err, "'%s'", path);
	return 0;
}

void config_file_clear(struct config_file *file)
{
	buf_clear(&file->text);
	file->is_public = false;
}
