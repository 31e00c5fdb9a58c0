/* SPDX-License-Identifier: Apache-2.0 */
#include "stage2/step.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/memory.h"

/* What the kernel takes at most (BPF_MAXINSNS). */
enum { FILTER_MAX = 4096 };

int step_hide(const struct exec_spec *spec, struct error *err)
{
	(void)spec;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "cannot make the process undumpable");
	return 0;
}

int step_descriptors(const struct exec_spec *spec, struct error *err)
{
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ||
	    (spec->keep_fd >= 0 && fcntl(spec->keep_fd, F_SETFD, 0) < 0))
		return error_errno(err, "cannot mark descriptors close-on-exec");
	return 0;
}

static bool has_capability(unsigned cap)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[cap / 32].effective & 1U << cap % 32;
}

/* "4096", or "unlimited". */
static char *limit_text(rlim_t value)
{
	return value == RLIM_INFINITY ? memory_text("unlimited")
	                              : memory_format("%llu", (unsigned long long)value);
}

/* Why the hard limit, which is HARD, cannot be WANTED. Of files nobody may have more than the
 * kernel's own bound. */
static int refuse_limit(const char *name, int resource, rlim_t wanted, rlim_t hard,
                        struct error *err)
{
	autofree char *from = limit_text(hard);
	autofree char *to = limit_text(wanted);

	if (resource == RLIMIT_NOFILE && has_capability(CAP_SYS_RESOURCE))
		return error_set(err, -EPERM,
		                 "limit '%s' cannot be %s: sysctl fs.nr_open is less",
		                 name, to);
	return error_set(err, -EPERM,
	                 "limit '%s' cannot be raised to %s: the hard limit of who runs "
	                 "gantry is %s (raise that, or give gantry CAP_SYS_RESOURCE)",
	                 name, to, from);
}

/* TEXT is of exec_spec's limits. */
static int set_limit(char *text, struct error *err)
{
	char *name = strsep(&text, ":");
	unsigned long long numbers[3] = {0};
	struct rlimit limit, had;

	for (size_t i = 0; i < 3; i++) {
		if (!text)
			return error_set(err, -EINVAL, "'%s' is not a limit", name);
		numbers[i] = strtoull(strsep(&text, ":"), NULL, 10);
	}
	limit = (struct rlimit){numbers[1], numbers[2]};
	if (prlimit(0, (int)numbers[0], NULL, &had) < 0)
		return error_errno(err, "cannot read limit '%s'", name);
	if (prlimit(0, (int)numbers[0], &limit, NULL) == 0)
		return 0;
	if (errno != EPERM)
		return error_errno(err, "cannot set limit '%s'", name);
	return refuse_limit(name, (int)numbers[0], limit.rlim_max, had.rlim_max, err);
}

int step_limits(const struct exec_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->limits.count; i++)
		if (set_limit(spec->limits.items[i], err) < 0)
			return err->code;
	return 0;
}

int step_groups(const struct exec_spec *spec, struct error *err)
{
	autofree gid_t *gids = memory_zeroed(spec->groups.count, sizeof(gid_t));

	for (size_t i = 0; i < spec->groups.count; i++)
		gids[i] = (gid_t)strtoul(spec->groups.items[i], NULL, 10);
	if (setgroups(spec->groups.count, gids) < 0)
		return error_errno(err, "cannot set supplementary groups");
	if (setresgid(spec->gid, spec->gid, spec->gid) < 0)
		return error_errno(err, "cannot become group %u", spec->gid);
	return 0;
}

int step_bounding_set(const struct exec_spec *spec, struct error *err)
{
	if (spec->keep_caps)
		return 0;
	for (unsigned cap = 0; cap < 64; cap++) {
		if (spec->capabilities & (1ULL << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap) == 0)
			continue;
		/* The kernel says so of the first number it has no capability for. */
		if (errno == EINVAL)
			return 0;
		return error_errno(err, "cannot drop capability %u", cap);
	}
	return 0;
}

int step_no_new_privs(const struct exec_spec *spec, struct error *err)
{
	if (spec->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot set no_new_privs");
	return 0;
}

int step_filter(const struct exec_spec *spec, struct error *err)
{
	static struct sock_filter instructions[FILTER_MAX];
	struct sock_fprog program = {.filter = instructions};
	ssize_t size;

	if (spec->filter_fd < 0)
		return 0;
	size = pread(spec->filter_fd, instructions, sizeof(instructions), 0);
	if (size < 0)
		return error_errno(err, "cannot read the seccomp filter");
	if (size == 0 || (size_t)size % sizeof(*instructions) != 0)
		return error_set(err, -EBADMSG, "the seccomp filter is damaged");
	program.len = (unsigned short)((size_t)size / sizeof(*instructions));
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return error_errno(err, "cannot load the seccomp filter");
	return 0;
}

int step_user(const struct exec_spec *spec, struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t caps = spec->uid == 0 ? spec->capabilities : 0;

	if (setresuid(spec->uid, spec->uid, spec->uid) < 0)
		return error_errno(err, "cannot become user %u", spec->uid);
	if (spec->keep_caps)
		return 0;
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t)(caps >> (32 * i));
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, "cannot set capabilities");
	return 0;
}

int step_directory(const struct exec_spec *spec, struct error *err)
{
	if (chdir(spec->directory) < 0)
		return error_errno(err, "cannot enter working directory '%s'",
		                   spec->directory);
	return 0;
}

int step_execute(const struct exec_spec *spec, struct error *err)
{
	const char *path = getenv("PATH");

	/* Signals were blocked for process 1, who waits for them; the app has not asked. */
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(spec->argv[0], spec->argv);
	if (errno == ENOENT && !strchr(spec->argv[0], '/'))
		return error_set(err, -ENOENT, "cannot find '%s' in PATH '%s'",
		                 spec->argv[0], path ? path : "");
	return error_errno(err, "cannot execute '%s'", spec->argv[0]);
}
