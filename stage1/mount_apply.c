/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/mount_apply.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/kernel.h"
#include "common/memory.h"
#include "common/path.h"

enum top { TOP_PROC, TOP_SYS, TOP_DEV, TOP_COUNT };

static const char *const top_names[TOP_COUNT] = {"proc", "sys", "dev"};

/* The state of one application: the file systems we have made, and what hides a path. */
struct apply {
	int root_fd;
	int top_fds[TOP_COUNT]; /* each a mount of ours, -1 until it is there */
	int empty_dir_fd;       /* an empty directory that nobody can reach */
	int empty_file_fd;      /* the null device */
	const char *shared;     /* where the shared instances are */
	const struct mount_plan *plan;
	const struct volume_mounts *volumes;
	struct grounds grounds; /* known once there is a volume */
};

/* Splits TARGET into the file system of ours it lies in, and the rest; "" is itself. */
static enum top split(const char *target, const char **rest)
{
	for (enum top top = 0; top < TOP_COUNT; top++) {
		size_t len = strlen(top_names[top]);

		if (strncmp(target, top_names[top], len) == 0 &&
		    (target[len] == '/' || !target[len])) {
			*rest = target[len] ? target + len + 1 : "";
			return top;
		}
	}
	return TOP_COUNT;
}

static int apply_filesystem(struct apply *a, const struct mount_step *step,
                            struct error *err)
{
	const char *rest;
	enum top top = split(step->target, &rest);
	autoclose int target_fd = -1;
	autoclose int fd = mount_make(step->source, step->options, step->attr, err);

	if (fd < 0)
		return err->code;
	target_fd = *rest ? path_open(a->top_fds[top], rest, PATH_OURS,
	                              O_PATH | O_DIRECTORY, err)
	                  : mount_open_top(a->root_fd, top_names[top], err);
	if (target_fd < 0 || mount_attach(fd, target_fd, err) < 0)
		return err->code;
	if (!*rest) {
		a->top_fds[top] = fd;
		fd = -1;
	}
	return 0;
}

/* A mount of another namespace cannot be cloned, its copy in ours can: by its path. */
static int open_shared(const char *shared, const char *name, int flags, struct error *err)
{
	autofree char *path = memory_format("%s/%s", shared, name);

	return path_open(AT_FDCWD, path, PATH_OURS, flags, err);
}

static int apply_shared(struct apply *a, const struct mount_step *step, struct error *err)
{
	const char *rest;
	enum top top = split(step->target, &rest);
	autoclose int target_fd = path_open(a->top_fds[top], rest, PATH_OURS,
	                                    O_PATH | O_DIRECTORY, err);
	autoclose int source_fd = target_fd < 0 ? -1
	                                        : open_shared(a->shared, step->source,
	                                                      O_PATH, err);
	autoclose int fd = source_fd < 0 ? -1 : mount_clone(source_fd, err);

	return fd < 0 ? err->code : mount_attach(fd, target_fd, err);
}

static int apply_entry(struct apply *a, const struct mount_step *step, struct error *err)
{
	const char *rest;
	int dir_fd = a->top_fds[split(step->target, &rest)];

	if (step->kind == MOUNT_LINK)
		return path_make_symlink(step->source, dir_fd, rest, err);
	if (step->kind == MOUNT_DIRECTORY)
		return path_make_dir(dir_fd, rest, 0755, err);
	return path_make_node(dir_fd, rest, S_IFCHR | 0666,
	                      makedev(step->number >> 8, step->number & 0xff), err);
}

/* A path of the kernel's that this kernel does not have needs no protection. */
static int open_if_there(struct apply *a, const struct mount_step *step,
                         struct error *err)
{
	const char *rest;
	enum top top = split(step->target, &rest);
	int fd = path_open(a->top_fds[top], rest, PATH_OURS, O_PATH, err);

	return fd == -ENOENT ? -ENOENT : fd;
}

static int apply_read_only(struct apply *a, const struct mount_step *step,
                           struct error *err)
{
	autoclose int target_fd = open_if_there(a, step, err);
	autoclose int fd = -1;

