/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bytes that grow. DATA always has a NUL after its LEN bytes once anything was added, so a
 * buf of text is a string; an empty one may have DATA NULL: buf_string() is never NULL.
 */

#include <stddef.h>

#include "common/attributes.h"

struct buf {
	char *data;
	size_t len;
	size_t room; /* bytes allocated */
};

/* Makes room for LEN more bytes and returns where they go; the caller adds to buf->len. */
char *buf_reserve(struct buf *buf, size_t len);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_format(struct buf *buf, const char *fmt, ...) printf_like(2, 3);
const char *buf_string(const struct buf *buf);

/* The text, now the caller's; the buf is empty again. */
must_check char *buf_take(struct buf *buf);

void buf_clear(struct buf *buf);
