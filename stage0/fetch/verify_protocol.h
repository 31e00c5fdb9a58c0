/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What passes between gantry and `import-trust`, which knows OpenPGP.
 *
 *	import-trust verify	is given the trusted keys and a signature. It answers at once
 *				whether one of the keys made it; then reads the file's bytes
 *				to their end, and answers again. Each answer is one message
 *				of JSON.
 *	import-trust pubkey	is given a text with keys, and answers with one JSON text.
 *
 * The reader believes nothing in an answer that it has not checked.
 */

#include "common/appc/schema.h"
#include "stage0/fetch/verify.h"

enum verify_fd {
	VERIFY_DATA,    /* a socket: the signed bytes */
	VERIFY_REQUEST, /* a file: struct trusted_keys, as verify_request_schema has it */
	VERIFY_MESSAGES,
	VERIFY_SIGNATURE, /* a file */
	VERIFY_ANSWER,    /* a socket that keeps messages apart */
	VERIFY_FD_COUNT
};

enum pubkey_fd {
	PUBKEY_TEXT,   /* a file */
	PUBKEY_ANSWER, /* a pipe */
	PUBKEY_MESSAGES,
	PUBKEY_FD_COUNT
};

#define VERIFY_HALF "verify"
#define PUBKEY_HALF "pubkey"

enum { VERIFY_ANSWER_MAX = 64 << 10 };

/* What both answer: ERROR_CODE below zero, and ERROR_TEXT, or the rest. */
struct verify_answer {
	int64_t error_code;
	char *error_text;
	bool unknown; /* none of the keys made it */
	struct verdict verdict;
	struct pubkeys keys;
};

extern const struct schema
	verify_request_schema; /* struct trusted_keys, but for its files */
extern const struct schema verify_answer_schema;

void verify_answer_clear(struct verify_answer *answer);

/* Reads an answer; *ANSWER is all zero before. An error in it is an error here. */
must_check int verify_answer_decode(const char *text, size_t len,
                                    struct verify_answer *answer, struct error *err);