	if (target_fd < 0)
		return target_fd == -ENOENT ? 0 : target_fd;
	fd = mount_clone(target_fd, err);
	if (fd < 0 || mount_set(fd, MOUNT_ATTR_RDONLY, AT_RECURSIVE, err) < 0)
		return err->code;
	return mount_attach(fd, target_fd, err);
}

/* The empty directory is one that is no longer in the file system it was made in: nobody
 * finds it there, and nothing can be made in it. */
static int make_empty(struct apply *a, struct error *err)
{
	static const char name[] = ".empty";
	int dev_fd = a->top_fds[TOP_DEV];

	if (path_make_dir(dev_fd, name, 0555, err) < 0)
		return err->code;
	a->empty_dir_fd = path_open(dev_fd, name, PATH_OURS, O_PATH | O_DIRECTORY, err);
	if (a->empty_dir_fd < 0)
		return err->code;
	a->empty_file_fd = path_open(dev_fd, "null", PATH_OURS, O_PATH, err);
	return a->empty_file_fd < 0 ? err->code : 0;
}

static int apply_mask(struct apply *a, const struct mount_step *step, struct error *err)
{
	autoclose int target_fd = open_if_there(a, step, err);
	autoclose int fd = -1;
	struct stat st;

	if (target_fd < 0)
		return target_fd == -ENOENT ? 0 : target_fd;
	if (a->empty_dir_fd < 0 && make_empty(a, err) < 0)
		return err->code;
	if (fstat(target_fd, &st) < 0)
		return error_errno(err, "cannot look at it");
	fd = mount_clone(S_ISDIR(st.st_mode) ? a->empty_dir_fd : a->empty_file_fd, err);
	if (fd < 0 || mount_set(fd, MOUNT_ATTR_RDONLY, 0, err) < 0)
		return err->code;
	return mount_attach(fd, target_fd, err);
}

static int apply_volume(struct apply *a, size_t at, struct error *err)
{
	struct mount_target target = {
		.root_fd = a->root_fd,
		.path = a->plan->volumes.mounts.items[at].target,
		.image = !a->plan->volumes.mounts.items[at].late,
	};
	const char *rest;
	enum top top = split(target.path, &rest);

	/* On one of our own it lies as a whole, or in it. */
	if (top != TOP_COUNT && *rest) {
		target.root_fd = a->top_fds[top];
		target.path = rest;
	}
	return volume_mounts_attach(a->volumes, &a->plan->volumes, at, &target,
	                            &a->grounds, err);
}

static int apply_volumes(struct apply *a, const struct mount_step *step,
                         struct error *err)
{
	bool late = *step->target;

	if (grounds_add(&a->grounds, late ? a->top_fds[TOP_DEV] : a->root_fd, GROUND_OURS,
	                err) < 0)
		return err->code;
	for (size_t i = 0; i < a->plan->volumes.mounts.count; i++)
		if (a->plan->volumes.mounts.items[i].late == late &&
		    apply_volume(a, i, err) < 0)
			return err->code;
	return 0;
}

/* Nothing of ours is left in /dev that the app would not understand. */
static int apply_seal(struct apply *a, const struct mount_step *step, struct error *err)
{
	int dev_fd = a->top_fds[TOP_DEV];

	if (a->empty_dir_fd >= 0 && path_remove_dir(dev_fd, ".empty", err) < 0)
		return err->code;
	return mount_set(dev_fd, step->attr, 0, err);
}

static int apply_step(struct apply *a, const struct mount_step *step, struct error *err)
{
	switch (step->kind) {
	case MOUNT_FILESYSTEM:
		return apply_filesystem(a, step, err);
	case MOUNT_SHARED:
		return apply_shared(a, step, err);
	case MOUNT_NODE:
	case MOUNT_LINK:
	case MOUNT_DIRECTORY:
		return apply_entry(a, step, err);
	case MOUNT_READ_ONLY:
		return apply_read_only(a, step, err);
	case MOUNT_MASK:
		return apply_mask(a, step, err);
	case MOUNT_VOLUMES:
		return apply_volumes(a, step, err);
	case MOUNT_SEAL:
		return apply_seal(a, step, err);
	case MOUNT_ROOT:
		return mount_set(a->root_fd, step->attr, 0, err);
	}
	return error_set(err, -EINVAL, "no such step");
}

