/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * System calls that a C library may not know yet: musl, and the glibc of older
 * distributions. As their man pages say; they take descriptors, and paths that are "" or
 * one of our own. Whoever includes this does not include <sys/mount.h>, whose newer
 * versions say the same.
 */

#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int kernel_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static inline int kernel_fsconfig(int fd, unsigned command, const char *key,
                                  const char *value)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}

static inline int kernel_fsmount(int fd, unsigned attr)
{
	return (int)syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attr);
}

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* Clones the mount of FD itself; FLAGS may be AT_RECURSIVE. */
static inline int kernel_clone_tree(int fd, unsigned flags)
{
	return (int)syscall(SYS_open_tree, fd, "",
	                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
}

/* Attaches the mount FD to TARGET_FD itself. */
static inline int kernel_move_mount(int fd, int target_fd)
{
	return (int)syscall(SYS_move_mount, fd, "", target_fd, "",
	                    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int kernel_mount_setattr(int fd, unsigned flags, struct mount_attr *set)
{
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, set,
	                    sizeof(*set));
}

/* Unmounts "." from what is seen of it; what uses it goes on. */
static inline int kernel_detach_here(void)
{
	return (int)syscall(SYS_umount2, ".", 2 /* MNT_DETACH */);
}

static inline int kernel_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int kernel_pidfd_send_signal(int fd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
}
