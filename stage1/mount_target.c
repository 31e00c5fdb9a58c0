/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/mount_target.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/path.h"

/* Of the kernel's own walk; and how deep a target may be. */
enum { LINKS_MAX = 40, DEPTH_MAX = 256 };

struct step {
	int fd;
	enum ground ground;
};

struct walk {
	const struct mount_target *target;
	const struct grounds *grounds;
	LIST_OF(struct step) steps; /* the root first */
	char *rest;                 /* what is still to be walked */
	unsigned links;
};

int grounds_add(struct grounds *grounds, int fd, enum ground ground, struct error *err)
{
	struct known_ground *known;
	uint64_t id;

	if (path_mount_id(fd, &id, err) < 0)
		return err->code;
	known = list_add(&grounds->known);
	known->mount_id = id;
	known->ground = ground;
	return 0;
}

void grounds_clear(struct grounds *grounds)
{
	free(grounds->known.items);
	*grounds = (struct grounds){0};
}

static void walk_clear(struct walk *walk)
{
	for (size_t i = 0; i < walk->steps.count; i++)
		close(walk->steps.items[i].fd);
	free(walk->steps.items);
	free(walk->rest);
}

static struct step *last_step(struct walk *walk)
{
	return &walk->steps.items[walk->steps.count - 1];
}

static void back_to(struct walk *walk, size_t count)
{
	while (walk->steps.count > count)
		close(walk->steps.items[--walk->steps.count].fd);
}

/* Takes FD as the next step. */
static int advance(struct walk *walk, int fd, struct error *err)
{
	enum ground ground = GROUND_HOST;
	struct step *step;
	uint64_t id;

	if (path_mount_id(fd, &id, err) < 0)
		return err->code;
	for (size_t i = 0; i < walk->grounds->known.count; i++)
		if (walk->grounds->known.items[i].mount_id == id)
			ground = walk->grounds->known.items[i].ground;
	if (walk->steps.count && last_step(walk)->ground == GROUND_SHARED)
		ground = GROUND_SHARED;
	step = list_add(&walk->steps);
	step->fd = fd;
	step->ground = ground;
	return 0;
}

static bool is_of_the_kernel(const struct walk *walk, const char *name)
{
	return walk->target->image && walk->steps.count == 1 &&
	       (strcmp(name, "proc") == 0 || strcmp(name, "sys") == 0 ||
	        strcmp(name, "dev") == 0);
}

static int make(struct walk *walk, const char *name, bool directory, struct error *err)
{
	int dir_fd = last_step(walk)->fd;
	autoclose int fd = -1;

	if (last_step(walk)->ground != GROUND_OURS)
		return error_set(err, -ENOENT,
		                 "'%s' is not there, and nothing is made on the host",
		                 name);
	if (directory)
		return path_make_dir(dir_fd, name, 0755, err);
	fd = path_create(dir_fd, name, 0644, err);
	return fd < 0 ? fd : 0;
}

static int open_name(struct walk *walk, const char *name, bool directory,
                     struct error *err)
{
	const int flags = O_PATH | O_NOFOLLOW;
	int fd = path_open(last_step(walk)->fd, name, PATH_OURS, flags, err);

	if (fd != -ENOENT)
		return fd;
	if (make(walk, name, directory, err) < 0)
		return err->code;
	return path_open(last_step(walk)->fd, name, PATH_OURS, flags, err);
}

/* What the link FD says comes before what is left of the path. */
static int follow(struct walk *walk, int fd, const char *rest, struct error *err)
{
	autofree char *link = NULL;
	char *next;

	if (++walk->links > LINKS_MAX)
		return error_set(err, -ELOOP, "too many symbolic links");
	if (path_read_link(fd, "", &link, err) < 0)
		return err->code;
	if (*link == '/')
		back_to(walk, 1);
	next = memory_format("%s/%s", link, rest);
	free(walk->rest);
	walk->rest = next;
	return 0;
}

/* One name of the path, in front of REST. */
static int walk_name(struct walk *walk, const char *name, const char *rest,
                     struct error *err)
{
	bool last = !rest[strspn(rest, "/")];
	bool directory = !last || walk->target->directory;
	autoclose int fd = -1;
	struct stat st;

	if (is_of_the_kernel(walk, name))
		return error_set(err, -EPERM, "leads to '/%s', which is the kernel's",
		                 name);
	if (walk->steps.count >= DEPTH_MAX)
		return error_set(err, -ENAMETOOLONG, "the path is too deep");
	fd = open_name(walk, name, directory, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", name);
	if (S_ISLNK(st.st_mode))
		return follow(walk, fd, rest, err);
	if (directory != S_ISDIR(st.st_mode))
		return error_set(err, directory ? -ENOTDIR : -EISDIR,
		                 directory ? "'%s' is no directory"
		                           : "'%s' is a directory, the volume is a file",
		                 name);
	if (advance(walk, fd, err) < 0)
		return err->code;
	fd = -1;
	return 0;
}

static int walk_path(struct walk *walk, struct error *err)
{
	const char *at = walk->rest;

	while (*(at += strspn(at, "/"))) {
		size_t len = strcspn(at, "/");
		autofree char *name = memory_bytes(at, len);
		char *before = walk->rest;

		at += len;
		if (strcmp(name, "..") == 0) {
			back_to(walk, walk->steps.count > 1 ? walk->steps.count - 1 : 1);
			continue;
		}
		if (strcmp(name, ".") == 0)
			continue;
		if (walk_name(walk, name, at, err) < 0)
			return err->code;
		if (walk->rest != before)
			at = walk->rest;
	}
	return 0;
}

int mount_target_open(const struct mount_target *target, const struct grounds *grounds,
                      struct error *err)
{
	autoclear(walk) walk = {.target = target, .grounds = grounds};
	int root_fd = fcntl(target->root_fd, F_DUPFD_CLOEXEC, 0);
	int fd;

	if (root_fd < 0)
		return error_errno(err, "cannot walk '/%s'", target->path);
	if (advance(&walk, root_fd, err) < 0) {
		close(root_fd);
		return err->code;
	}
	walk.rest = memory_text(target->path);
	if (walk_path(&walk, err) < 0)
		return err->code;
	if (walk.steps.count == 1)
		return error_set(err, -EPERM, "leads to the root: it would be hidden");
	if (last_step(&walk)->ground == GROUND_SHARED)
		return error_set(err, -EPERM,
		                 "lies on a recursive volume of the host's: what is "
		                 "mounted there is mounted on the host too");
	fd = fcntl(last_step(&walk)->fd, F_DUPFD_CLOEXEC, 0);
	return fd >= 0 ? fd : error_errno(err, "cannot walk '/%s'", target->path);
}
