/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/cell.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/file.h"
#include "common/kernel.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"
#include "stage0/import/confine.h"

enum { NOBODY = 65534 };

/* The sanitizers need terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX RLIM_INFINITY
#else
#define MEMORY_MAX (512 << 20)
#endif

#define FILES     "32m"
#define FILES_MAX (32 << 20)

/* What programs and libraries may lie in, and what starting them looks at. */
static const char *const shown[] = {"usr",     "bin",    "sbin", "lib", "lib32",
                                    "lib64",   "libx32", "nix",  "gnu", "etc/ld.so.cache",
                                    "dev/null"};

enum { SHOWN_COUNT = sizeof(shown) / sizeof(*shown) };

/* Of each of these: a mount that is attached nowhere, or the text of a symbolic link. */
struct view {
	int mounts[SHOWN_COUNT];
	char *links[SHOWN_COUNT];
};

static void view_clear(struct view *view)
{
	for (size_t i = 0; i < SHOWN_COUNT; i++) {
		if (view->mounts[i] > 0)
			close(view->mounts[i]);
		free(view->links[i]);
	}
}

static int clone_one(int root_fd, size_t i, struct view *view, struct error *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
	autoclose int fd = -1;
	struct stat st;
	int r = path_stat(root_fd, shown[i], &st, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (S_ISLNK(st.st_mode))
		return path_read_link(root_fd, shown[i], &view->links[i], err);
	fd = path_open(root_fd, shown[i], PATH_HOST, O_PATH, err);
	if (fd < 0)
		return fd;
	view->mounts[i] = kernel_clone_tree(fd, AT_RECURSIVE);
	if (view->mounts[i] < 0 ||
	    kernel_mount_setattr(view->mounts[i], AT_RECURSIVE, &attr) < 0)
		return error_errno(err, "cannot clone the mount of '/%s'", shown[i]);
	return 0;
}

static int show_one(int root_fd, size_t i, const struct view *view, struct error *err)
{
	bool directory = !strchr(shown[i], '/');
	autoclose int fd = -1;
	int r;

	if (view->links[i])
		return path_make_symlink(view->links[i], root_fd, shown[i], err);
	if (!view->mounts[i])
		return 0;
	if (directory)
		r = path_make_dir(root_fd, shown[i], 0755, err);
	else
		r = file_create_at(root_fd, shown[i], 0644, "", err);
	if (r >= 0)
		r = fd = path_open(root_fd, shown[i], PATH_OURS, O_PATH, err);
	if (r < 0)
		return r;
	if (kernel_move_mount(view->mounts[i], fd) < 0)
		return error_errno(err, "cannot mount '/%s'", shown[i]);
	return 0;
}

static int make_memory(struct error *err)
{
	const unsigned attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	autoclose int fs = kernel_fsopen("tmpfs");
	int fd = -1;

	if (fs >= 0 && kernel_fsconfig(fs, FSCONFIG_SET_STRING, "size", FILES) >= 0 &&
	    kernel_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755") >= 0 &&
	    kernel_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) >= 0)
		fd = kernel_fsmount(fs, attr);
	return fd < 0 ? error_errno(err, "cannot make a file system in memory") : fd;
}

/* Makes the empty file system MEMORY_FD the root, on top of any directory: what was to be seen
 * of it has been cloned. */
static int change_root(int memory_fd, int over_fd, struct error *err)
{
	if (kernel_move_mount(memory_fd, over_fd) < 0 || fchdir(memory_fd) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || kernel_detach_here() < 0)
		return error_errno(err, "cannot change the root directory");
	return 0;
}

