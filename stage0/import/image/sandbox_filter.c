/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/sandbox.h"

#include <sys/syscall.h>

#include "stage0/import/confine.h"

/* In order of frequency. */
static const struct confine_call allowed[] = {
	{SYS_read},
	{SYS_write},
	{SYS_openat2},
	{SYS_close},
	{SYS_futex},
	{SYS_pwrite64},
	{SYS_fchown},
	{SYS_fchmod},
	{SYS_utimensat},
	{SYS_fstat},
	{SYS_newfstatat},
	{SYS_mkdirat},
	{SYS_symlinkat},
	{SYS_linkat},
	{SYS_fchownat},
	{SYS_fsetxattr},
	{SYS_fremovexattr},
	{SYS_ftruncate},
	{SYS_mknodat},
	{SYS_fchmodat},
	{SYS_unlinkat},
	{SYS_openat},
	{SYS_getdents64},
	{SYS_readlinkat},
	{SYS_fcntl},
	{SYS_lseek},
	{SYS_statx},
	{SYS_mmap},
	{SYS_munmap},
	{SYS_mremap},
	{SYS_mprotect},
	{SYS_madvise},
	{SYS_brk},
	{SYS_getrandom},
	{SYS_clock_gettime},
	{SYS_gettimeofday},
	{SYS_sched_yield},
	{SYS_getpid},
	{SYS_geteuid},
	{SYS_getegid},
	{SYS_gettid},
	{SYS_rt_sigaction},
	{SYS_rt_sigprocmask},
	{SYS_rt_sigreturn},
	{SYS_sigaltstack},
	{SYS_set_robust_list},
	{SYS_rseq},
	{SYS_restart_syscall},
	{SYS_tgkill},
	CONFINE_THREAD,
	{SYS_exit},
	{SYS_exit_group},
};

int sandbox_filter(struct error *err)
{
	return confine_calls(allowed, sizeof(allowed) / sizeof(*allowed), err);
}
