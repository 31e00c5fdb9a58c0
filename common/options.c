/* SPDX-License-Identifier: Apache-2.0 */
#include "common/options.h"

#include <ctype.h>
#include <string.h>

#include "common/boolean.h"
#include "common/log.h"
#include "common/memory.h"

/* Digits of a fraction beyond this count for nothing. */
#define FRACTION_MAX INT64_C(1000000000000000)

/* "ms" is no "m": longer names stand first. */
static const struct {
	const char *name;
	int64_t nanoseconds;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", 60 * INT64_C(1000000000)},
	{"h", 3600 * INT64_C(1000000000)},
};

/* Adds NUMBER[.FRACTION]UNIT, and moves *TEXT behind it. */
static int read_part(const char **text, int64_t *sum)
{
	int64_t whole = 0, fraction = 0, scale = 1;
	const char *at = *text;
	size_t digits = 0;

	for (; isdigit((unsigned char)*at); at++, digits++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *at - '0', &whole))
			return -ERANGE;
	if (*at == '.')
		for (at++; isdigit((unsigned char)*at); at++, digits++)
			if (scale < FRACTION_MAX) {
				fraction = fraction * 10 + (*at - '0');
				scale *= 10;
			}
	for (size_t i = 0; digits && i < sizeof(units) / sizeof(*units); i++) {
		size_t len = strlen(units[i].name);
		__int128 part = (__int128)whole * units[i].nanoseconds +
		                (__int128)fraction * units[i].nanoseconds / scale;

		if (strncmp(at, units[i].name, len) != 0)
			continue;
		if (part > INT64_MAX - *sum)
			return -ERANGE;
		*sum += (int64_t)part;
		*text = at + len;
		return 0;
	}
	return -EINVAL;
}

int option_read_time(const char *text, int64_t *nanoseconds, struct error *err)
{
	bool negative = *text == '-';
	const char *at = text + (*text == '-' || *text == '+');
	int64_t sum = 0;
	int r = *at ? 0 : -EINVAL;

	if (strcmp(at, "0") != 0)
		while (r == 0 && *at)
			r = read_part(&at, &sum);
	if (r == -ERANGE)
		return error_set(err, r, "is too long a time");
	if (r < 0)
		return error_set(err, r, "must be a time like '30s' or '1h30m'");
	*nanoseconds = negative ? -sum : sum;
	return 0;
}

int option_flag(void *value, const char *arg, struct error *err)
{
	bool *flag = value;

	if (arg)
		return boolean_parse(arg, flag, err);
	*flag = true;
	return 0;
}

int option_text(void *value, const char *arg, struct error *err)
{
	(void)err;
	*(const char **)value = arg;
	return 0;
}

int option_time(void *value, const char *arg, struct error *err)
{
	int64_t ns = 0;

	if (option_read_time(arg, &ns, err) < 0)
		return err->code;
	if (ns < 0)
		return error_set(err, -EINVAL, "must not be negative");
	*(uint64_t *)value = (uint64_t)ns;
	return 0;
}

int option_texts(void *value, const char *arg, struct error *err)
{
	(void)err;
	strv_add(value, arg);
	return 0;
}

int option_int(void *value, const char *arg, struct error *err)
{
	long long number;
	char *end;

	errno = 0;
	number = strtoll(arg, &end, 10);
	if (isspace((unsigned char)*arg) || end == arg || *end)
		return error_set(err, -EINVAL, "must be a whole number");
	if (errno == ERANGE)
		return error_set(err, -ERANGE, "is too large a number");
	*(int64_t *)value = number;
	return 0;
}

const struct option_spec *options_find(const struct option_tables *tables,
                                       const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(tables->tables) / sizeof(*tables->tables); i++)
		for (const struct option_spec *o = tables->tables[i]; o && o->name; o++)
			if (strncmp(o->name, name, len) == 0 && !o->name[len])
				return o;
	return NULL;
}

const struct option_spec *options_find_letter(const struct option_tables *tables,
                                              char letter)
{
	for (size_t i = 0; i < sizeof(tables->tables) / sizeof(*tables->tables); i++)
		for (const struct option_spec *o = tables->tables[i]; o && o->name; o++)
			if (o->letter && o->letter == letter)
				return o;
	return NULL;
}

bool option_takes_word(const struct option_spec *option)
{
	return option->arg && !(option->flags & OPTION_OPTIONAL);
}

static int set_option(const struct option_spec *option, const char *arg,
                      struct error *err)
{
	if (option->unserved)
		return error_set(err, -EOPNOTSUPP, "--%s: %s", option->name,
		                 option->unserved);
	if (option->instead)
		log_warning("Flag --%s has been deprecated, use %s", option->name,
		            option->instead);
	if (option->parse(option->value, arg, err) >= 0)
		return 0;
	if (!arg)
		return error_wrap(err, "--%s", option->name);
	return error_wrap(err, "invalid argument \"%s\" for --%s=%s", arg, option->name,
	                  arg);
}

/* Takes the option WORD, and for its value perhaps the next word. Returns how many. */
static int take_one(const struct option_tables *tables, const char *word,
                    const char *next, struct error *err)
{
	bool is_long = word[1] == '-';
	const char *name = word + 1 + is_long;
	size_t len = strcspn(name, "=");
	const char *arg = name[len] ? name + len + 1 : NULL;
	const struct option_spec *option;
	int words = 1;

	if (is_long && (len == 0 || name[0] == '-'))
		return error_set(err, -EINVAL, "bad flag syntax: %s", word);
	option = is_long    ? options_find(tables, name, len)
	         : len == 1 ? options_find_letter(tables, name[0])
	                    : NULL;
	if (!option && is_long)
		return error_set(err, -EINVAL, "unknown flag: --%.*s", (int)len, name);
	if (!option)
		return error_set(err, -EINVAL, "unknown shorthand flag: '%c' in %s",
		                 name[0], word);
	if ((option->flags & OPTION_APP) && !tables->has_image)
		return error_set(err, -EINVAL, "--%s must follow an image", option->name);
	if (!arg && option_takes_word(option)) {
		if (!next)
			return error_set(err, -EINVAL, "flag needs an argument: %s",
			                 word);
		arg = next;
		words = 2;
	}
	return set_option(option, arg, err) < 0 ? err->code : words;
}

int options_take(const struct option_tables *tables, char **argv, int *at,
                 struct error *err)
{
	while (argv[*at]) {
		const char *word = argv[*at];
		int words;

		if (word[0] != '-' || !word[1])
			return OPTIONS_WORD;
		if (tables->has_image && strcmp(word, "---") == 0)
			return OPTIONS_WORD;
		if (strcmp(word, "--") == 0)
			return OPTIONS_DASHES;
		words = take_one(tables, word, argv[*at + 1], err);
		if (words < 0)
			return words;
		*at += words;
	}
	return OPTIONS_END;
}
