/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define row(name)                 \
	{                         \
#name, SYS_##name \
	}

static const struct {
	const char *name;
	long number;
} calls[] = {
	/* what any program may */
	row(getpid),
	row(getrandom),
	row(personality),
	row(capget),
	row(chroot),
	row(fchown),
	row(execveat),
	row(syslog),
	/* what glibc calls, and copes without */
	row(clone3),
	row(rseq),
	row(statx),
	row(openat2),
	row(faccessat2),
	row(close_range),
	/* what no app should */
	row(acct),
	row(add_key),
	row(adjtimex),
	row(bpf),
	row(clock_settime),
	row(delete_module),
	row(finit_module),
	row(fsconfig),
	row(fsmount),
	row(fsopen),
	row(init_module),
	row(io_uring_setup),
	row(kcmp),
	row(kexec_load),
	row(keyctl),
	row(mount),
	row(mount_setattr),
	row(move_mount),
	row(move_pages),
	row(name_to_handle_at),
	row(open_by_handle_at),
	row(open_tree),
	row(perf_event_open),
	row(pivot_root),
	row(process_vm_readv),
	row(process_vm_writev),
	row(ptrace),
	row(quotactl),
	row(reboot),
	row(request_key),
	row(setns),
	row(settimeofday),
	row(swapoff),
	row(swapon),
	row(umount2),
	row(unshare),
	row(userfaultfd),
#ifdef __x86_64__
	row(ioperm),
	row(iopl),
	row(sysfs),
	row(ustat),
#endif
};

/* A child makes the call, since it may be killed for it. Minus one is a bad address, a bad
 * descriptor, a bad flag and no process: no call does anything with it. */
static int try(const char *name, long number)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		return failed("fork");
	if (child == 0)
		_exit(syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("%s errno %d\n", name, WEXITSTATUS(status));
	else
		printf("%s ok\n", name);
	return 0;
}

int syscalls_try(char **args)
{
	for (; *args; args++) {
		size_t i = 0;

		while (i < sizeof(calls) / sizeof(*calls) && strcmp(calls[i].name, *args))
			i++;
		if (i == sizeof(calls) / sizeof(*calls)) {
			fprintf(stderr, "probe: no row for '%s'\n", *args);
			return 2;
		}
		if (try(*args, calls[i].number))
			return 1;
	}
	return 0;
}
