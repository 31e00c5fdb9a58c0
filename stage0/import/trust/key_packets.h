/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Public keys, taken apart before gpg sees them: how they are called, and the packets that
 * are worth showing to it. Others go, as notes of another gpg about which signatures it has
 * found good: a keyring is believed in what it says of them. What binds subkeys and
 * identities to a key is for gpg to check. Pure, but for computing digests.
 */

#include "common/buf.h"
#include "common/error.h"
#include "common/list.h"
#include "common/strv.h"

enum { KEY_TEXT_MAX = 1 << 20 };

struct public_key {
	char *fingerprint; /* of the primary key, lower-case hex */
	struct strv subkeys;
	struct buf packets;
};

struct public_keys {
	LIST_OF(struct public_key);
};

/* Reads the keys of the armored or binary DATA into *KEYS, all zero before; LOOSE skips text
 * around armor. Fails for anything but public keys, and for none. */
must_check int public_keys_read(const void *data, size_t len, bool loose,
                                struct public_keys *keys, struct error *err);

void public_key_clear(struct public_key *key);
void public_keys_clear(struct public_keys *keys);

/* Whether KEY or one of its subkeys is called FINGERPRINT, or ends so if that is "": KEY_ID. */
bool public_key_is(const struct public_key *key, const char *fingerprint,
                   const char *key_id);
