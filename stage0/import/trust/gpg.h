/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gpg, through gpgme, with a home of its own in CELL_HOME: options that keep it from an
 * agent, the network, locks and a web of trust, and a keyring that holds what we put there.
 * Only gpgme's structs are looked at, never what gpg prints. Texts returned have no control
 * characters.
 */

#include "stage0/fetch/verify.h"

/* Makes the home, with KEYRING, packets of public keys, as its keyring. */
must_check int gpg_prepare(const struct buf *keyring, struct error *err);

/* Sets *KEY, but for its armored text, to the key whose primary key is called FINGERPRINT. */
must_check int gpg_describe(const char *fingerprint, struct pubkey *key,
                            struct error *err);

/* What is known of a signature that is good. */
struct gpg_signature {
	char *fingerprint; /* of the key or subkey that made it, lower-case hex */
	int64_t signed_at; /* seconds since 1970 */
};

void gpg_signature_clear(struct gpg_signature *signature);

/*
 * Checks the bytes that DATA_FD gives until its end by the packets of one signature. Fails
 * unless it is good, and so is its key; the message goes after "signature: ".
 */
must_check int gpg_verify(const struct buf *signature, int data_fd,
                          struct gpg_signature *found, struct error *err);

/* Adds to *KEYS all that gpg makes of PACKETS, each with its minimal armored text. */
must_check int gpg_read_keys(const struct buf *packets, struct pubkeys *keys,
                             struct error *err);
