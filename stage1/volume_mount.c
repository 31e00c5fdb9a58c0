/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/volume_mount.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/kernel.h"
#include "common/path.h"
#include "stage1/mount.h"

static int open_source(const struct volume_mount *mount, struct error *err)
{
	int fd;

	if (pod_volume_is_host(mount->volume))
		return path_open(AT_FDCWD, mount->source, PATH_HOST, O_PATH, err);
	fd = path_open(AT_FDCWD, mount->source, PATH_OURS, O_PATH | O_DIRECTORY, err);
	if (fd != -ENOENT)
		return fd;
	/* Another stage0 leaves it to stage1 to make them. */
	if (pod_volume_make(AT_FDCWD, mount->volume, err) < 0)
		return err->code;
	return path_open(AT_FDCWD, mount->source, PATH_OURS, O_PATH | O_DIRECTORY, err);
}

static int open_volume(const struct volume_mount *mount, bool recursive,
                       struct error *err)
{
	autoclose int source_fd = open_source(mount, err);
	struct mount_attr set = {.attr_set = mount->attr};
	struct stat st;
	int fd;

	if (source_fd < 0)
		return source_fd;
	if (fstat(source_fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", mount->source);
	if (mount->volume->recursive != CHOICE_UNSET)
		recursive = mount->volume->recursive == CHOICE_YES;
	fd = kernel_clone_tree(source_fd, recursive ? AT_RECURSIVE : 0);
	if (fd < 0)
		return error_errno(err, "cannot clone '%s'", mount->source);
	/* A device that was named is wanted; nothing else is on this mount. */
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		set.attr_set &= ~(uint64_t)MOUNT_ATTR_NODEV;
	if (mount->read_only)
		set.attr_set |= MOUNT_ATTR_RDONLY;
	if (!mount->shared)
		set.propagation = MS_PRIVATE;
	if (kernel_mount_setattr(fd, AT_RECURSIVE, &set) == 0)
		return fd;
	(void)!error_errno(err, "cannot change the mount of '%s'", mount->source);
	close(fd);
	return err->code;
}

int volume_mounts_open(struct volume_mounts *mounts, const struct volume_plan *plan,
                       bool recursive, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		int fd = open_volume(&plan->mounts.items[i], recursive, err);

		if (fd < 0)
			return error_wrap(err, "volume '%s'",
			                  plan->mounts.items[i].volume->name);
		*list_add(&mounts->fds) = fd;
	}
	return 0;
}

int volume_mounts_attach(const struct volume_mounts *mounts,
                         const struct volume_plan *plan, size_t at,
                         const struct mount_target *target, struct grounds *grounds,
                         struct error *err)
{
	const struct volume_mount *mount = &plan->mounts.items[at];
	enum ground ground = mount->shared                       ? GROUND_SHARED
	                     : pod_volume_is_host(mount->volume) ? GROUND_HOST
	                                                         : GROUND_OURS;
	struct mount_target place = *target;
	autoclose int target_fd = -1;
	struct stat st;

	if (fstat(mounts->fds.items[at], &st) < 0)
		return error_errno(err, "cannot look at '%s'", mount->source);
	place.directory = S_ISDIR(st.st_mode);
	target_fd = mount_target_open(&place, grounds, err);
	if (target_fd < 0 || mount_attach(mounts->fds.items[at], target_fd, err) < 0 ||
	    grounds_add(grounds, mounts->fds.items[at], ground, err) < 0)
		return error_wrap(err, "volume '%s': target '/%s'", mount->volume->name,
		                  mount->target);
	return 0;
}

void volume_mounts_clear(struct volume_mounts *mounts)
{
	for (size_t i = 0; i < mounts->fds.count; i++)
		close(mounts->fds.items[i]);
	free(mounts->fds.items);
	*mounts = (struct volume_mounts){0};
}
