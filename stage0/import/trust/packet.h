/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * OpenPGP packets (RFC 9580, 4): where each begins and ends. Pure, and strict: lengths that
 * are only known at the end of the file, or come in parts, are refused, as no signature or
 * key needs them.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum packet_type {
	PACKET_SIGNATURE = 2,
	PACKET_ONE_PASS = 4,
	PACKET_SECRET_KEY = 5,
	PACKET_PUBLIC_KEY = 6,
	PACKET_SECRET_SUBKEY = 7,
	PACKET_COMPRESSED = 8,
	PACKET_LITERAL = 11,
	PACKET_USER_ID = 13,
	PACKET_PUBLIC_SUBKEY = 14,
};

struct packet {
	unsigned type;
	const uint8_t *start; /* with its header, WHOLE bytes */
	size_t whole;
	const uint8_t *body;
	size_t len;
};

/* What is still to be read. */
struct packets {
	const uint8_t *data;
	size_t left;
};

/* Sets *PACKET to the next one; only its type, perhaps, on failure. Returns 1, or 0 at the end. */
must_check int packet_next(struct packets *from, struct packet *packet,
                           struct error *err);

/* The big-endian number in the COUNT bytes at P. */
uint32_t packet_number(const uint8_t *p, size_t count);
