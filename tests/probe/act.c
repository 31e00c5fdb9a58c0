/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct {
	int number;
	const char *name;
} signals[] = {
	{SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"},   {SIGABRT, "ABRT"},
	{SIGKILL, "KILL"}, {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"},   {SIGUSR2, "USR2"},
	{SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},   {SIGCONT, "CONT"},
	{SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"}, {SIGWINCH, "WINCH"},
};

enum { SIGNALS = sizeof(signals) / sizeof(*signals) };

const char *signal_name(int number)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i].number == number)
			return signals[i].name;
	return NULL;
}

int signal_number(const char *name)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (!strcmp(signals[i].name, name))
			return signals[i].number;
	return 0;
}

int act_exit(char **args)
{
	return (int)number(args[0]);
}

int act_kill(char **args)
{
	int which = signal_number(args[0]);
	pid_t pid = args[1] ? (pid_t)number(args[1]) : getpid();

	fflush(stdout);
	return kill(pid, which ? which : (int)number(args[0])) < 0 ? failed(args[0]) : 0;
}

int act_say(char **args)
{
	for (; *args; args++)
		puts(*args);
	return 0;
}

int act_complain(char **args)
{
	for (; *args; args++)
		fprintf(stderr, "%s\n", *args);
	return 0;
}

int act_write(char **args)
{
	int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t put = fd < 0 ? -1 : write(fd, args[1], strlen(args[1]));

	if (put < 0 || close(fd) < 0)
		return failed(args[0]);
	return 0;
}

int act_open(char **args)
{
	int fd = open(args[0], O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return failed(args[0]);
	close(fd);
	return 0;
}

int act_mknod(char **args)
{
	dev_t device = makedev((unsigned)number(args[1]), (unsigned)number(args[2]));

	if (mknod(args[0], S_IFCHR | 0666, device) < 0)
		return failed("mknod");
	return act_open(args);
}

int act_mkdir(char **args)
{
	return mkdir(args[0], 0777) < 0 ? failed(args[0]) : 0;
}

int act_mount(char **args)
{
	return mount("probe", args[1], args[0], 0, NULL) < 0 ? failed(args[1]) : 0;
}

int act_read_line(char **args)
{
	char line[4096];

	(void)args;
	if (!fgets(line, sizeof(line), stdin))
		return puts("(end)") < 0;
	line[strcspn(line, "\n")] = 0;
	printf("line: %s\n", line);
	return 0;
}

static volatile sig_atomic_t received;

static void receive(int number)
{
	received = number;
}

/* Says "ready" only when the signals can be received, and loses none that comes at once. */
static void wait_for_signal(void)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	puts("ready");
	fflush(stdout);
	while (!received)
		sigsuspend(&before);
	printf("got %s\n", signal_name(received));
	fflush(stdout);
	received = 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int act_pause(char **args)
{
	for (size_t i = 0; i < SIGNALS; i++)
		signal(signals[i].number, receive);
	wait_for_signal();
	return args[0] ? (int)number(args[0]) : 0;
}

int act_ignore(char **args)
{
	signal(SIGUSR1, receive);
	for (; *args; args++)
		signal(signal_number(*args), SIG_IGN);
	wait_for_signal();
	return 0;
}

int act_push_tty(char **args)
{
	char paste = 3; /* TIOCL_PASTESEL */
	int status = 0;

	(void)args;
	if (ioctl(0, TIOCSTI, "x") < 0)
		status = failed("TIOCSTI");
	if (ioctl(0, TIOCLINUX, &paste) < 0)
		status = failed("TIOCLINUX");
	return status;
}