static int make_root(struct error *err)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	autoclose int root_fd = path_open(AT_FDCWD, "/", PATH_HOST,
	                                  O_RDONLY | O_DIRECTORY, err);
	autoclose int memory_fd = -1, over_fd = -1;
	autoclear(view) view = {{0}};
	int r = root_fd;

	if (r >= 0 && kernel_mount_setattr(root_fd, AT_RECURSIVE, &attr) < 0)
		r = error_errno(err, "cannot make mounts private");
	for (size_t i = 0; i < SHOWN_COUNT && r >= 0; i++)
		r = clone_one(root_fd, i, &view, err);
	if (r >= 0)
		r = over_fd = path_open(root_fd, "usr", PATH_HOST, O_PATH, err);
	if (r >= 0)
		r = memory_fd = make_memory(err);
	if (r >= 0)
		r = change_root(memory_fd, over_fd, err);
	if (r >= 0)
		r = path_make_dir(memory_fd, "etc", 0755, err);
	if (r >= 0)
		r = path_make_dir(memory_fd, "dev", 0755, err);
	for (size_t i = 0; i < SHOWN_COUNT && r >= 0; i++)
		r = show_one(memory_fd, i, &view, err);
	if (r >= 0)
		r = path_make_dir(memory_fd, &CELL_HOME[1], 0700, err);
	return r;
}

