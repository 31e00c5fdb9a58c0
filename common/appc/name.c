/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/name.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"

#define LOWER        "abcdefghijklmnopqrstuvwxyz"
#define UPPER        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS       "0123456789"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Whether C is one of SET. */
static bool is_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* TEXT has nothing but letters, digits and SEPARATORS, and none of these at its ends. */
static bool is_name(const char *text, const char *separators)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!is_of(text[i], LOWER DIGITS) && !is_of(text[i], separators))
			return false;
	return len && !is_of(text[0], separators) && !is_of(text[len - 1], separators);
}

const char *name_check_identifier(const char *text)
{
	if (strlen(text) > NAME_MAX_LENGTH)
		return "must not be longer than 1024 characters";
	if (is_name(text, "-._~/"))
		return NULL;
	return "must be of lower-case letters, digits and -._~/, with a letter or digit "
	       "at both ends";
}

const char *name_check_name(const char *text)
{
	if (strlen(text) > NAME_MAX_LENGTH)
		return "must not be longer than 1024 characters";
	if (is_name(text, "-"))
		return NULL;
	return "must be of lower-case letters, digits and dashes, with a letter or digit "
	       "at both ends";
}

/* Takes a decimal number that an int64_t holds, and says whether it is zero. */
static bool take_number(const char **at, const char *end, bool *zero)
{
	int64_t n = 0;
	const char *p = *at;

	while (p < end && is_of(*p, DIGITS)) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			return false;
		p++;
	}
	if (p == *at)
		return false;
	*zero = n == 0;
	*at = p;
	return true;
}

/* What follows the three numbers is free, as with the reference tools: images that are out
 * there say such things as "1.30.0+git171c416f-dirty". */
const char *name_check_version(const char *text)
{
	static const char wrong[] = "must be a version such as 0.8.11";
	const char *end = text + strcspn(text, "+-");
	const char *at = text;
	bool all_zero = true;

	for (int i = 0; i < 3; i++) {
		bool zero;

		if (i && (at == end || *at++ != '.'))
			return wrong;
		if (!take_number(&at, end, &zero))
			return wrong;
		all_zero = all_zero && zero;
	}
	if (at != end)
		return wrong;
	return all_zero && !*end ? "must not be 0.0.0" : NULL;
}

const char *name_check_image_id(const char *text)
{
	static const char prefix[] = "sha512-";
	size_t len = sizeof(prefix) - 1;

	if (strncmp(text, prefix, len) == 0 && text[len] && !strchr(text + len, '-'))
		return NULL;
	return "must be an image ID, sha512- and a digest";
}

/* Two digits from LOW to HIGH. */
static bool take_two(const char **at, int low, int high, int *value)
{
	const char *p = *at;

	if (!is_of(p[0], DIGITS) || !is_of(p[1], DIGITS))
		return false;
	*value = (p[0] - '0') * 10 + p[1] - '0';
	*at += 2;
	return *value >= low && *value <= high;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool take_date(const char **at)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int century, year, month, day;
	bool leap;

	if (!take_two(at, 0, 99, &century) || !take_two(at, 0, 99, &year) ||
	    !take_char(at, '-') || !take_two(at, 1, 12, &month) || !take_char(at, '-') ||
	    !take_two(at, 1, 31, &day))
		return false;
	year += 100 * century;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (leap && month == 2);
}

static bool take_time(const char **at)
{
	int value;

	/* A 60th second exists (RFC 3339), though the reference tools do not know it. */
	if (!take_two(at, 0, 23, &value) || !take_char(at, ':') ||
	    !take_two(at, 0, 59, &value) || !take_char(at, ':') ||
	    !take_two(at, 0, 60, &value))
		return false;
	if (!take_char(at, '.'))
		return true;
	value = (int)strspn(*at, DIGITS);
	*at += value;
	return value > 0;
}

static bool take_zone(const char **at)
{
	int value;

	if (take_char(at, 'Z'))
		return true;
	return (take_char(at, '+') || take_char(at, '-')) &&
	       take_two(at, 0, 23, &value) && take_char(at, ':') &&
	       take_two(at, 0, 59, &value);
}

const char *name_check_timestamp(const char *text)
{
	if (take_date(&text) && take_char(&text, 'T') && take_time(&text) &&
	    take_zone(&text) && !*text)
		return NULL;
	return "must be a time such as 2006-01-02T15:04:05Z";
}

