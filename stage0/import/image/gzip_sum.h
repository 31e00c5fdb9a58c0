/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The sum and the length at the end of a gzip file (RFC 1952), which libarchive does not
 * compare. Of a file of several members, which are rare, only the parts are summed: it
 * is not judged.
 */

#include <stdint.h>

#include "common/error.h"

struct gzip_sum {
	uint32_t crc;    /* of what came out */
	uint32_t length; /* the same, modulo 2^32 */
	uint8_t last[8]; /* of what went in */
};

/* What went in, and what came out. */
void gzip_sum_in(struct gzip_sum *sum, const void *data, size_t len);
void gzip_sum_out(struct gzip_sum *sum, const void *data, size_t len);

/* Compares, once all has gone by. */
must_check int gzip_sum_check(const struct gzip_sum *sum, struct error *err);
