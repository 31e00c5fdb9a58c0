/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How far the downloads are, on standard error, and nowhere else:
 *
 *	auto	on a terminal one line, drawn anew a few times a second: what, how much, the
 *		rate and the time left, of all that is under way together; else nothing
 *	json	a JSON object on each line, for programs
 *	none	nothing
 *
 * The lines of JSON, version 1. More members may come; "progress" changes when one changes
 * its meaning.
 *
 *	{"progress":1,"event":"begin","image":"example.com/app","url":"https://...",
 *	 "bytes":0,"total":1048576}
 *
 * "event" is "begin", "advance", "end" (it came whole) or "failed"; "bytes" what is here,
 * what an earlier download left included; "total" -1 if the server does not say.
 *
 * Any thread may use it.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/options.h"

enum progress_style { PROGRESS_AUTO, PROGRESS_JSON, PROGRESS_NONE };

/* Reads "auto", "json" or "none" into an enum progress_style. */
option_parse progress_style_parse;

/* The option of all commands that fetch. */
// clang-format off
#define PROGRESS_OPTION(v)                                                    \
	OPTION_INITIAL("progress", "STYLE", "auto", progress_style_parse, v,  \
	               "how to tell of downloads: auto, json or none")
// clang-format on

struct progress;
struct progress_item; /* one download; the progress's */

must_check struct progress *progress_new(enum progress_style style);
void progress_free(struct progress *progress);
define_autoptr(progress);

/* Begins a download, of which HAVE bytes are here; TOTAL -1 if that is not known. */
struct progress_item *progress_begin(struct progress *progress, const char *image,
                                     const char *url, int64_t have, int64_t total);
void progress_advance(struct progress_item *item, int64_t bytes);
void progress_end(struct progress_item *item, bool whole);

/* Nothing has come for a while: the line is drawn anew, since time passes. */
void progress_wait(struct progress_item *item);

/* What the line says. */
struct progress_view {
	const char *image; /* of the only one, or NULL */
	size_t count;
	int64_t bytes;
	int64_t total; /* -1: not known */
	int64_t rate;  /* bytes a second; 0: not known yet */
};

/* Adds the line, at most COLUMNS wide. */
void progress_line(const struct progress_view *view, size_t columns, struct buf *line);
