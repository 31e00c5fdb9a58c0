/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory that is there, or the program is not: state on disk is safe against a crash at any
 * instruction, so running out of memory ends the process with one line and status 254.
 * What these return belongs to the caller and goes with free(3).
 */

#include <stddef.h>

#include "common/attributes.h"

/* COUNT zeroed things of SIZE bytes. */
must_check void *memory_zeroed(size_t count, size_t size);

/* P, grown or shrunk to COUNT things of SIZE bytes; P is gone. */
must_check void *memory_resized(void *p, size_t count, size_t size);

/* A copy of TEXT; NULL for NULL. */
must_check char *memory_text(const char *text);

/* A copy of LEN bytes of DATA with a NUL after them. */
must_check char *memory_bytes(const void *data, size_t len);

must_check char *memory_format(const char *fmt, ...) printf_like(1, 2);
