/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The import program is several in one: `import NAME ...` is the half called NAME, which gives
 * up what it does not need before it reads the first byte from outside, and answers over a
 * descriptor of its own. Its descriptors from 3 on, and what it answers, stand in the header
 * that it shares with gantry.
 */

#include "common/error.h"

struct half {
	const char *name;
	int fd_count; /* descriptors it is given; all from there on are closed */

	/* ARGV begins with the word after NAME. An error it could not answer is printed. */
	int (*run)(char **argv, struct error *err);
};

/* Unpacks an archive (stage0/store/import_answer.h). */
extern const struct half half_unpack;

/* Check signatures, and take keys apart (stage0/fetch/verify_protocol.h). */
extern const struct half half_verify;
extern const struct half half_pubkey;

/* Names a tree by the images it is made of (stage0/store/import_answer.h). */
extern const struct half half_name_tree;

/* Talks HTTP (stage0/fetch/net_protocol.h). */
extern const struct half half_net;
