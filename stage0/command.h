/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A subcommand describes itself in one const struct at the end of its own file; main.c lists
 * their addresses. Parsing, --help, the shell completion, the man page and the check against
 * Documentation/subcommands/ all read this struct and its options.
 *
 * "image list" is a command of the group "image", which is a command without a run(). One that
 * has a run() may be a group as well, as "trust" is.
 */

#include <stdbool.h>

#include "common/error.h"
#include "common/options.h"

struct host;

enum command_needs {
	NEEDS_ROOT = 1 << 0, /* met before run() is called */
	WORDS_LAST =
		1
		<< 1, /* options end at the first word, which starts an app or command */
	HIDDEN = 1 << 2,       /* works, and is listed nowhere */
	NEEDS_CONFIG = 1 << 3, /* all of the configuration must be sound (rkt 3.1) */
};

struct command {
	const char *name;    /* "list", "image list" */
	const char *args;    /* "[--grace-period=TIME]" */
	const char *summary; /* one line, for the list of commands */
	const char *about;   /* a paragraph or more, for --help and the man page */
	const struct option_spec *options; /* NULL: none of its own */
	unsigned needs;
	const char
		*unserved; /* not NULL: known to rkt, refused with this, listed nowhere */

	/* ARGV holds the ARGC words after the options. Returns an exit status for the process,
	 * or < 0 with ERR, which main() prints and turns into 254. */
	int (*run)(struct host *host, int argc, char **argv, struct error *err);
};

/* Every command, sorted by name; ends with NULL. main.c has it. */
extern const struct command *const commands[];

/* The command line cannot be understood: main() prints ERR and the command's help (254). */
enum { USAGE_ERROR = -255 };

/*
 * Finds the command that the words of ARGV, which ends with NULL, name among options that
 * may stand anywhere, and takes its words out of ARGV. Words may be shortened as far as they
 * are unambiguous (rkt 1.1). Sets *COMMAND to the command, to a group if no command of it is
 * named, or to NULL if there is no word at all. Fails for a word that is no command.
 */
must_check int command_find(char **argv, const struct option_spec *globals,
                            const struct command **command, const char **unknown,
                            struct error *err);

/* The last word of its name, which begins its messages: "list" of "image list" (rkt 1.4). */
const char *command_word(const struct command *command);

/* Whether COMMAND stands in lists: neither hidden, nor unserved, nor a group. */
bool command_is_listed(const struct command *command);

/* Whether someone who wrote WORD may have meant COMMAND (rkt 1.5). */
bool command_is_similar(const struct command *command, const char *word);
