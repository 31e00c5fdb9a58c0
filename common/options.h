/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Command line options: one table per command, which parses, is the help, and feeds the
 * shell completion and the man page (rkt 1.1).
 *
 *	--name VALUE, --name=VALUE	an option with a value
 *	--name, --name=BOOL		a flag
 *	--name, --name=VALUE		one whose value is optional: only with '='
 *	-n VALUE, -n			by its letter
 *	--				ends the options
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strv.h"

/* Sets *VALUE from ARG, or fails with what was wrong with it: "must be a number". ARG is
 * NULL when the value is optional and was not given. */
typedef int option_parse(void *value, const char *arg, struct error *err);

enum option_flags {
	OPTION_OPTIONAL = 1 << 0, /* the value may be left out, and needs '=' */
	OPTION_HIDDEN = 1 << 1,   /* not in the help */
	OPTION_APP = 1 << 2,      /* must follow an image (rkt 2.1) */
	OPTION_REPEATED = 1 << 3, /* says in the help that it may stand several times */
};

struct option_spec {
	char letter;         /* 0 if it has none */
	const char *name;    /* without the dashes; NULL ends the table */
	const char *arg;     /* "TIME"; NULL for a flag */
	const char *help;    /* one line */
	const char *initial; /* the default as the help shows it; NULL: none */
	unsigned flags;
	option_parse *parse;
	void *value;
	const char *unserved; /* not NULL: known, and refused with this sentence */
	const char *instead;  /* not NULL: deprecated, and what to write instead */
};

/* Rows as most are: a flag, its VALUE a bool; an option with the argument ARG; the latter
 * with INITIAL for the help. The flags' type is checked where the table is written. */
// clang-format off
#define OPTION_FLAG(n, v, h)                                         \
	{.name = (n), .help = (h), .parse = option_flag, .value = 1 ? (v) : (bool *)0}
#define OPTION_VALUE(n, a, p, v, h)                                  \
	{.name = (n), .arg = (a), .help = (h), .parse = (p), .value = (v)}
#define OPTION_INITIAL(n, a, i, p, v, h)                             \
	{.name = (n), .arg = (a), .help = (h), .initial = (i), .parse = (p), .value = (v)}
// clang-format on

/* Parsers for the common types of *VALUE: bool, char * (the command line's own text), a
 * uint64_t of nanoseconds ("30m0s", "1h", "0"), struct strv (each use adds one), int64_t. */
option_parse option_flag, option_text, option_time, option_texts, option_int;

/* Reads a length of time: "1h30m", "1.5s", "-10ms", "0"; units h m s ms us ns. */
must_check int option_read_time(const char *text, int64_t *nanoseconds,
                                struct error *err);

/* Several tables searched in order, as a command's own and the global ones. */
struct option_tables {
	const struct option_spec *tables[4]; /* NULL ends */
	bool has_image; /* OPTION_APP has an image to follow; else it is refused */
};

enum options_outcome {
	OPTIONS_END,   /* nothing is left */
	OPTIONS_WORD,  /* argv[*at] is no option: a positional */
	OPTIONS_DASHES /* argv[*at] is "--"; options end after it */
};

/*
 * Takes options from ARGV, beginning at *AT, until a word that is none, and leaves *AT
 * there. Returns an options_outcome, or fails with rkt's words (rkt 1.5): "unknown flag:
 * --x", "flag needs an argument: --x", "invalid argument "V" for --x=V: REASON". An option
 * that is not served is -EOPNOTSUPP.
 */
must_check int options_take(const struct option_tables *tables, char **argv, int *at,
                            struct error *err);

/* The option called NAME (LEN bytes of it) in any of the tables, or NULL. */
const struct option_spec *options_find(const struct option_tables *tables,
                                       const char *name, size_t len);

/* The one with LETTER, or NULL. */
const struct option_spec *options_find_letter(const struct option_tables *tables,
                                              char letter);

/* Whether the next word is the option's value when there is no '='. */
bool option_takes_word(const struct option_spec *option);