static int apply_all(struct apply *a, const struct mount_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (apply_step(a, &plan->steps[i], err) == 0)
			continue;
		return plan->steps[i].kind == MOUNT_VOLUMES
		               ? err->code
		               : error_wrap(err, "'/%s'", plan->steps[i].target);
	}
	return mount_pivot(a->root_fd, err);
}

int mount_plan_apply(const struct mount_plan *plan, const char *root, const char *shared,
                     const struct volume_mounts *volumes, int *dev_fd, struct error *err)
{
	struct apply a = {
		.top_fds = {-1, -1, -1},
		.empty_dir_fd = -1,
		.empty_file_fd = -1,
		.shared = shared,
		.plan = plan,
		.volumes = volumes,
	};
	int r;

	a.root_fd = path_open(AT_FDCWD, root, PATH_OURS, O_PATH | O_DIRECTORY, err);
	if (a.root_fd < 0)
		return err->code;
	r = apply_all(&a, plan, err);
	grounds_clear(&a.grounds);
	*dev_fd = a.top_fds[TOP_DEV];
	a.top_fds[TOP_DEV] = -1;
	for (enum top top = 0; top < TOP_COUNT; top++)
		if (a.top_fds[top] >= 0)
			close(a.top_fds[top]);
	if (a.empty_dir_fd >= 0)
		close(a.empty_dir_fd);
	if (a.empty_file_fd >= 0)
		close(a.empty_file_fd);
	close(a.root_fd);
	return r;
}

/* The instances the table gives to an app that is alone. */
static int make_instance(const char *shared, const char *name, struct error *err)
{
	struct mount_plan plan;
	struct mount_request alone = {0};

	mount_plan_make(&plan, &alone);
	for (size_t i = 0; i < plan.count; i++) {
		const struct mount_step *step = &plan.steps[i];
		const char *rest;
		autoclose int target_fd = -1, fd = -1;

		if (step->kind != MOUNT_FILESYSTEM ||
		    split(step->target, &rest) != TOP_DEV || strcmp(rest, name) != 0)
			continue;
		target_fd = open_shared(shared, name, O_PATH | O_DIRECTORY, err);
		if (target_fd < 0)
			return err->code;
		fd = mount_make(step->source, step->options, step->attr, err);
		return fd < 0 ? err->code : mount_attach(fd, target_fd, err);
	}
	return error_set(err, -ENOENT, "no instance '%s'", name);
}

int mount_shared_make(const char *path, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "0555"}, {0}};
	static const char *const names[] = {"pts", "shm"};
	autoclose int target_fd = path_open(AT_FDCWD, path, PATH_OURS,
	                                    O_PATH | O_DIRECTORY, err);
	autoclose int root_fd = -1;

	if (target_fd < 0)
		return err->code;
	root_fd = mount_make("tmpfs", options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, err);
	if (root_fd < 0 || mount_attach(root_fd, target_fd, err) < 0)
		return err->code;
	for (size_t i = 0; i < 2; i++)
		if (path_make_dir(root_fd, names[i], 0755, err) < 0 ||
		    make_instance(path, names[i], err) < 0)
			return err->code;
	return mount_set(root_fd, MOUNT_ATTR_RDONLY, 0, err);
}

int mount_console(int dev_fd, int pts_fd, struct error *err)
{
	autoclose int target_fd = path_open(dev_fd, "console", PATH_OURS, O_PATH, err);
	autoclose int fd = -1;

	if (target_fd < 0)
		return err->code;
	fd = mount_clone(pts_fd, err);
	if (fd < 0)
		return err->code;
	return mount_attach(fd, target_fd, err);
}
