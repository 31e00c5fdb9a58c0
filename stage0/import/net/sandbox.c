/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "common/path.h"
#include "stage0/import/confine.h"

enum { NOBODY = 65534 };

/* Address space: what a thread may reserve for its memory is 128 MiB; names are looked up in
 * threads. The sanitizers need terabytes of it. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX RLIM_INFINITY
#else
#define MEMORY_MAX (1 << 30)
#endif

static const struct confine_limit limits[] = {
	{RLIMIT_AS, MEMORY_MAX},
	{RLIMIT_CORE, 0},
	{RLIMIT_NOFILE, 256},
};

/* Names, certificates, and the libraries that name services are. */
static const char *const readable[] = {
	"/etc",
	"/usr",
	"/lib",
	"/lib32",
	"/lib64",
	"/run/systemd/resolve",
	"/run/nscd",
	"/run/resolvconf",
	"/run/NetworkManager",
	"/dev/urandom",
};

enum { READABLE = sizeof(readable) / sizeof(*readable) };

static const struct confine_call allowed[] = {
	{SYS_read},
	{SYS_write},
	{SYS_poll},
	{SYS_ppoll},
	{SYS_recvfrom},
	{SYS_sendto},
	{SYS_recvmsg},
	{SYS_sendmsg},
	{SYS_readv},
	{SYS_writev},
	{SYS_futex},
	{SYS_clock_gettime},
	{SYS_gettimeofday},
	{SYS_getrandom},
	{SYS_socket, ~0U, AF_INET, 0},
	{SYS_socket, ~0U, AF_INET6, 0},
	{SYS_socket, ~0U, AF_UNIX, 0},
	{SYS_socket, ~0U, AF_NETLINK, 0},
	{SYS_connect},
	{SYS_socketpair},
	{SYS_bind},
	{SYS_getsockname},
	{SYS_getpeername},
	{SYS_getsockopt},
	{SYS_setsockopt},
	{SYS_sendmmsg},
	{SYS_recvmmsg},
	{SYS_shutdown},
	{SYS_eventfd2},
	{SYS_pipe2},
	/* For reading only. */
	{SYS_openat, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY,
         2},
	{SYS_close},
	{SYS_fstat},
	{SYS_newfstatat},
	{SYS_statx},
	{SYS_lseek},
	{SYS_pread64},
	{SYS_getdents64},
	{SYS_readlinkat},
	{SYS_faccessat},
	{SYS_fcntl},
	{SYS_ioctl, ~0U, 0x5421 /* FIONBIO */, 1},
	{SYS_ioctl, ~0U, 0x541b /* FIONREAD */, 1},
	{SYS_mmap},
	{SYS_munmap},
	{SYS_mremap},
	{SYS_mprotect},
	{SYS_madvise},
	{SYS_brk},
	{SYS_uname},
	{SYS_sysinfo},
	{SYS_sched_yield},
	{SYS_sched_getaffinity},
	{SYS_clock_nanosleep},
	{SYS_nanosleep},
	{SYS_getpid},
	{SYS_gettid},
	{SYS_getuid},
	{SYS_geteuid},
	{SYS_getgid},
	{SYS_getegid},
	{SYS_rt_sigaction},
	{SYS_rt_sigprocmask},
	{SYS_rt_sigreturn},
	{SYS_sigaltstack},
	{SYS_restart_syscall},
	{SYS_tgkill},
	CONFINE_THREAD,
	{SYS_set_robust_list},
	{SYS_rseq},
	{SYS_exit},
	{SYS_exit_group},
#ifdef SYS_open
	{SYS_open, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY,
         1},
	{SYS_stat},
	{SYS_lstat},
	{SYS_access},
	{SYS_readlink},
#endif
};

static int become_nobody(struct error *err)
{
	if (geteuid() != 0)
		return 0;
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return error_errno(err, "cannot limit capabilities");
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return error_errno(err, "cannot become nobody");
	return 0;
}

/* Whoever started it may have had some without being root. */
static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &header, none) < 0)
		return error_errno(err, "cannot drop capabilities");
	return 0;
}

static int restrict_files(struct error *err)
{
	struct confine_files files[READABLE];
	struct error ignored;
	size_t count = 0;
	int r;

	for (size_t i = 0; i < READABLE; i++) {
		int fd = path_open(AT_FDCWD, readable[i], PATH_HOST, O_PATH, &ignored);
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		files[count++] = (struct confine_files){
			.fd = fd,
			.access = LANDLOCK_ACCESS_FS_READ_FILE |
		                  (S_ISDIR(st.st_mode) ? LANDLOCK_ACCESS_FS_READ_DIR : 0),
		};
	}
	r = confine_files(files, count, err);
	while (count > 0)
		close(files[--count].fd);
	return r;
}

static int confine(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot give up privileges");
	if (restrict_files(err) < 0 || become_nobody(err) < 0 ||
	    drop_capabilities(err) < 0)
		return err->code;
	/* Another user's death is none of ours: both are of the one that we are now. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "cannot give up privileges");
	if (confine_limits(limits, sizeof(limits) / sizeof(*limits), err) < 0)
		return err->code;
	return confine_calls(allowed, sizeof(allowed) / sizeof(*allowed), err);
}

int sandbox_network(struct error *err)
{
	return confine(err) < 0 ? error_wrap(err, "cannot make a sandbox") : 0;
}
