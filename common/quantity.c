/* SPDX-License-Identifier: Apache-2.0 */
#include "common/quantity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define DIGITS "0123456789"
#define NANO   ((__int128)1000000000)

/* A power of ten beyond any that an amount can have; keeps loops short. */
enum { EXPONENT_MAX = 100 };

static const struct suffix {
	const char *text;
	enum quantity_family family;
	int exponent; /* of ten, or of two */
} suffixes[] = {
	{"n", QUANTITY_DECIMAL, -9}, {"u", QUANTITY_DECIMAL, -6},
	{"m", QUANTITY_DECIMAL, -3}, {"", QUANTITY_DECIMAL, 0},
	{"k", QUANTITY_DECIMAL, 3},  {"M", QUANTITY_DECIMAL, 6},
	{"G", QUANTITY_DECIMAL, 9},  {"T", QUANTITY_DECIMAL, 12},
	{"P", QUANTITY_DECIMAL, 15}, {"E", QUANTITY_DECIMAL, 18},
	{"", QUANTITY_BINARY, 0},    {"Ki", QUANTITY_BINARY, 10},
	{"Mi", QUANTITY_BINARY, 20}, {"Gi", QUANTITY_BINARY, 30},
	{"Ti", QUANTITY_BINARY, 40}, {"Pi", QUANTITY_BINARY, 50},
	{"Ei", QUANTITY_BINARY, 60},
};

enum { SUFFIX_COUNT = sizeof(suffixes) / sizeof(suffixes[0]) };

/* The digits as written, before they mean anything. */
struct parts {
	bool negative;
	const char *whole; /* digits before the point */
	size_t whole_len;
	const char *fraction; /* and after it */
	size_t fraction_len;
	enum quantity_family family;
	int exponent;
};

/* "e3", "E-3": a whole exponent. */
static bool parse_exponent(const char *text, int *exponent)
{
	const char *digits;
	bool negative;

	if (*text != 'e' && *text != 'E')
		return false;
	negative = text[1] == '-';
	digits = text + 1 + (text[1] == '-' || text[1] == '+');
	if (!*digits || digits[strspn(digits, DIGITS)])
		return false;
	*exponent = 0;
	for (; *digits; digits++)
		if (*exponent < EXPONENT_MAX)
			*exponent = *exponent * 10 + *digits - '0';
	if (negative)
		*exponent = -*exponent;
	return true;
}

static bool parse_suffix(const char *text, struct parts *parts)
{
	for (size_t i = 0; i < SUFFIX_COUNT; i++) {
		if (strcmp(text, suffixes[i].text) != 0)
			continue;
		parts->family = suffixes[i].family;
		parts->exponent = suffixes[i].exponent;
		return true;
	}
	parts->family = QUANTITY_EXPONENT;
	return parse_exponent(text, &parts->exponent);
}

static bool parse_parts(const char *text, struct parts *parts)
{
	parts->negative = *text == '-';
	text += *text == '-' || *text == '+';
	parts->whole = text;
	parts->whole_len = strspn(text, DIGITS);
	text += parts->whole_len;
	parts->fraction = text + (*text == '.');
	parts->fraction_len = *text == '.' ? strspn(parts->fraction, DIGITS) : 0;
	text = parts->fraction + parts->fraction_len;
	return parts->whole_len + parts->fraction_len && parse_suffix(text, parts);
}

/* The digit AT places right of the first one; 0 outside of what is written. */
static int digit(const struct parts *parts, long at)
{
	if (at < 0)
		return 0;
	if ((size_t)at < parts->whole_len)
		return parts->whole[at] - '0';
	at -= (long)parts->whole_len;
	return (size_t)at < parts->fraction_len ? parts->fraction[at] - '0' : 0;
}

