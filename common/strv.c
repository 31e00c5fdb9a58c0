/* SPDX-License-Identifier: Apache-2.0 */
#include "common/strv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"

void strv_take(struct strv *v, char *text)
{
	/* Room grows by powers of two, so that adding is cheap without a third field. */
	if ((v->count & (v->count + 1)) == 0)
		v->items = memory_resized(v->items, 2 * v->count + 2, sizeof(*v->items));
	v->items[v->count++] = text;
	v->items[v->count] = NULL;
}

void strv_add(struct strv *v, const char *text)
{
	strv_take(v, memory_text(text));
}

void strv_add_format(struct strv *v, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	text = memory_zeroed((size_t)len + 1, 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	strv_take(v, text);
}

void strv_extend(struct strv *v, const struct strv *from)
{
	for (size_t i = 0; i < from->count; i++)
		strv_add(v, from->items[i]);
}

void strv_split(struct strv *v, const char *text, char separator)
{
	const char *end;

	while ((end = strchr(text, separator))) {
		strv_take(v, memory_bytes(text, (size_t)(end - text)));
		text = end + 1;
	}
	strv_add(v, text);
}

bool strv_has(const struct strv *v, const char *text)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->items[i], text) == 0)
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
	if (v->count)
		qsort(v->items, v->count, sizeof(*v->items), by_bytes);
}

char *const *strv_items(const struct strv *v)
{
	static char *const none[] = {NULL};

	return v->items ? v->items : none;
}

void strv_clear(struct strv *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct strv){0};
}
