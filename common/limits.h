/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resource limits of a process (setrlimit(2)), and their text:
 *
 *	nofile=1024:4096,core=0,memlock=64Mi,nproc=unlimited
 *
 * NAME=SOFT[:HARD], where one value is both. The names are those of setrlimit(2), in lower
 * case and without RLIMIT_. A value is `unlimited`, or a whole number in the unit that
 * setrlimit(2) has; where that is bytes, an amount (common/quantity.h). No name stands
 * twice; what is not named is not said.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/error.h"

#define LIMIT_UNLIMITED UINT64_MAX

struct limit {
	const char *name; /* static */
	int resource;     /* RLIMIT_* */
	uint64_t soft;    /* or LIMIT_UNLIMITED */
	uint64_t hard;    /* likewise; not below SOFT */
};

struct limits {
	struct limit *items;
	size_t count;
};

/* Adds the one limit that TEXT says. */
must_check int limits_add(struct limits *limits, const char *text, struct error *err);

/* Adds those of a text as above. */
must_check int limits_parse(struct limits *limits, const char *text, struct error *err);

/* Adds those of FROM that LIMITS does not name. */
void limits_complete(struct limits *limits, const struct limits *from);

/* Adds to LIMITS, as limits_complete(), what process PID has. */
must_check int limits_complete_by(struct limits *limits, pid_t pid, struct error *err);

/* Adds the text, with values as numbers. */
void limits_format(const struct limits *limits, struct buf *out);

void limits_clear(struct limits *limits);
