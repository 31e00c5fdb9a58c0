/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ASCII armor: OpenPGP packets as text.
 *
 *	-----BEGIN PGP SIGNATURE-----
 *	Comment: any header
 *
 *	base64, in lines
 *	=CRC of it, perhaps
 *	-----END PGP SIGNATURE-----
 *
 * Read strictly: what another reader could take for something else is refused, so that
 * nobody is shown one text and trusts another. Pure: it touches nothing but memory.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/error.h"

enum armor_kind { ARMOR_SIGNATURE, ARMOR_PUBLIC_KEY };

/* Whether the LEN bytes of DATA are text rather than packets, whose first bit is set. */
bool armor_is_text(const void *data, size_t len);

/* A text that is read block by block. */
struct armor {
	const char *text;
	size_t left;
	enum armor_kind kind; /* of every block */
	bool loose; /* text around the blocks is skipped, as mails and web pages have it */
};

/* Adds the packets of the next block to *PACKETS. Returns 1, or 0 if there is none. */
must_check int armor_next(struct armor *armor, struct buf *packets, struct error *err);
