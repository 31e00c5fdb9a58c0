/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Any other machine does without: namespaces, capabilities and landlock hold there. */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#endif

/* In order of frequency: the filter compares one after the other. */
static const int allowed[] = {
	SYS_read,
	SYS_write,
	SYS_openat2,
	SYS_close,
	SYS_futex,
	SYS_pwrite64,
	SYS_fchown,
	SYS_fchmod,
	SYS_utimensat,
	SYS_fstat,
	SYS_newfstatat,
	SYS_mkdirat,
	SYS_symlinkat,
	SYS_linkat,
	SYS_fchownat,
	SYS_fsetxattr,
	SYS_fremovexattr,
	SYS_ftruncate,
	SYS_mknodat,
	SYS_fchmodat,
	SYS_unlinkat,
	SYS_openat,
	SYS_getdents64,
	SYS_readlinkat,
	SYS_fcntl,
	SYS_lseek,
	SYS_statx,
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_brk,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_sched_yield,
	SYS_getpid,
	SYS_geteuid,
	SYS_getegid,
	SYS_gettid,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_restart_syscall,
	SYS_tgkill,
	SYS_exit,
	SYS_exit_group,
};

enum { COUNT = sizeof(allowed) / sizeof(*allowed) };

/* A thread of this process, by clone(2), whose flags a filter can see; no process. */
#define THREAD                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | \
	 CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* What it does not know, it calls not implemented, as an old kernel would: a newer libc
 * falls back to what is here. */
int sandbox_filter(struct error *err)
{
#ifdef NATIVE
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	const struct sock_filter tail[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(uint32_t)CLONE_DETACHED),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THREAD, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	enum { HEAD = sizeof(head) / sizeof(*head), TAIL = sizeof(tail) / sizeof(*tail) };
	struct sock_filter code[HEAD + COUNT + TAIL];
	struct sock_fprog program = {HEAD + COUNT + TAIL, code};

	memcpy(code, head, sizeof(head));
	for (size_t i = 0; i < COUNT; i++)
		code[HEAD + i] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i],
			(uint8_t)(COUNT + TAIL - 2 - i), 0);
	memcpy(code + HEAD + COUNT, tail, sizeof(tail));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return error_errno(err, "cannot load the system call filter");
#else
	(void)err;
#endif
	return 0;
}
