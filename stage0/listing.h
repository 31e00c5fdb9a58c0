/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the commands that list have in common: the --format option, and the block on standard
 * error for single things that could not be told of, which fails nothing (rkt 2.10).
 */

#include "common/buf.h"
#include "common/error.h"
#include "common/options.h"
#include "common/strv.h"

struct host;

enum listing_format { LISTING_TEXT, LISTING_JSON, LISTING_JSON_PRETTY };

/* Of *VALUE, an enum listing_format: "json" or "json-pretty"; "" is text. */
option_parse option_format;

/* Prints TEXT, which is JSON or lines, on standard output, with a line end after JSON. */
must_check int listing_print(enum listing_format format, const struct buf *text,
                             struct error *err);

/* Prints the block of PROBLEMS, if there are any, met while WHAT ("listing pods"). */
void listing_print_problems(const struct host *host, const char *what,
                            const struct strv *problems);
