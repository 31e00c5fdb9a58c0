/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/armor.h"

#include <stdint.h>
#include <string.h>

static const struct {
	const char *name; /* between the dashes */
	const char *what; /* it is, to somebody who wanted another */
} kinds[] = {
	[ARMOR_SIGNATURE] = {"PGP SIGNATURE", "a signature"},
	[ARMOR_PUBLIC_KEY] = {"PGP PUBLIC KEY BLOCK", "a public key"},
	{"PGP PRIVATE KEY BLOCK", "a private key, which nobody else should ever see"},
	{"PGP SECRET KEY BLOCK", "a private key, which nobody else should ever see"},
	{"PGP SIGNED MESSAGE", "a text with a signature in it, not a detached signature"},
	{"PGP MESSAGE", "a message, not a detached signature"},
};

struct line {
	const char *text;
	size_t len;
};

static bool line_is(const struct line *line, const char *before, const char *name)
{
	size_t head = strlen(before), body = strlen(name);

	return line->len == head + body + 5 && memcmp(line->text, before, head) == 0 &&
	       memcmp(line->text + head, name, body) == 0 &&
	       memcmp(line->text + head + body, "-----", 5) == 0;
}

/* The next line, without its end and the blanks before it. */
static bool next_line(struct armor *armor, struct line *line)
{
	const char *end;

	if (!armor->left)
		return false;
	end = memchr(armor->text, '\n', armor->left);
	line->text = armor->text;
	line->len = end ? (size_t)(end - armor->text) : armor->left;
	armor->text += line->len + (end ? 1 : 0);
	armor->left -= line->len + (end ? 1 : 0);
	while (line->len && memchr(" \t\r", line->text[line->len - 1], 3))
		line->len--;
	return true;
}

bool armor_is_text(const void *data, size_t len)
{
	return len == 0 || !(*(const unsigned char *)data & 0x80);
}

/* Whether LINE begins a block of the kind that is wanted. */
static int is_begin(const struct armor *armor, const struct line *line, struct error *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!line_is(line, "-----BEGIN ", kinds[i].name))
			continue;
		if (i == armor->kind)
			return 1;
		return error_set(err, -EINVAL, "it is %s", kinds[i].what);
	}
	if (armor->loose || line->len == 0)
		return 0;
	return error_set(err, -EINVAL, "it is not only one block of '%s'",
	                 kinds[armor->kind].name);
}

/* "Key: value", printable. */
static bool is_header(const struct line *line)
{
	const char *colon = memchr(line->text, ':', line->len);

	if (!colon || colon == line->text)
		return false;
	for (size_t i = 0; i < line->len; i++)
		if ((unsigned char)line->text[i] < ' ' || line->text[i] == 0x7f)
			return false;
	return true;
}

static int skip_headers(struct armor *armor, struct error *err)
{
	struct line line;

	while (next_line(armor, &line)) {
		if (line.len == 0)
			return 0;
		if (!is_header(&line))
			return error_set(err, -EINVAL, "the armor has a broken header");
	}
	return error_set(err, -EINVAL, "the armor ends within its headers");
}

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Adds the bytes of base64 DIGITS, LEN of them with their padding. */
static int add_bytes(const char *digits, size_t len, struct buf *bytes)
{
	if (len % 4)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		bool last = i + 4 == len;
		size_t count = 3;
		uint32_t bits = 0;

		for (size_t j = 0; j < 4; j++) {
			int value = value_of(digits[i + j]);

			if (value < 0 && last && j >= 2 && digits[i + j] == '=' &&
			    digits[i + 3] == '=') {
				count = count == 3 ? j - 1 : count;
				value = 0;
			} else if (count < 3) {
				return -1;
			}
			if (value < 0)
				return -1;
			bits = bits << 6 | (uint32_t)value;
		}
		/* Bits that stand for no byte must be zero, or two texts were one. */
		if (count < 3 && bits & ((1U << (24 - 8 * count)) - 1))
			return -1;
		for (size_t j = 0; j < count; j++)
			buf_char(bytes, (char)(bits >> (16 - 8 * j)));
	}
	return 0;
}

static uint32_t crc24(const char *data, size_t len)
{
	uint32_t crc = 0xb704ce;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)(unsigned char)data[i] << 16;
		for (int j = 0; j < 8; j++)
			crc = crc << 1 ^ (crc & 0x800000 ? 0x1864cfb : 0);
	}
	return crc & 0xffffff;
}

static bool is_crc(const struct line *line, const char *data, size_t len)
{
	autoclear(buf) sum = {0};
	uint32_t crc = crc24(data, len);

	return add_bytes(line->text + 1, line->len - 1, &sum) == 0 && sum.len == 3 &&
	       (unsigned char)sum.data[0] == crc >> 16 &&
	       (unsigned char)sum.data[1] == (crc >> 8 & 0xff) &&
	       (unsigned char)sum.data[2] == (crc & 0xff);
}

/* The base64 up to the end's line, whose sum is in *CRC if there is one. */
static int gather(struct armor *armor, struct buf *digits, struct line *crc,
                  struct error *err)
{
	struct line line;

	while (next_line(armor, &line)) {
		if (line_is(&line, "-----END ", kinds[armor->kind].name))
			return 0;
		if (line.len == 0 || crc->len)
			return error_set(err, -EINVAL, "the armor is broken");
		if (line.text[0] == '=')
			*crc = line;
		else
			buf_add(digits, line.text, line.len);
	}
	return error_set(err, -EINVAL, "the armor has no end");
}

static int read_block(struct armor *armor, struct buf *packets, struct error *err)
{
	autoclear(buf) digits = {0};
	struct line crc = {0};
	size_t before = packets->len;
	int r = skip_headers(armor, err);

	if (r >= 0)
		r = gather(armor, &digits, &crc, err);
	if (r < 0)
		return r;
	if (digits.len == 0 || add_bytes(digits.data, digits.len, packets) < 0)
		return error_set(err, -EINVAL, "the armor is not base64");
	if (crc.len && !is_crc(&crc, packets->data + before, packets->len - before))
		return error_set(err, -EINVAL, "the armor's checksum does not match");
	return 1;
}

int armor_next(struct armor *armor, struct buf *packets, struct error *err)
{
	struct line line;

	while (next_line(armor, &line)) {
		int r = is_begin(armor, &line, err);

		if (r > 0)
			r = read_block(armor, packets, err);
		if (r != 0)
			return r;
	}
	return 0;
}
