/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/signature_packet.h"

#include <stdio.h>
#include <string.h>

#include "stage0/import/trust/armor.h"
#include "stage0/import/trust/packet.h"

enum {
	VERSION = 4,
	OF_BINARY = 0x00,
	OF_TEXT = 0x01,
	HEAD = 4, /* version, type, public key algorithm, hash */
};

/* Subpackets (RFC 9580, 5.2.3.7). The first bit says that the reader must understand it. */
enum { CREATED = 2, ISSUER = 16, ISSUER_FINGERPRINT = 33, CRITICAL = 0x80 };

static const struct {
	const char *name;
	bool good;
} hashes[] = {
	[1] = {"MD5", false},      [2] = {"SHA-1", false},    [3] = {"RIPEMD-160", false},
	[8] = {"SHA-256", true},   [9] = {"SHA-384", true},   [10] = {"SHA-512", true},
	[11] = {"SHA-224", false}, [12] = {"SHA3-256", true}, [14] = {"SHA3-512", true},
};

/* How many numbers a signature of each public key algorithm has; those that have bytes
 * instead, how many. */
static const struct {
	unsigned char numbers;
	unsigned char bytes;
} algorithms[] = {
	[1] = {.numbers = 1},  /* RSA */
	[3] = {.numbers = 1},  /* RSA, only for signatures */
	[17] = {.numbers = 2}, /* DSA */
	[19] = {.numbers = 2}, /* ECDSA */
	[22] = {.numbers = 2}, /* EdDSA */
	[27] = {.bytes = 64},  /* Ed25519 */
	[28] = {.bytes = 114}, /* Ed448 */
};

static int check_head(const struct packet *packet, struct error *err)
{
	const uint8_t *p = packet->body;

	if (packet->len < HEAD)
		return error_set(err, -EINVAL, "it is too short");
	if (p[0] != VERSION)
		return error_set(err, -EINVAL,
		                 "it is of version %u, and only version 4 is served",
		                 p[0]);
	if (p[1] == OF_TEXT)
		return error_set(
			err, -EINVAL,
			"it is of a text, whose line ends do not count: an image "
			"needs one of its bytes (without --textmode)");
	if (p[1] != OF_BINARY)
		return error_set(err, -EINVAL, "it is not of a file (type 0x%02x)", p[1]);
	if (p[2] >= sizeof(algorithms) / sizeof(*algorithms) ||
	    algorithms[p[2]].numbers + algorithms[p[2]].bytes == 0)
		return error_set(err, -EINVAL, "it is by an algorithm unknown here (%u)",
		                 p[2]);
	if (p[3] >= sizeof(hashes) / sizeof(*hashes) || !hashes[p[3]].name)
		return error_set(err, -EINVAL, "it is by a hash unknown here (%u)", p[3]);
	if (!hashes[p[3]].good)
		return error_set(err, -EINVAL,
		                 "it is by the weak hash %s: it must be made anew with "
		                 "SHA-256 or better",
		                 hashes[p[3]].name);
	return 0;
}

static void write_hex(const uint8_t *p, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
}

/* Keeps a name of the issuer, which must not differ from the one that was there. */
static int keep(char *kept, const uint8_t *p, size_t len, struct error *err)
{
	char text[FINGERPRINT_DIGITS_MAX + 1];

	write_hex(p, len, text);
	if (kept[0] && strcmp(kept, text) != 0)
		return error_set(err, -EINVAL, "it names two issuers");
	memcpy(kept, text, 2 * len + 1);
	return 0;
}

static int see_subpacket(unsigned type, const uint8_t *p, size_t len, bool *created,
                         struct signature_packet *s, struct error *err)
{
	if (type == ISSUER && len == 8)
		return keep(s->key_id, p, len, err);
	/* The first byte is the key's version. */
	if (type == ISSUER_FINGERPRINT && len == 21 && p[0] == 4)
		return keep(s->fingerprint, p + 1, len - 1, err);
	if (type == ISSUER || type == ISSUER_FINGERPRINT)
		return error_set(err, -EINVAL, "it names its issuer in an unknown way");
	if (type == CREATED && (len != 4 || *created))
		return error_set(err, -EINVAL, "it says twice when it was made");
	*created |= type == CREATED;
	return 0;
}

static size_t subpacket_length(const uint8_t *p, size_t left, size_t *len)
{
	if (left >= 1 && p[0] < 192) {
		*len = p[0];
		return 1;
	}
	if (left >= 2 && p[0] < 255) {
		*len = ((size_t)p[0] - 192) * 256 + p[1] + 192;
		return 2;
	}
	if (left >= 5) {
		*len = packet_number(p + 1, 4);
		return 5;
	}
	return 0;
}

/* An area of subpackets. What is HASHED was signed too; of the rest, anybody could have put
 * it there, and only a hint at the issuer is let through. */
static int read_area(const uint8_t *p, size_t left, bool hashed,
                     struct signature_packet *s, struct error *err)
{
	bool created = false;

	while (left) {
		size_t len, head = subpacket_length(p, left, &len);
		int r;

		if (!head || len == 0 || len > left - head)
			return error_set(err, -EINVAL, "it ends within a subpacket");
		if (!hashed && p[head] != ISSUER && p[head] != ISSUER_FINGERPRINT)
			return error_set(err, -EINVAL,
			                 "a part of it that is not signed says more than "
			                 "who made it");
		r = see_subpacket(p[head] & ~CRITICAL, p + head + 1, len - 1, &created, s,
		                  err);
		if (r < 0)
			return r;
		p += head + len;
		left -= head + len;
	}
	if (hashed && !created)
		return error_set(err, -EINVAL, "it does not say when it was made");
	return 0;
}

