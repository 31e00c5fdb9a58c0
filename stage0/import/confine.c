/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/confine.h"

#include <assert.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Any other machine does without a filter: what else a half has given up holds there. */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#endif

int confine_limits(const struct confine_limit *limits, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].resource, &limit) < 0)
			return error_errno(err, "cannot read a limit");
		if (limit.rlim_max > limits[i].max)
			limit.rlim_max = limits[i].max;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit) < 0)
			return error_errno(err, "cannot set a limit");
	}
	return 0;
}

int confine_files(const struct confine_files *files, size_t count, struct error *err)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_REFER << 1) - 1,
	};
	autoclose int rules = -1;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
	            LANDLOCK_CREATE_RULESET_VERSION) < 2)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return error_errno(err, "cannot set up landlock");
	for (size_t i = 0; i < count; i++) {
		const struct landlock_path_beneath_attr rule = {
			.allowed_access = files[i].access,
			.parent_fd = files[i].fd,
		};

		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		            &rule, 0) < 0)
			return error_errno(err, "cannot set up landlock");
	}
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return error_errno(err, "cannot set up landlock");
	return 0;
}

#ifdef NATIVE
/* For a call with a condition: number; else two further; argument; mask; value, or two
 * further; allowed; the number again. For one without: number, or one further; allowed. */
enum { CODE_MAX = 4 + CONFINE_CALLS_MAX * 6 + 1 };

static size_t add_call(struct sock_filter *code, const struct confine_call *call)
{
	const uint32_t number = (uint32_t)call->number;
	const struct sock_filter plain[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	/* The halves of an argument lie in the machine's order. */
	const uint32_t arg = (uint32_t)(offsetof(struct seccomp_data, args) +
	                                sizeof(uint64_t) * call->arg +
	                                (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
	const struct sock_filter masked[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, call->mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};

	if (!call->mask) {
		memcpy(code, plain, sizeof(plain));
		return sizeof(plain) / sizeof(*plain);
	}
	memcpy(code, masked, sizeof(masked));
	return sizeof(masked) / sizeof(*masked);
}

int confine_calls(const struct confine_call *calls, size_t count, struct error *err)
{
	static const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_filter code[CODE_MAX];
	struct sock_fprog program = {sizeof(head) / sizeof(*head), code};

	assert(count <= CONFINE_CALLS_MAX);
	memcpy(code, head, sizeof(head));
	for (size_t i = 0; i < count; i++)
		program.len += (unsigned short)add_call(code + program.len, calls + i);
	code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	                                                   SECCOMP_RET_ERRNO | ENOSYS);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return error_errno(err, "cannot load the system call filter");
	return 0;
}
#else
int confine_calls(const struct confine_call *calls __attribute__((unused)),
                  size_t count __attribute__((unused)),
                  struct error *err __attribute__((unused)))
{
	return 0;
}
#endif
