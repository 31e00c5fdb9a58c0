/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/printable.h"
#include "common/strv.h"

static const char *prefix = "gantry";
static bool debug;
static log_before *before_line;

void log_set_prefix(const char *word)
{
	prefix = word;
}

void log_set_before(log_before *before)
{
	before_line = before;
}

void log_set_debug(bool on)
{
	debug = on;
}

bool log_is_debug(void)
{
	return debug;
}

/* One write(2) for each line, so that lines of several processes do not mix. */
static void print_line(const char *text)
{
	autoclear(buf) line = {0};

	buf_format(&line, "%s: ", prefix);
	printable_add(&line, text, "\t");
	buf_char(&line, '\n');
	if (before_line)
		before_line();
	(void)!write(STDERR_FILENO, line.data, line.len);
}

static printf_like(1, 0) void print(const char *fmt, va_list args)
{
	char text[sizeof(((struct error *)0)->text)];

	vsnprintf(text, sizeof(text), fmt, args);
	print_line(text);
}

void log_debug(const char *fmt, ...)
{
	va_list args;

	if (!debug)
		return;
	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void log_debug_lines(const struct buf *text)
{
	autoclear(strv) lines = {0};

	strv_split(&lines, buf_string(text), '\n');
	for (size_t i = 0; i < lines.count; i++)
		if (*lines.items[i])
			log_debug("%s", lines.items[i]);
}

void log_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void log_error(const struct error *err)
{
	print_line(err->text);
}
