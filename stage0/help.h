/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the tables of commands and options say to people: the help, in rkt's layout
 * (rkt 1.8). Hidden, deprecated and not yet served rows are left out.
 */

#include "common/buf.h"
#include "stage0/command.h"

/* Of the program as a whole. */
#define HELP_SUMMARY "run pods of App Container images, without a daemon"
#define HELP_ARGS    "[OPTIONS] COMMAND ..."
#define HELP_STATUS                                                                  \
	"That of the pod or of the entered command, which is 128 + n when signal n " \
	"ended it; 254 for every failure of the program's own."

/* What the texts are about besides a command. */
struct help_about {
	const char *program;               /* "gantry" or "rkt" */
	const struct option_spec *globals; /* the options of every command */
};

/* Adds the help of COMMAND, of a group of commands, or of the program when it is NULL. */
void help_text(const struct help_about *about, const struct command *command,
               struct buf *out);

/* Adds "--name=DEFAULT" as the help shows it. */
void help_option(const struct option_spec *option, struct buf *out);

/* Whether the option is for people to see. */
bool help_shows_option(const struct option_spec *option);

/* The options of a table that are to be seen, sorted by name; the array, which ends with
 * NULL, is the caller's. */
must_check const struct option_spec **help_sort_options(const struct option_spec *table);
