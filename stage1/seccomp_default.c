/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compiles the default seccomp filter, when gantry is built: "seccomp_default FILE". A pod's
 * start then only loads it. The program is a binary tree over the call's number, which the
 * kernel can judge call by call in little time when it is loaded.
 *
 * The calls are those of rkt's default whitelist (rkt 7.16, list A), and the newer ones that
 * today's C libraries make. What is not listed fails with EPERM, and does not kill: most
 * programs know how to do without. What this libseccomp does not know, and clone3, whose
 * flags no filter can see, fail with ENOSYS, so that the C library takes the older way.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const rkt_calls[] = {
	"_llseek",
	"_newselect",
	"accept",
	"accept4",
	"access",
	"alarm",
	"arch_prctl",
	"bind",
	"brk",
	"capget",
	"capset",
	"chdir",
	"chmod",
	"chown",
	"chown32",
	"chroot",
	"clock_getres",
	"clock_gettime",
	"clock_nanosleep",
	"close",
	"connect",
	"copy_file_range",
	"creat",
	"dup",
	"dup2",
	"dup3",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_ctl_old",
	"epoll_pwait",
	"epoll_wait",
	"epoll_wait_old",
	"eventfd",
	"eventfd2",
	"execve",
	"execveat",
	"exit",
	"exit_group",
	"faccessat",
	"fadvise64",
	"fadvise64_64",
	"fallocate",
	"fanotify_mark",
	"fchdir",
	"fchmod",
	"fchmodat",
	"fchown",
	"fchown32",
	"fchownat",
	"fcntl",
	"fcntl64",
	"fdatasync",
	"fgetxattr",
	"flistxattr",
	"flock",
	"fork",
	"fremovexattr",
	"fsetxattr",
	"fstat",
	"fstat64",
	"fstatat64",
	"fstatfs",
	"fstatfs64",
	"fsync",
	"ftruncate",
	"ftruncate64",
	"futex",
	"futimesat",
	"get_robust_list",
	"get_thread_area",
	"getcpu",
	"getcwd",
	"getdents",
	"getdents64",
	"getegid",
	"getegid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getgroups",
	"getgroups32",
	"getitimer",
	"getpeername",
	"getpgid",
	"getpgrp",
	"getpid",
	"getppid",
	"getpriority",
	"getrandom",
	"getresgid",
	"getresgid32",
	"getresuid",
	"getresuid32",
	"getrlimit",
	"getrusage",
	"getsid",
	"getsockname",
	"getsockopt",
	"gettid",
	"gettimeofday",
	"getuid",
	"getuid32",
	"getxattr",
	"inotify_add_watch",
	"inotify_init",
	"inotify_init1",
	"inotify_rm_watch",
	"io_cancel",
	"io_destroy",
	"io_getevents",
	"io_setup",
	"io_submit",
	"ioprio_get",
	"ioprio_set",
	"ipc",
	"kill",
	"lchown",
	"lchown32",
	"lgetxattr",
	"link",
	"linkat",
	"listen",
	"listxattr",
	"llistxattr",
	"lremovexattr",
	"lseek",
	"lsetxattr",
	"lstat",
	"lstat64",
	"madvise",
	"memfd_create",
	"mincore",
	"mkdir",
	"mkdirat",
	"mknod",
	"mknodat",
	"mlock",
	"mlock2",
	"mlockall",
	"mmap",
	"mmap2",
	"modify_ldt",
	"mprotect",
	"mq_getsetattr",
	"mq_notify",
	"mq_open",
	"mq_timedreceive",
	"mq_timedsend",
	"mq_unlink",
	"mremap",
	"msgctl",
	"msgget",
	"msgrcv",
	"msgsnd",
	"msync",
	"munlock",
	"munlockall",
	"munmap",
	"nanosleep",
	"newfstatat",
	"open",
	"openat",
	"pause",
	"personality",
	"pipe",
	"pipe2",
	"poll",
	"ppoll",
	"prctl",
	"pread64",
	"preadv",
	"prlimit64",
	"pselect6",
	"pwrite64",
	"pwritev",
	"read",
	"readahead",
	"readlink",
	"readlinkat",
	"readv",
	"recv",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"remap_file_pages",
	"removexattr",
	"rename",
	"renameat",
	"renameat2",
	"restart_syscall",
	"rmdir",
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigprocmask",
	"rt_sigqueueinfo",
	"rt_sigreturn",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"rt_tgsigqueueinfo",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"sched_getaffinity",
	"sched_getattr",
	"sched_getparam",
	"sched_getscheduler",
	"sched_rr_get_interval",
	"sched_setaffinity",
	"sched_setattr",
	"sched_setparam",
	"sched_setscheduler",
	"sched_yield",
	"seccomp",
	"select",
	"semctl",
	"semget",
	"semop",
	"semtimedop",
	"send",
	"sendfile",
	"sendfile64",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"set_robust_list",
	"set_thread_area",
	"set_tid_address",
	"setfsgid",
	"setfsgid32",
	"setfsuid",
	"setfsuid32",
	"setgid",
	"setgid32",
	"setgroups",
	"setgroups32",
	"setitimer",
	"setpgid",
	"setpriority",
	"setregid",
	"setregid32",
	"setresgid",
	"setresgid32",
	"setresuid",
	"setresuid32",
	"setreuid",
	"setreuid32",
	"setrlimit",
	"setsid",
	"setsockopt",
	"setuid",
	"setuid32",
	"setxattr",
	"shmat",
	"shmctl",
	"shmdt",
	"shmget",
	"shutdown",
	"sigaltstack",
	"signalfd",
	"signalfd4",
	"sigreturn",
	"socket",
	"socketcall",
	"socketpair",
	"splice",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"symlink",
	"symlinkat",
	"sync",
	"sync_file_range",
	"syncfs",
	"sysinfo",
	"syslog",
	"tee",
	"tgkill",
	"time",
	"timer_create",
	"timer_delete",
	"timer_getoverrun",
	"timer_gettime",
	"timer_settime",
	"timerfd_create",
	"timerfd_gettime",
	"timerfd_settime",
	"times",
	"tkill",
	"truncate",
	"truncate64",
	"ugetrlimit",
	"umask",
	"uname",
	"unlink",
	"unlinkat",
	"utime",
	"utimensat",
	"utimes",
	"vfork",
	"vmsplice",
	"wait4",
	"waitid",
	"waitpid",
	"write",
	"writev",
};