/* A host of LEN bytes, perhaps with a user before and a port after it. */
static bool is_authority(const char *text, size_t len)
{
	const char *end = text + len;
	const char *at = memrchr(text, '@', len);
	const char *host = at ? at + 1 : text;
	const char *stop = host;

	if (memchr(text, ' ', len))
		return false;
	if (host < end && *host == '[') {
		stop = memchr(host, ']', (size_t)(end - host));
		if (!stop || stop == host + 1 ||
		    strspn(host + 1, DIGITS UPPER LOWER ":.%") <
		            (size_t)(stop - host - 1))
			return false;
		stop++;
	} else {
		while (stop < end &&
		       (is_of(*stop, LOWER UPPER DIGITS "-._~!$&'()*+,;=%") || *stop < 0))
			stop++;
	}
	if (stop == host)
		return false;
	if (stop < end && *stop == ':')
		stop += 1 + strspn(stop + 1, DIGITS);
	return stop == end;
}

const char *name_check_url(const char *text)
{
	static const char wrong[] = "must be an http or https URL with a host";
	size_t len = 0;

	for (const char *p = text; *p; p++)
		if ((*p > 0 && *p < ' ') || *p == 0x7f ||
		    (*p == '%' &&
		     (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))))
			return wrong;
	if (strncasecmp(text, "http://", 7) == 0)
		len = 7;
	else if (strncasecmp(text, "https://", 8) == 0)
		len = 8;
	if (len && is_authority(text + len, strcspn(text + len, "/?#")))
		return NULL;
	return wrong;
}

const char *name_check_environment(const char *text)
{
	if (is_of(*text, LOWER UPPER "_") &&
	    !text[strspn(text, LOWER UPPER DIGITS "_.-")])
		return NULL;
	return "must be of letters, digits and _.-, with a letter or _ first";
}

const char *name_check_absolute(const char *text)
{
	return *text == '/' ? NULL : "must be an absolute path";
}

const char *name_check_mount_path(const char *text)
{
	for (const char *p = text; *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (len == 2 && strncmp(p, "..", 2) == 0)
			return "must not contain '..'";
		p += len;
	}
	return name_check_absolute(text);
}

const char *name_check_errno(const char *text)
{
	if (!*text || (*text == 'E' && !text[strspn(text, UPPER DIGITS)]))
		return NULL;
	return "must be an errno such as EPERM";
}

int name_sanitize(const char *text, char **name, struct error *err)
{
	autofree char *copy = memory_zeroed(strlen(text) + 1, 1);
	size_t len = 0;

	for (const char *p = text; *p; p++) {
		char c = (char)tolower((unsigned char)*p);

		/* One dash for each character, however many bytes it has. */
		if ((*p & 0xc0) == 0x80)
			continue;
		if (!is_of(c, LOWER DIGITS))
			c = '-';
		if (len || c != '-')
			copy[len++] = c;
	}
	while (len && copy[len - 1] == '-')
		copy[--len] = '\0';
	if (!len)
		return error_set(err, -EINVAL, "no name can be made of '%s'", text);
	*name = take(copy);
	return 0;
}

bool image_id_is_hash(const char *text)
{
	return name_check_image_id(text) == NULL;
}

int image_id_parse(const char *text, struct image_id *id, struct error *err)
{
	static const char prefix[] = "sha512-";
	size_t at = sizeof(prefix) - 1;
	size_t digits;

	if (strncmp(text, prefix, at) != 0)
		return error_set(err, -EINVAL,
		                 "'%s' is not an image ID: no sha512- first", text);
	digits = strspn(text + at, DIGITS "abcdef");
	if (text[at + digits])
		return error_set(err, -EINVAL,
		                 "'%s' is not an image ID: only 0-9 and a-f may follow",
		                 text);
	if (digits < IMAGE_ID_DIGITS || digits > 2 * IMAGE_ID_DIGITS)
		return error_set(err, -EINVAL,
		                 "'%s' is not an image ID: %d to %d digits must follow",
		                 text, IMAGE_ID_DIGITS, 2 * IMAGE_ID_DIGITS);
	memset(id->text, 0, sizeof(id->text));
	memcpy(id->text, text, at + IMAGE_ID_DIGITS);
	return 0;
}
