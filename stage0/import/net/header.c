/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/header.h"

#include <string.h>
#include <strings.h>

/* Reads digits at *AT and goes past them; more than an int64_t holds is the most it does. */
static bool take_number(const char **at, int64_t *number)
{
	const char *begin = *at;

	for (*number = 0; **at >= '0' && **at <= '9'; (*at)++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, **at - '0', number)) {
			*number = INT64_MAX;
			*at += strspn(*at, "0123456789");
			break;
		}
	return *at > begin;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* The next item of a list and its length; an item in quotes may have commas. */
static const char *next_item(const char **at, size_t *len)
{
	const char *begin = *at + strspn(*at, ", \t");
	bool quoted = false;
	const char *end;

	for (end = begin; *end && (quoted || *end != ','); end++) {
		if (*end == '"')
			quoted = !quoted;
		if (quoted && *end == '\\' && end[1])
			end++;
	}
	*at = end;
	while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*len = (size_t)(end - begin);
	return *len ? begin : NULL;
}

/* Whether the item is NAME, or NAME and a value. */
static bool is_named(const char *item, size_t len, const char *name)
{
	size_t wanted = strlen(name);

	return len >= wanted && strncasecmp(item, name, wanted) == 0 &&
	       (len == wanted || strchr("= \t", item[wanted]));
}

static bool read_max_age(const char *item, int64_t *age)
{
	const char *at = item + strlen("max-age");

	return take_char(&at, '=') && (take_char(&at, '"') || true) &&
	       take_number(&at, age);
}

int64_t header_max_age(const char *cache_control)
{
	int64_t found = -1, age;
	const char *item;
	size_t len;

	while ((item = next_item(&cache_control, &len))) {
		if (is_named(item, len, "no-cache") || is_named(item, len, "no-store"))
			return 0;
		if (!is_named(item, len, "max-age"))
			continue;
		if (!read_max_age(item, &age))
			age = 0;
		/* Of two, the one that asks sooner. */
		if (found < 0 || age < found)
			found = age;
	}
	return found;
}

bool header_content_range(const char *text, struct header_range *range)
{
	static const char unit[] = "bytes ";

	if (strncasecmp(text, unit, strlen(unit)) != 0)
		return false;
	text += strlen(unit);
	return take_number(&text, &range->first) && take_char(&text, '-') &&
	       take_number(&text, &range->last) && take_char(&text, '/') &&
	       take_number(&text, &range->total) && *text == '\0' &&
	       range->first <= range->last && range->last < range->total;
}

bool header_has_word(const char *list, const char *word)
{
	const char *item;
	size_t len;

	while ((item = next_item(&list, &len)))
		if (len == strlen(word) && strncasecmp(item, word, len) == 0)
			return true;
	return false;
}

bool header_is_strong(const char *etag)
{
	const char *end = etag[0] == '"' ? strchr(etag + 1, '"') : NULL;

	return end && end > etag + 1 && end[1] == '\0';
}