static int become_nobody(bool root, struct error *err)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0}};
	int r;

	if (root) {
		r = path_set_owner(AT_FDCWD, CELL_HOME, NOBODY, NOBODY, err);
		if (r < 0)
			return r;
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			return error_errno(err, "cannot become nobody");
	}
	if (syscall(SYS_capset, &header, none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    /* Becoming somebody else has undone it. */
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_errno(err, "cannot give up privileges");
	return 0;
}

static const struct confine_limit limits[] = {
	{RLIMIT_AS, MEMORY_MAX},
	{RLIMIT_CORE, 0},
	{RLIMIT_FSIZE, FILES_MAX},
	{RLIMIT_NOFILE, 64}, /* gpgme closes as many, one by one, before it starts gpg */
};

/* What programs need that start others, read, write and compute; gpg does without sockets. */
static const struct confine_call allowed[] = {
	{SYS_read},
	{SYS_write},
	{SYS_ppoll},
	{SYS_recvfrom},
	{SYS_sendto},
	{SYS_mmap},
	{SYS_munmap},
	{SYS_mremap},
	{SYS_mprotect},
	{SYS_madvise},
	{SYS_mlock},
	{SYS_brk},
	{SYS_close},
	{SYS_close_range},
	{SYS_openat},
	{SYS_openat2},
	{SYS_fstat},
	{SYS_newfstatat},
	{SYS_statx},
	{SYS_fstatfs},
	{SYS_faccessat},
	{SYS_faccessat2},
	{SYS_readlinkat},
	{SYS_getdents64},
	{SYS_getcwd},
	{SYS_chdir},
	{SYS_fchdir},
	{SYS_fchmod},
	{SYS_fchmodat},
	{SYS_fsync},
	{SYS_fdatasync},
	{SYS_ftruncate},
	{SYS_linkat},
	{SYS_mkdirat},
	{SYS_renameat},
	{SYS_renameat2},
	{SYS_unlinkat},
	{SYS_utimensat},
	{SYS_umask},
	{SYS_lseek},
	{SYS_pread64},
	{SYS_pwrite64},
	{SYS_readv},
	{SYS_writev},
	{SYS_dup},
	{SYS_dup3},
	{SYS_pipe2},
	{SYS_fcntl},
	{SYS_ioctl, ~0U, TCGETS, 1},
	{SYS_pselect6},
	{SYS_eventfd2},
	{SYS_clone,
         CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                 CLONE_NEWUTS | CLONE_NEWCGROUP,
         0, 0},
	{SYS_execve},
	{SYS_wait4},
	{SYS_waitid},
	{SYS_kill}, /* nobody else is there */
	{SYS_tgkill},
	{SYS_exit},
	{SYS_exit_group},
	{SYS_futex},
	{SYS_set_tid_address},
	{SYS_set_robust_list},
	{SYS_rseq},
	{SYS_prlimit64},
	{SYS_getrusage},
	{SYS_sched_yield},
	{SYS_sched_getaffinity},
	{SYS_rt_sigaction},
	{SYS_rt_sigprocmask},
	{SYS_rt_sigreturn},
	{SYS_rt_sigsuspend},
	{SYS_rt_sigtimedwait},
	{SYS_sigaltstack},
	{SYS_restart_syscall},
	{SYS_clock_gettime},
	{SYS_clock_getres},
	{SYS_clock_nanosleep},
	{SYS_nanosleep},
	{SYS_gettimeofday},
	{SYS_setitimer},
	{SYS_times},
	{SYS_getrandom},
	{SYS_uname},
	{SYS_sysinfo},
	{SYS_getpid},
	{SYS_getppid},
	{SYS_gettid},
	{SYS_getuid},
	{SYS_geteuid},
	{SYS_getgid},
	{SYS_getegid},
	{SYS_getgroups},
	{SYS_getpgid},
	{SYS_setsid},
#ifdef SYS_arch_prctl
	{SYS_arch_prctl},
#endif
#ifdef SYS_open
	{SYS_open},
	{SYS_stat},
	{SYS_lstat},
	{SYS_access},
	{SYS_readlink},
	{SYS_poll},
	{SYS_select},
	{SYS_dup2},
	{SYS_pipe},
	{SYS_vfork},
	{SYS_fork},
	{SYS_mkdir},
	{SYS_rename},
	{SYS_unlink},
	{SYS_link},
	{SYS_chmod},
	{SYS_time},
	{SYS_alarm},
	{SYS_getpgrp},
#endif
};

enum {
	LIMITS = sizeof(limits) / sizeof(*limits),
	CALLS = sizeof(allowed) / sizeof(*allowed)
};

/* In a user namespace, one is the same user and may do the same to what is one's own. */
static int map_self(const char *file, unsigned id, struct error *err)
{
	autofree char *map = memory_format("%u %u 1\n", id, id);
	autoclose int fd = path_open(AT_FDCWD, file, PATH_HOST, O_WRONLY, err);

	return fd < 0 ? fd : file_write(fd, map, strlen(map), err);
}

static int unshare_all(bool root, struct error *err)
{
	unsigned uid = geteuid(), gid = getegid();
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
	            CLONE_NEWPID;
	autoclose int fd = -1;
	int r;

	if (unshare(root ? flags : flags | CLONE_NEWUSER) < 0)
		return error_errno(err, "cannot make namespaces");
	if (root)
		return 0;
	r = fd = path_open(AT_FDCWD, "/proc/self/setgroups", PATH_HOST, O_WRONLY, err);
	if (r >= 0)
		r = file_write(fd, "deny", 4, err);
	if (r >= 0)
		r = map_self("/proc/self/uid_map", uid, err);
	return r < 0 ? r : map_self("/proc/self/gid_map", gid, err);
}

/* Waits as nothing but a parent: no descriptor of the child's is held open. */
static void wait_for(pid_t pid)
{
	struct error ignored;
	int status;

	(void)syscall(SYS_close_range, 0, ~0U, 0);
	status = process_wait(pid, &ignored);
	_exit(status < 0 ? 254 : status);
}

static int confine(bool root, struct error *err)
{
	autoclose int home_fd = -1;
	pid_t pid;
	int r = unshare_all(root, err);

	if (r < 0)
		return r;
	/* The first in a namespace of processes: all others there end with it. */
	pid = fork();
	if (pid < 0)
		return error_errno(err, "cannot start a process");
	if (pid > 0)
		wait_for(pid);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_errno(err, "cannot be tied to a parent");
	r = make_root(err);
	if (r >= 0)
		r = confine_limits(limits, LIMITS, err);
	if (r >= 0)
		r = become_nobody(root, err);
	if (r >= 0)
		r = home_fd = path_open_dir(AT_FDCWD, &CELL_HOME[1], err);
	if (home_fd >= 0 && fchdir(home_fd) < 0)
		r = error_errno(err, "cannot go to '%s'", CELL_HOME);
	return r < 0 ? r : confine_calls(allowed, CALLS, err);
}

int cell_enter(struct error *err)
{
	bool root = geteuid() == 0;
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_errno(err, "cannot be tied to a parent");
	if (clearenv() != 0 || setenv("PATH", CELL_PATH, 1) < 0 ||
	    setenv("HOME", CELL_HOME, 1) < 0 || setenv("GNUPGHOME", CELL_HOME, 1) < 0 ||
	    setenv("LC_ALL", "C", 1) < 0)
		return error_errno(err, "cannot set the environment");
	r = confine(root, err);
	return r < 0 ? error_wrap(err, "cannot confine gpg") : 0;
}
