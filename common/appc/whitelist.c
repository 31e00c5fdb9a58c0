/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/whitelist.h"

#include <string.h>

#include "common/buf.h"

static char *clean_path(const char *path)
{
	autoclear(buf) clean = {0};
	autoclear(strv) parts = {0}, kept = {0};

	strv_split(&parts, path, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];

		if (strcmp(part, "..") == 0 && kept.count)
			free(kept.items[--kept.count]);
		else if (part[0] && strcmp(part, ".") != 0 && strcmp(part, "..") != 0)
			strv_add(&kept, part);
	}
	buf_text(&clean, "");
	for (size_t i = 0; i < kept.count; i++) {
		if (i)
			buf_char(&clean, '/');
		buf_text(&clean, kept.items[i]);
	}
	return buf_take(&clean);
}

void whitelist_clean(const struct strv *listed, struct strv *clean)
{
	for (size_t i = 0; i < listed->count; i++)
		strv_take(clean, clean_path(listed->items[i]));
	strv_sort(clean);
}

size_t whitelist_place(const char *const *items, size_t count, const char *path)
{
	size_t from = 0, to = count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(items[middle], path) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool whitelist_has(const char *const *items, size_t count, const char *path)
{
	size_t place = whitelist_place(items, count, path);

	return place < count && strcmp(items[place], path) == 0;
}
