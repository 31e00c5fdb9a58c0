/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/mount.h"

#include <fcntl.h>

#include "common/kernel.h"
#include "common/path.h"

int mount_make(const char *type, const struct mount_option *options, uint64_t attr,
               struct error *err)
{
	autoclose int fs_fd = kernel_fsopen(type);
	int fd;

	if (fs_fd < 0)
		return error_errno(err, "cannot open file system '%s'", type);
	for (const struct mount_option *o = options; o && o->key; o++)
		if (kernel_fsconfig(fs_fd,
		                    o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
		                    o->key, o->value) < 0)
			return error_errno(err, "file system '%s': option '%s'", type,
			                   o->key);
	if (kernel_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return error_errno(err, "cannot create file system '%s'", type);
	fd = kernel_fsmount(fs_fd, (unsigned)attr);
	return fd >= 0 ? fd : error_errno(err, "cannot mount file system '%s'", type);
}

int mount_attach(int mount_fd, int target_fd, struct error *err)
{
	if (kernel_move_mount(mount_fd, target_fd) < 0)
		return error_errno(err, "cannot attach the mount");
	return 0;
}

int mount_clone(int fd, struct error *err)
{
	int clone = kernel_clone_tree(fd, AT_RECURSIVE);

	return clone >= 0 ? clone : error_errno(err, "cannot clone the mount");
}

int mount_keep_from_host(struct error *err)
{
	autoclose int root_fd = path_open(AT_FDCWD, "/", PATH_HOST, O_PATH, err);
	struct mount_attr set = {.propagation = MS_SLAVE};

	if (root_fd < 0)
		return err->code;
	if (kernel_mount_setattr(root_fd, AT_RECURSIVE, &set) < 0)
		return error_errno(err, "cannot keep mounts from the host");
	return 0;
}

int mount_open_top(int root_fd, const char *name, struct error *err)
{
	int fd = path_open(root_fd, name, PATH_OURS, O_PATH | O_DIRECTORY, err);

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT && path_remove(root_fd, name, err) < 0)
		return err->code;
	if (path_make_dir(root_fd, name, 0755, err) < 0)
		return err->code;
	return path_open(root_fd, name, PATH_OURS, O_PATH | O_DIRECTORY, err);
}

int mount_set(int fd, uint64_t attr, unsigned flags, struct error *err)
{
	struct mount_attr set = {.attr_set = attr};

	if (kernel_mount_setattr(fd, flags, &set) < 0)
		return error_errno(err, "cannot change the mount");
	return 0;
}

int mount_pivot(int root_fd, struct error *err)
{
	/* The old root ends up under the new one, at the same place, and goes from there. */
	if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return error_errno(err, "cannot change the root");
	if (kernel_detach_here() < 0)
		return error_errno(err, "cannot drop the old root");
	if (chdir("/") < 0)
		return error_errno(err, "cannot enter the new root");
	return 0;
}
