/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/gzip_sum.h"

#include <endian.h>
#include <string.h>

enum { SLICES = 8 };

/* tables[0] is the usual one, of a byte; tables[N] is of a byte with N zeros after it, so
 * that eight bytes are summed in one step. */
static uint32_t tables[SLICES][256];

static void make_tables(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		tables[0][byte] = crc;
	}
	for (int slice = 1; slice < SLICES; slice++)
		for (int byte = 0; byte < 256; byte++) {
			uint32_t crc = tables[slice - 1][byte];

			tables[slice][byte] = crc >> 8 ^ tables[0][crc & 0xff];
		}
}

void gzip_sum_in(struct gzip_sum *sum, const void *data, size_t len)
{
	size_t size = sizeof(sum->last);

	if (len >= size) {
		memcpy(sum->last, (const char *)data + len - size, size);
		return;
	}
	memmove(sum->last, sum->last + len, size - len);
	memcpy(sum->last + size - len, data, len);
}

void gzip_sum_out(struct gzip_sum *sum, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t crc = ~sum->crc;
	uint32_t low, high;

	if (!tables[0][1])
		make_tables();
	sum->length += (uint32_t)len;
	for (; len >= SLICES; len -= SLICES, at += SLICES) {
		memcpy(&low, at, 4);
		memcpy(&high, at + 4, 4);
		low = le32toh(low) ^ crc;
		high = le32toh(high);
		crc = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^
		      tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24] ^
		      tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
		      tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
	}
	for (; len; len--)
		crc = crc >> 8 ^ tables[0][(crc ^ *at++) & 0xff];
	sum->crc = ~crc;
}

int gzip_sum_check(const struct gzip_sum *sum, struct error *err)
{
	uint32_t crc, length;

	memcpy(&crc, sum->last, 4);
	memcpy(&length, sum->last + 4, 4);
	/* Another length: there is more than one member. */
	if (le32toh(length) == sum->length && le32toh(crc) != sum->crc)
		return error_set(err, -EBADMSG, "damaged: its checksum is wrong");
	return 0;
}
