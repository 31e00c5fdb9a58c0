/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A subcommand describes itself in one const struct at the end of its own file; main.c lists
 * their addresses. Parsing, --help, the shell completion, the man page and the check against
 * Documentation/subcommands/ all read this struct and its options.
 */

#include "common/error.h"
#include "common/options.h"

struct host;

/* What is met before run() is called. */
enum {
	NEEDS_ROOT = 1 << 0,
	WORDS_LAST =
		1
		<< 1, /* options end at the first word, which starts an app or command */
};

struct command {
	const char *name;    /* "list", "image list" */
	const char *args;    /* "[--grace-period=TIME]" */
	const char *summary; /* one line, for the list of commands */
	const char *about;   /* a paragraph or more, for --help and the man page */
	const struct option_spec *options; /* NULL: none of its own */
	unsigned needs;

	/* ARGV holds the words after the options. Returns an exit status for the process, or
	 * < 0 with ERR, which main() prints and turns into 254. */
	int (*run)(struct host *host, int argc, char **argv, struct error *err);
};

/* Every command, sorted by name; ends with NULL. */
extern const struct command *const commands[];

/* The command line cannot be understood: main() prints ERR and the command's help (254). */
enum { USAGE_ERROR = -255 };
