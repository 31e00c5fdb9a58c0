/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who signed: OpenPGP as gantry sees it (rkt 4.7, 3.7).
 *
 * Keys and signatures are read by children (`import-trust`) that have no network, no privileges
 * and none of the host's files but its programs, and that run gpg with a keyring of the trusted
 * keys alone: the user's own keyring and options are not seen.
 * The bytes that were signed are handed over while they arrive, and nothing else may be done
 * with them before the verdict.
 *
 * The thread that starts a verifier must live until it ends: its child dies with the thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/list.h"
#include "common/strv.h"
#include "stage0/config/keystore.h"

struct verifier;

/* Texts have no control characters. */
struct verdict {
	char *fingerprint; /* of the primary key that signed, lower-case hex: one of KEYS */
	char *key_id;      /* the signature's issuer, 16 digits; also if it is unknown */
	struct strv identities; /* of the key: those it stands for itself */
	int64_t signed_at;      /* seconds since 1970 */
	int64_t expires;        /* of the key, seconds since 1970; 0: never */
};

void verdict_clear(struct verdict *verdict);

enum verify_outcome {
	VERIFY_GOOD,
	VERIFY_UNKNOWN_KEY, /* none of KEYS made it; only the verdict's key_id is set */
};

/*
 * Starts to verify a file by its detached SIGNATURE, armored or binary, and KEYS. Fails for
 * what is not one sound signature, and for KEYS that are not what they are called. May return
 * VERIFY_UNKNOWN_KEY, and no verifier: before a byte of the file is needed.
 */
must_check int verifier_start(const struct trusted_keys *keys, const void *signature,
                              size_t len, struct verifier **verifier,
                              struct verdict *verdict, struct error *err);

/* Takes the next LEN bytes of the file; waits while gpg has enough of them. */
must_check int verifier_add(struct verifier *verifier, const void *bytes, size_t len,
                            struct error *err);

/* The file has ended: sets *VERDICT if the signature is good. Fails in words if it is bad, or
 * it or its key is expired or revoked. */
must_check int verifier_end(struct verifier *verifier, struct verdict *verdict,
                            struct error *err);

/* Leaves no process, also half-way. */
void verifier_free(struct verifier *verifier);
define_autoptr(verifier);

/* A public key, as somebody is asked to trust it. */
struct pubkey {
	char *fingerprint;      /* lower-case hex */
	struct strv subkeys;    /* fingerprints */
	struct strv identities; /* without control characters */
	int64_t created;        /* seconds since 1970 */
	int64_t expires;        /* seconds since 1970; 0: never */
	bool revoked;
	bool expired;
	char *armored; /* this key alone, without others' signatures: as it is stored */
};

struct pubkeys {
	LIST_OF(struct pubkey);
};

void pubkeys_clear(struct pubkeys *keys);

/* Takes apart TEXT, armored or binary, of one or more public keys; *KEYS is all zero before. */
must_check int pubkeys_read(const void *text, size_t len, struct pubkeys *keys,
                            struct error *err);
