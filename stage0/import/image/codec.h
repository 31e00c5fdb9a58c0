/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Taking a compression off. Each is one row, and knows all there is to know of its format:
 * several streams one after the other are one, every sum is compared, and what is no
 * stream is refused, in the middle or after the last.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* What a stream may ask for, to be inflated: enough for `xz -9` and `zstd --ultra -22`. */
#define CODEC_MEMORY_MAX (INT64_C(128) << 20)

enum codec_outcome { CODEC_MORE, CODEC_END };

/* What can be taken, and where it goes; both are moved on. */
struct codec_io {
	const uint8_t *in;
	size_t in_len;
	bool last; /* nothing comes after IN */
	uint8_t *out;
	size_t room;
};

struct codec {
	/* NULL if the library cannot begin. */
	void *(*new)(void);
	void (*free)(void *state);

	/* Goes on until there is no input or no room left. May return CODEC_END: the input was
	 * the last, and all of it is in OUT. If CODEC_MORE comes of the last without that
	 * anything was moved, the stream is cut short. */
	int (*run)(void *state, struct codec_io *io, struct error *err);
};

extern const struct codec codec_plain;
extern const struct codec codec_gzip;
extern const struct codec codec_bzip2;
extern const struct codec codec_xz;
extern const struct codec codec_zstd;

/* The errors that several of them have. */
must_check int codec_damaged(const char *how, struct error *err);
must_check int codec_trailing(struct error *err);
