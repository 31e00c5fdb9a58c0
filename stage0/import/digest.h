/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SHA-512, which names images and trees; and what names the keys of OpenPGP. */

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { DIGEST_DIGITS = 128 };

struct digest;

/* Loads what computing needs, so that digest_new() opens no file. */
must_check int digest_prepare(struct error *err);

must_check struct digest *digest_new(void);
void digest_free(struct digest *digest);
define_autoptr(digest);

void digest_add(struct digest *digest, const void *data, size_t len);

/* Sets TEXT to the digest of all that was added, in lower-case hex; nothing more may be. */
void digest_end(struct digest *digest, char text[DIGEST_DIGITS + 1]);

enum digest_kind { DIGEST_SHA1, DIGEST_SHA256 };

enum { DIGEST_SIZE_MAX = 32 };

/* Sets SUM to the digest of the LEN bytes of DATA; returns its size, or 0 if there is no such
 * digest to be had. */
must_check size_t digest_bytes(enum digest_kind kind, const void *data, size_t len,
                               uint8_t sum[DIGEST_SIZE_MAX]);