static const char *const newer_calls[] = {
	"close_range",
	"epoll_pwait2",
	"faccessat2",
	"futex_waitv",
	"io_pgetevents",
	"landlock_add_rule",
	"landlock_create_ruleset",
	"landlock_restrict_self",
	"membarrier",
	"memfd_secret",
	"openat2",
	"pidfd_open",
	"pidfd_send_signal",
	"pkey_alloc",
	"pkey_free",
	"pkey_mprotect",
	"preadv2",
	"process_mrelease",
	"pwritev2",
	"rseq",
	"statx",
};

/* Nested namespaces are the widest door to the kernel that an ordinary process has. */
static const unsigned long namespace_flags[] = {
	CLONE_NEWCGROUP, CLONE_NEWIPC,  CLONE_NEWNET, CLONE_NEWNS,
	CLONE_NEWPID,    CLONE_NEWUSER, CLONE_NEWUTS,
};

enum { CALLS_MAX = 1024 };

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void check(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "seccomp_default: %s: %s\n", what, strerror(-r));
	exit(1);
}

static void allow(scmp_filter_ctx filter, const char *name, bool *listed)
{
	int number = seccomp_syscall_resolve_name(name);

	/* Calls of other architectures. */
	if (number < 0)
		return;
	check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0), name);
	if (number < CALLS_MAX)
		listed[number] = true;
}

static void add_clone(scmp_filter_ctx filter, bool *listed)
{
	unsigned long all = 0;

	for (size_t i = 0; i < COUNT(namespace_flags); i++) {
		unsigned long flag = namespace_flags[i];

		all |= flag;
		check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
		                       SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)),
		      "clone");
	}
	check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	                       SCMP_A0(SCMP_CMP_MASKED_EQ, all, 0)),
	      "clone");
	listed[SCMP_SYS(clone)] = listed[SCMP_SYS(clone3)] = true;
}

/*
 * Every ioctl but TIOCSTI and TIOCLINUX, which put words in a terminal's mouth. The kernel
 * looks at 32 bits of the request only, so a filter must too; and there is no masked "not
 * equal": so allowed is what differs from both in the bits they share, and what shares those
 * but is neither.
 */
static void add_ioctl(scmp_filter_ctx filter, bool *listed)
{
	const unsigned long shared = TIOCSTI & ~0xfUL;
	int number = SCMP_SYS(ioctl);

	for (int bit = 4; bit < 32; bit++)
		check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
		                       SCMP_A1(SCMP_CMP_MASKED_EQ, 1UL << bit,
		                               ~shared & (1UL << bit))),
		      "ioctl");
	for (unsigned long low = 0; low < 16; low++)
		if ((shared | low) != TIOCSTI && (shared | low) != TIOCLINUX)
			check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
			                       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffUL,
			                               shared | low)),
			      "ioctl");
	listed[number] = true;
}

int main(int argc, char **argv)
{
	static bool listed[CALLS_MAX];
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int fd;

	if (argc != 2 || !filter)
		return 1;
	check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");
	check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)),
	      "other architectures");
	for (size_t i = 0; i < COUNT(rkt_calls); i++)
		allow(filter, rkt_calls[i], listed);
	for (size_t i = 0; i < COUNT(newer_calls); i++)
		allow(filter, newer_calls[i], listed);
	add_clone(filter, listed);
	add_ioctl(filter, listed);
	for (int number = 0; number < CALLS_MAX; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

		if (name && !listed[number])
			check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0),
			      name);
		free(name);
	}
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	check(fd < 0 ? -errno : 0, argv[1]);
	check(seccomp_export_bpf(filter, fd), "export");
	seccomp_release(filter);
	return close(fd) < 0;
}
