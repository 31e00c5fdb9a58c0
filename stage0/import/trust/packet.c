/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/packet.h"

uint32_t packet_number(const uint8_t *p, size_t count)
{
	uint32_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | p[i];
	return number;
}

/* Of the old format: the first byte has the type, and how many bytes the length has. */
static size_t old_header(const uint8_t *p, size_t left, struct packet *packet)
{
	size_t count = (size_t)1 << (p[0] & 3);

	packet->type = p[0] >> 2 & 15;
	if (count > 4 || left < 1 + count)
		return 0;
	packet->len = packet_number(p + 1, count);
	return 1 + count;
}

static size_t new_header(const uint8_t *p, size_t left, struct packet *packet)
{
	packet->type = p[0] & 63;
	if (left >= 2 && p[1] < 192) {
		packet->len = p[1];
		return 2;
	}
	if (left >= 3 && p[1] < 224) {
		packet->len = ((size_t)p[1] - 192) * 256 + p[2] + 192;
		return 3;
	}
	if (left >= 6 && p[1] == 255) {
		packet->len = packet_number(p + 2, 4);
		return 6;
	}
	return 0;
}

int packet_next(struct packets *from, struct packet *packet, struct error *err)
{
	const uint8_t *p = from->data;
	size_t header;

	if (!from->left)
		return 0;
	if (!(p[0] & 0x80))
		return error_set(err, -EINVAL, "it is not OpenPGP");
	header = p[0] & 0x40 ? new_header(p, from->left, packet)
	                     : old_header(p, from->left, packet);
	if (!header)
		return error_set(err, -EINVAL, "a packet has no length");
	if (packet->len > from->left - header)
		return error_set(err, -EINVAL, "it ends within a packet");
	packet->start = p;
	packet->whole = header + packet->len;
	packet->body = p + header;
	from->data += packet->whole;
	from->left -= packet->whole;
	return 1;
}