/* Reads the area at *P, which has its length before it, and goes past it. */
static int next_area(const uint8_t **p, size_t *left, bool hashed,
                     struct signature_packet *s, struct error *err)
{
	size_t len = *left >= 2 ? packet_number(*p, 2) : 0;
	int r;

	if (*left < 2 || len > *left - 2)
		return error_set(err, -EINVAL, "it is too short");
	r = read_area(*p + 2, len, hashed, s, err);
	*p += 2 + len;
	*left -= 2 + len;
	return r;
}

/* Numbers must be written in the one shortest way, so that no two signatures are one. */
static bool is_number(const uint8_t **p, size_t *left)
{
	size_t bits, bytes;

	if (*left < 3)
		return false;
	bits = packet_number(*p, 2);
	bytes = (bits + 7) / 8;
	if (bits == 0 || bytes > *left - 2 || (*p)[2] >> ((bits - 1) % 8) != 1)
		return false;
	*p += 2 + bytes;
	*left -= 2 + bytes;
	return true;
}

static int check_numbers(unsigned algorithm, const uint8_t *p, size_t left,
                         struct error *err)
{
	enum { START_OF_HASH = 2 };
	bool good = left >= START_OF_HASH;

	if (good) {
		p += START_OF_HASH;
		left -= START_OF_HASH;
	}
	for (unsigned i = 0; good && i < algorithms[algorithm].numbers; i++)
		good = is_number(&p, &left);
	if (!good || left != algorithms[algorithm].bytes)
		return error_set(err, -EINVAL, "its numbers are broken");
	return 0;
}

/* Key IDs are the end of a fingerprint. */
static int judge_issuer(struct signature_packet *s, struct error *err)
{
	const char *end = s->fingerprint;

	if (s->fingerprint[0])
		end += strlen(s->fingerprint) - KEY_ID_DIGITS;
	if (!s->fingerprint[0] && !s->key_id[0])
		return error_set(err, -EINVAL, "it does not say who made it");
	if (!s->key_id[0])
		memcpy(s->key_id, end, sizeof(s->key_id));
	if (s->fingerprint[0] && strcmp(s->key_id, end) != 0)
		return error_set(err, -EINVAL, "it names two issuers");
	return 0;
}

static int read_packet(const struct packet *packet, struct signature_packet *s,
                       struct error *err)
{
	const uint8_t *p = packet->body;
	size_t left = packet->len;
	int r = check_head(packet, err);

	if (r < 0)
		return r;
	p += HEAD;
	left -= HEAD;
	r = next_area(&p, &left, true, s, err);
	if (r >= 0)
		r = next_area(&p, &left, false, s, err);
	if (r >= 0)
		r = check_numbers(packet->body[2], p, left, err);
	return r < 0 ? r : judge_issuer(s, err);
}

static const char *name_of(unsigned type)
{
	static const char *const names[] = {
		[PACKET_ONE_PASS] = "a signed message",
		[PACKET_SECRET_KEY] = "a private key",
		[PACKET_PUBLIC_KEY] = "a key",
		[PACKET_COMPRESSED] = "a compressed message",
		[PACKET_LITERAL] = "a message",
	};

	if (type < sizeof(names) / sizeof(*names) && names[type])
		return names[type];
	return "something else";
}

static int read_packets(struct signature_packet *s, struct error *err)
{
	struct packets from = {(const uint8_t *)s->packet.data, s->packet.len};
	struct packet packet = {0}, more;
	int r = packet_next(&from, &packet, err);

	if (r == 0)
		return error_set(err, -EINVAL, "it is empty");
	if (r < 0 && packet.type == 0)
		return r;
	if (packet.type != PACKET_SIGNATURE)
		return error_set(err, -EINVAL, "it is %s, not a detached signature",
		                 name_of(packet.type));
	if (r < 0)
		return r;
	r = packet_next(&from, &more, err);
	if (r > 0)
		return error_set(err, -EINVAL, "%s comes after it",
		                 more.type == PACKET_SIGNATURE ? "another signature"
		                                               : name_of(more.type));
	return r < 0 ? r : read_packet(&packet, s, err);
}

/* Exactly one block. */
static int remove_armor(const void *data, size_t len, struct buf *packet,
                        struct error *err)
{
	struct armor armor = {data, len, ARMOR_SIGNATURE, false};
	int r = armor_next(&armor, packet, err);

	if (r == 0)
		return error_set(err, -EINVAL, "it is empty");
	if (r < 0)
		return r;
	r = armor_next(&armor, packet, err);
	return r > 0 ? error_set(err, -EINVAL, "another signature comes after it") : r;
}

int signature_packet_read(const void *data, size_t len,
                          struct signature_packet *signature, struct error *err)
{
	struct signature_packet s = {0};
	int r = 0;

	if (len > SIGNATURE_SIZE_MAX)
		return error_set(err, -EFBIG, "it is larger than %d KiB",
		                 SIGNATURE_SIZE_MAX >> 10);
	if (armor_is_text(data, len))
		r = remove_armor(data, len, &s.packet, err);
	else
		buf_add(&s.packet, data, len);
	if (r >= 0)
		r = read_packets(&s, err);
	if (r >= 0)
		*signature = s;
	else
		signature_packet_clear(&s);
	return r;
}

void signature_packet_clear(struct signature_packet *signature)
{
	buf_clear(&signature->packet);
	*signature = (struct signature_packet){0};
}
