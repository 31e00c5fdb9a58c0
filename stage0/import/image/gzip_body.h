/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a member of a gzip file has after its header (RFC 1952): the deflated bytes, their
 * CRC-32 and their length. By ISA-L, or by zlib where that is not to be had.
 */

#include "stage0/import/image/codec.h"

struct gzip_body;

/* NULL if the library cannot begin. */
must_check struct gzip_body *gzip_body_new(void);
void gzip_body_free(struct gzip_body *body);
define_autoptr(gzip_body);

/* Begins with the body of the next member. */
void gzip_body_reset(struct gzip_body *body);

/* As struct codec's run(), but of one member: CODEC_END comes right after its length, which
 * is what it says, like its sum. */
must_check int gzip_body_run(struct gzip_body *body, struct codec_io *io,
                             struct error *err);

/* The CRC-32 of what CRC is of, 0 for nothing, and LEN bytes more. */
uint32_t gzip_crc(uint32_t crc, const uint8_t *data, size_t len);
