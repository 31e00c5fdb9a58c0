/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The app in the images of the functional tests: a static program that says what a pod looks
 * like from inside, and does what an app may do. One verb, one row of the table in main.c;
 * each prints plain lines for a test to read. libc only, since it is alone in its image.
 *
 * A verb returns the exit status. What fails says so on standard error, with errno's number,
 * and returns 1.
 */

#include <stddef.h>

typedef int verb_run(char **args);

struct verb {
	const char *name;
	int args; /* how many it takes at least */
	verb_run *run;
	const char *args_help;
	const char *help;
};

/* Prints "probe: WHAT: errno N: TEXT" and returns 1. */
int failed(const char *what);

/* A number from the command line; ends the program if it is none. */
long number(const char *text);

/* "TERM" for 15, and back; NULL and 0 for what is no signal of the table. */
const char *signal_name(int number);
int signal_number(const char *name);

/* look.c */
verb_run look_argv, look_cwd, look_env, look_cat, look_list, look_stat, look_fds, look_ns,
	look_ids, look_tty, look_host_name, look_processes, look_interfaces;

/* act.c */
verb_run act_exit, act_kill, act_say, act_complain, act_write, act_open, act_mknod,
	act_mkdir, act_mount, act_read_line, act_pause, act_ignore, act_push_tty;

/* family.c */
verb_run family_orphan, family_daemon, family_serve, family_call, family_send,
	family_receive;

/* syscalls.c */
verb_run syscalls_try;
