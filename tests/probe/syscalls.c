/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/probe/probe.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What each row says of a call: its name, its number, its first argument, all the others. */
#define NAMED(name) #name, SYS_##name, -1, -1

static const struct {
	const char *name;
	long number;
	long first;
	long others;
} calls[] = {
	/* what any program may */
	{NAMED(getpid)},
	{NAMED(getrandom)},
	{NAMED(personality)},
	{NAMED(capget)},
	{NAMED(chroot)},
	{NAMED(fchown)},
	{NAMED(execveat)},
	{NAMED(syslog)},
	/* what glibc calls, and copes without */
	{NAMED(clone3)},
	{NAMED(rseq)},
	{NAMED(statx)},
	{NAMED(openat2)},
	{NAMED(faccessat2)},
	{NAMED(close_range)},
	/* what no app should */
	{NAMED(acct)},
	{NAMED(add_key)},
	{NAMED(adjtimex)},
	{NAMED(bpf)},
	{NAMED(clock_settime)},
	{NAMED(delete_module)},
	{NAMED(finit_module)},
	{NAMED(fsconfig)},
	{NAMED(fsmount)},
	{NAMED(fsopen)},
	{NAMED(init_module)},
	{NAMED(io_uring_setup)},
	{NAMED(kcmp)},
	{NAMED(kexec_load)},
	{NAMED(keyctl)},
	{NAMED(mount)},
	{NAMED(mount_setattr)},
	{NAMED(move_mount)},
	{NAMED(move_pages)},
	{NAMED(name_to_handle_at)},
	{NAMED(open_by_handle_at)},
	{NAMED(open_tree)},
	{NAMED(perf_event_open)},
	{NAMED(pivot_root)},
	{NAMED(process_vm_readv)},
	{NAMED(process_vm_writev)},
	{NAMED(ptrace)},
	{NAMED(quotactl)},
	{NAMED(reboot)},
	{NAMED(request_key)},
	{NAMED(setns)},
	{NAMED(settimeofday)},
	{NAMED(swapoff)},
	{NAMED(swapon)},
	{NAMED(umount2)},
	{NAMED(unshare)},
	{NAMED(userfaultfd)},
	{"clone-user", SYS_clone, CLONE_NEWUSER | SIGCHLD, 0},
	{"clone-pid", SYS_clone, CLONE_NEWPID | SIGCHLD, 0},
	{"clone-plain", SYS_clone, SIGCHLD, 0},
#ifdef __x86_64__
	{NAMED(ioperm)},
	{NAMED(iopl)},
	{NAMED(sysfs)},
	{NAMED(ustat)},
#endif
};

static long call(size_t i)
{
	long rest = calls[i].others;

	return syscall(calls[i].number, calls[i].first, rest, rest, rest, rest, rest);
}

/* A child makes the call CALLS[I], since it may be killed for it. Minus one is a bad address,
 * a bad descriptor, a bad flag and no process: no call does anything with it. */
static int try(size_t i)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		return failed("fork");
	if (child == 0)
		_exit(call(i) < 0 ? errno : 0);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s signal %d\n", calls[i].name, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("%s errno %d\n", calls[i].name, WEXITSTATUS(status));
	else
		printf("%s ok\n", calls[i].name);
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
		if (try(i))
			return 1;
	}
	return 0;
}
