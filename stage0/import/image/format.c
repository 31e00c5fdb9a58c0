/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What begins so. The second half is refused, by name. */
static const struct signature {
	size_t offset;
	const char *bytes;
	size_t len;
	enum format format;
	const char *refused;
} signatures[] = {
	{0, "\x1f\x8b", 2, FORMAT_GZIP, NULL},
	{0, "BZh", 3, FORMAT_BZIP2, NULL},
	{0,
         "\xfd"
         "7zXZ\0",
         6, FORMAT_XZ, NULL},
	{0, "\x28\xb5\x2f\xfd", 4, FORMAT_ZSTD, NULL},
	{257, "ustar", 5, FORMAT_TAR, NULL},
	{0, "-----BEGIN PGP MESSAGE-----", 27, 0,
         "encrypted (OpenPGP), which is not supported"},
	{0, "-----BEGIN PGP SIGNATURE-----", 29, 0, "a signature, not an image archive"},
	{0, "PK\x03\x04", 4, 0, "a zip archive, not an image archive"},
	{0, "7z\xbc\xaf\x27\x1c", 6, 0, "a 7z archive, not an image archive"},
	{0, "{", 1, 0, "JSON text, not an image archive"},
	{0, "<", 1, 0, "a page of HTML or XML, not an image archive"},
};

/* The first packet of a binary OpenPGP message: a session key, or encrypted data. Old
 * packets have their tag in bits 2 to 5, new ones in bits 0 to 5 (RFC 4880, 4.2). */
static bool is_encrypted(uint8_t first)
{
	static const uint8_t tags[] = {1, 3, 9, 18, 20};
	uint8_t tag = first & 0x40 ? first & 0x3f : first >> 2 & 0x0f;

	return first & 0x80 && memchr(tags, tag, sizeof(tags));
}

/* A tar from before POSIX has no signature, only a sum over its first header. */
static bool is_old_tar(const uint8_t *head, size_t len)
{
	unsigned long stored = 0, sum = 0;
	size_t i = 148;

	if (len < FORMAT_HEAD || !head[0])
		return false;
	while (i < 156 && head[i] == ' ')
		i++;
	for (; i < 156 && head[i] >= '0' && head[i] <= '7'; i++)
		stored = stored * 8 + (head[i] - '0');
	for (i = 0; i < FORMAT_HEAD; i++)
		sum += i >= 148 && i < 156 ? ' ' : head[i];
	return stored == sum;
}

int format_tell(const void *head, size_t len, enum format *format, struct error *err)
{
	const uint8_t *bytes = head;

	if (len == 0)
		return error_set(err, -EINVAL, "an empty file, not an image archive");
	for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++) {
		const struct signature *s = &signatures[i];

		if (len < s->offset + s->len ||
		    memcmp(bytes + s->offset, s->bytes, s->len) != 0)
			continue;
		if (s->refused)
			return error_set(err, -EINVAL, "%s", s->refused);
		*format = s->format;
		return 0;
	}
	if (is_old_tar(bytes, len)) {
		*format = FORMAT_TAR;
		return 0;
	}
	if (is_encrypted(bytes[0]))
		return error_set(err, -EINVAL,
		                 "encrypted (OpenPGP), which is not supported");
	return error_set(err, -EINVAL, "not an image archive");
}
