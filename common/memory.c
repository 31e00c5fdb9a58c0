/* SPDX-License-Identifier: Apache-2.0 */
#include "common/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *or_die(void *p)
{
	static const char message[] = "out of memory\n";

	if (p)
		return p;
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(254);
}

void *memory_zeroed(size_t count, size_t size)
{
	return or_die(calloc(count ? count : 1, size ? size : 1));
}

void *memory_resized(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return or_die(NULL);
	return or_die(realloc(p, bytes ? bytes : 1));
}

char *memory_text(const char *text)
{
	return text ? or_die(strdup(text)) : NULL;
}

char *memory_bytes(const void *data, size_t len)
{
	char *copy = memory_zeroed(len + 1, 1);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

char *memory_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return or_die(text);
}
