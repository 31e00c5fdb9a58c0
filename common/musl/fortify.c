/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a static library built against glibc with _FORTIFY_SOURCE calls, for a program that
 * is linked with musl: the checked forms of functions that musl has. The distribution's
 * libjansson.a is such a library; it shares with its caller nothing of libc's but plain
 * memory and numbers, which are the same in both. Checking is what musl's do not: the sizes
 * are those the compiler knew, and a write past them ends the program here as well.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __snprintf_chk(char *to, size_t len, int flag, size_t room, const char *fmt, ...);
int __vsnprintf_chk(char *to, size_t len, int flag, size_t room, const char *fmt,
                    va_list args);
char *__strncpy_chk(char *to, const char *from, size_t len, size_t room);

int __vsnprintf_chk(char *to, size_t len, int flag, size_t room, const char *fmt,
                    va_list args)
{
	(void)flag;
	if (len > room)
		abort();
	return vsnprintf(to, len, fmt, args);
}

int __snprintf_chk(char *to, size_t len, int flag, size_t room, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = __vsnprintf_chk(to, len, flag, room, fmt, args);
	va_end(args);
	return r;
}

char *__strncpy_chk(char *to, const char *from, size_t len, size_t room)
{
	if (len > room)
		abort();
	return strncpy(to, from, len);
}
