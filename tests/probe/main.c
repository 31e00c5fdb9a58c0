/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_WORDS = 16 };

static verb_run report, help;

static const struct verb verbs[] = {
	{"help", 0, help, "", "this list"},
	{"report", 0, report, "'VERB ARG...'...",
         "several verbs, each under a line '== VERB ARG...'"},
	{"argv", 0, look_argv, "ARG...", "its arguments, one on each line"},
	{"cwd", 0, look_cwd, "", "the working directory"},
	{"print-env", 0, look_env, "[NAME]", "the environment, or one variable's value"},
	{"cat", 1, look_cat, "FILE...", "what is in the files"},
	{"list", 1, look_list, "DIRECTORY",
         "TYPE MODE UID GID MAJOR:MINOR NAME of each entry"},
	{"stat", 1, look_stat, "PATH...", "the same of each path, which is not followed"},
	{"fds", 0, look_fds, "", "NUMBER ACCESS cloexec|inherited TARGET of each"},
	{"ns", 0, look_ns, "", "the namespaces it is in"},
	{"ids", 0, look_ids, "", "uid, gid, groups"},
	{"tty", 0, look_tty, "", "whether 0, 1, 2 are terminals; session, size"},
	{"host-name", 0, look_host_name, "", "uname -n"},
	{"processes", 0, look_processes, "", "PID PPID STATE NAME of each it can see"},
	{"interfaces", 0, look_interfaces, "", "the network interfaces"},
	{"exit", 1, act_exit, "STATUS", "ends with it"},
	{"kill", 1, act_kill, "SIGNAL [PID]", "sends a signal to itself, or to PID"},
	{"say", 1, act_say, "TEXT...", "the texts on standard output"},
	{"complain", 1, act_complain, "TEXT...", "the texts on standard error"},
	{"write", 2, act_write, "FILE TEXT", "makes FILE hold TEXT"},
	{"open", 1, act_open, "FILE", "opens it for reading and writing"},
	{"mknod", 3, act_mknod, "FILE MAJOR MINOR", "makes a character device, opens it"},
	{"mkdir", 1, act_mkdir, "PATH", "makes a directory"},
	{"mount", 2, act_mount, "TYPE PATH", "mounts a new file system of TYPE there"},
	{"read-line", 0, act_read_line, "", "a line of standard input, or '(end)'"},
	{"pause", 0, act_pause, "[STATUS]", "'ready', then which signal ended it"},
	{"ignore", 1, act_ignore, "SIGNAL...", "'ready', then USR1 only ends it"},
	{"push-tty", 0, act_push_tty, "", "types into its terminal (TIOCSTI, TIOCLINUX)"},
	{"spawn-orphan", 0, family_orphan, "",
         "an orphan's parent, and whether it is reaped"},
	{"spawn-daemon", 1, family_daemon, "STATUS",
         "leaves a process that ignores SIGTERM"},
	{"serve", 1, family_serve, "NAME", "waits for a caller on an abstract socket"},
	{"call", 1, family_call, "NAME", "calls it, and waits until it is there"},
	{"send", 2, family_send, "KEY TEXT", "puts TEXT into a System V message queue"},
	{"receive", 1, family_receive, "KEY", "takes one from it"},
	{"try-syscall", 1, syscalls_try, "NAME...",
         "ok, errno N, signal N; all arguments -1"},
	{NULL},
};

int failed(const char *what)
{
	int number = errno;

	fflush(stdout);
	fprintf(stderr, "probe: %s: errno %d: %s\n", what, number, strerror(number));
	return 1;
}

long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end) {
		fprintf(stderr, "probe: '%s' is no number\n", text);
		exit(2);
	}
	return value;
}

static int help(char **args)
{
	(void)args;
	for (const struct verb *v = verbs; v->name; v++)
		printf("%s %s\n\t%s\n", v->name, v->args_help, v->help);
	return 0;
}

/* ARGS[0] is the verb. */
static int run(char **args)
{
	int count = 0;

	while (args[count])
		count++;
	for (const struct verb *v = verbs; v->name; v++)
		if (count > v->args && !strcmp(v->name, args[0]))
			return v->run(args + 1);
	fprintf(stderr, "probe: cannot '%s' with %d arguments\n", args[0], count - 1);
	return 2;
}

static int report(char **args)
{
	int status = 0;

	for (; *args; args++) {
		char *words[REPORT_WORDS + 1] = {NULL};
		int count = 0;

		printf("== %s\n", *args);
		for (char *word = strtok(*args, " "); word && count < REPORT_WORDS;
		     word = strtok(NULL, " "))
			words[count++] = word;
		status |= count ? run(words) : 2;
	}
	return status;
}

int main(int argc, char **argv)
{
	int status = argc > 1 ? run(argv + 1) : help(NULL);

	return fflush(stdout) ? failed("standard output") : status;
}
