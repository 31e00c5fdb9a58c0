/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages on standard error, each one line that begins with the command's word:
 * "run: image 'x': cannot open ...". Control characters are shown as '?', because a
 * message may hold text from an image. Library code calls log_debug() only, and returns
 * errors; log_warning() is for what the user should know although nothing failed.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"

/* The word before each message; "gantry" until it is set. Must outlive the process. */
void log_set_prefix(const char *prefix);

/* Called before each line is written: whoever draws on the terminal makes room. NULL: nobody. */
typedef void log_before(void);
void log_set_before(log_before *before);

void log_set_debug(bool on);
bool log_is_debug(void);

void log_debug(const char *fmt, ...) printf_like(1, 2);

/* Each line of TEXT as a debug message. */
void log_debug_lines(const struct buf *text);

void log_warning(const char *fmt, ...) printf_like(1, 2);

/* Prints what failed. Only main() and its like call it. */
void log_error(const struct error *err);
