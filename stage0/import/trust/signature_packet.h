/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A detached signature, looked at before gpg sees it: what is not exactly one signature
 * packet over a file's bytes, by a hash that holds, is refused, in words. Whether it is a
 * good one, only gpg can say. Pure.
 */

#include "common/buf.h"
#include "common/error.h"

enum {
	SIGNATURE_SIZE_MAX = 64 << 10,
	KEY_ID_DIGITS = 16,
	FINGERPRINT_DIGITS_MAX = 64,
};

struct signature_packet {
	struct buf packet;                            /* without armor */
	char fingerprint[FINGERPRINT_DIGITS_MAX + 1]; /* of the issuer; may be "" */
	char key_id[KEY_ID_DIGITS + 1];               /* of the issuer */
};

/* Reads the armored or binary signature DATA; *SIGNATURE, all zero before, is to be cleared
 * only if that went well. Messages go after "the signature: ". */
must_check int signature_packet_read(const void *data, size_t len,
                                     struct signature_packet *signature,
                                     struct error *err);

void signature_packet_clear(struct signature_packet *signature);