/* The absolute value in nano, rounded up; false if it is too large to be told. */
static bool measure(const struct parts *parts, __int128 *nano)
{
	bool binary = parts->family == QUANTITY_BINARY;
	__int128 unit = binary ? NANO << parts->exponent : NANO;
	long point = (long)parts->whole_len + (binary ? 0 : parts->exponent);
	long end = (long)(parts->whole_len + parts->fraction_len);
	__int128 whole = 0;
	__int128 part = 0;

	for (long i = 0; i < point; i++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, digit(parts, i), &whole))
			return false;
	/* From the last digit to the first: rounding up each time is rounding up once. */
	for (long i = end - 1; i >= point; i--)
		part = (part + digit(parts, i) * unit + 9) / 10;
	return !__builtin_mul_overflow(whole, unit, &whole) &&
	       !__builtin_add_overflow(whole, part, nano);
}

int quantity_parse(const char *text, struct quantity *quantity, struct error *err)
{
	const __int128 binary_max = INT64_MAX * NANO;
	struct parts parts;
	__int128 nano;
	bool fits;

	if (!parse_parts(text, &parts))
		return error_set(err, -EINVAL,
		                 "'%.64s' is not an amount such as 500m, 1.5 or 64Mi",
		                 text);
	fits = measure(&parts, &nano);
	if (parts.family == QUANTITY_BINARY && (!fits || nano > binary_max))
		nano = binary_max;
	else if (!fits)
		return error_set(err, -ERANGE, "'%.64s' is too large", text);
	*quantity = (struct quantity){parts.negative ? -nano : nano, parts.family};
	/* A part of one has no binary text. */
	if (parts.family == QUANTITY_BINARY && quantity->nano > 0 &&
	    quantity->nano < NANO)
		quantity->family = QUANTITY_DECIMAL;
	return 0;
}

int64_t quantity_ceil(const struct quantity *quantity, unsigned decimals)
{
	__int128 unit = NANO;
	__int128 up;
	__int128 value;

	while (decimals-- && unit > 1)
		unit /= 10;
	up = quantity->nano < 0 ? 1 - unit : unit - 1;
	if (__builtin_add_overflow(quantity->nano, up, &value))
		value = quantity->nano;
	value /= unit;
	if (value > INT64_MAX)
		return INT64_MAX;
	return value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

/* "12" and up to 39 digits more; printf(3) has no word for these. */
static void format_number(__int128 value, char text[48])
{
	unsigned __int128 rest = value < 0 ? -(unsigned __int128)value
	                                   : (unsigned __int128)value;
	char digits[48];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + (int)(rest % 10));
	while (rest /= 10);
	if (value < 0)
		digits[len++] = '-';
	for (size_t i = 0; i < len; i++)
		text[i] = digits[len - 1 - i];
	text[len] = '\0';
}

/* Whether the canonical text has a binary suffix: whole, and large enough for one. */
static bool is_binary(const struct quantity *quantity)
{
	__int128 whole = quantity->nano / NANO;

	return quantity->family == QUANTITY_BINARY && quantity->nano % NANO == 0 &&
	       (whole >= 1024 || whole <= -1024);
}

static __int128 suffix_unit(const struct suffix *suffix)
{
	__int128 unit = 1;

	if (suffix->family == QUANTITY_BINARY)
		return NANO << suffix->exponent;
	for (int i = -9; i < suffix->exponent; i++)
		unit *= 10;
	return unit;
}

char *quantity_format(const struct quantity *quantity)
{
	enum quantity_family family = is_binary(quantity) ? QUANTITY_BINARY
	                                                  : QUANTITY_DECIMAL;
	const struct suffix *best = NULL;
	char number[48];

	if (quantity->nano == 0)
		return memory_text("0");
	for (size_t i = 0; i < SUFFIX_COUNT; i++)
		if (suffixes[i].family == family &&
		    quantity->nano % suffix_unit(&suffixes[i]) == 0)
			best = &suffixes[i];
	format_number(quantity->nano / suffix_unit(best), number);
	if (quantity->family == QUANTITY_EXPONENT && best->exponent)
		return memory_format("%se%d", number, best->exponent);
	return memory_format("%s%s", number, best->text);
}
