/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An archive's bytes, copied if wanted, with their compression taken off, which is told by the
 * content (appc 1.3). One stream comes out, to its real end, and nothing stands behind it.
 */

#include <stdint.h>

#include "common/error.h"

#define INFLATE_SIZE_MAX    (INT64_C(1) << 40)   /* bytes that come out */
#define INFLATE_RATIO_MAX   200                  /* out to in, beyond ... */
#define INFLATE_RATIO_FLOOR (INT64_C(256) << 20) /* ... so many bytes */

struct inflate;

/* Of the file FD, from where it stands. Every byte read is written to COPY_FD, if not -1.
 * Reads nothing yet. */
must_check struct inflate *inflate_new(int fd, int copy_fd);
void inflate_free(struct inflate *inflate);
define_autoptr(inflate);

/* Fills all SIZE bytes at TO, or fewer at the end only. Sets *LEN to how many. */
must_check int inflate_read(struct inflate *inflate, void *to, size_t size, size_t *len,
                            struct error *err);
