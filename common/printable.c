/* SPDX-License-Identifier: Apache-2.0 */
#include "common/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { LENGTH_MAX = 512 };

/* Control characters, and those that only steer how others are shown. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
	{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
	{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool is_hidden(uint32_t character)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (character >= hidden[i].first && character <= hidden[i].last)
			return true;
	return false;
}

/* How many bytes of P are one character in its one form; 0: none. */
static size_t read_character(const unsigned char *p, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0x80   ? 1
	             : p[0] < 0xc0 ? 0
	             : p[0] < 0xe0 ? 2
	             : p[0] < 0xf0 ? 3
	                           : 4;

	if (len == 0 || p[0] > 0xf4)
		return 0;
	*character = len == 1 ? p[0] : p[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (p[i] & 0x3f);
	}
	if (*character < least[len] || *character > 0x10ffff ||
	    (*character >= 0xd800 && *character <= 0xdfff))
		return 0;
	return len;
}

/* Adds the character at TEXT, and returns its length. */
static size_t add_character(struct buf *out, const char *text, const char *spared)
{
	uint32_t character = 0;
	size_t len = read_character((const unsigned char *)text, &character);

	if (len && (!is_hidden(character) || strchr(spared, *text)))
		buf_add(out, text, len);
	else
		buf_char(out, '?');
	return len ? len : 1;
}

void printable_add(struct buf *out, const char *text, const char *spared)
{
	while (*text)
		text += add_character(out, text, spared);
}

char *printable_copy(const char *text)
{
	struct buf out = {0};

	while (*text && out.len < LENGTH_MAX)
		text += add_character(&out, text, "");
	if (*text)
		buf_text(&out, "...");
	return buf_take(&out);
}
