/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a file is, told by its first bytes (appc 1.3), never by its name. */

#include <stddef.h>

#include "common/error.h"

enum { FORMAT_HEAD = 512 };

enum format { FORMAT_TAR, FORMAT_GZIP, FORMAT_BZIP2, FORMAT_XZ, FORMAT_ZSTD };

/* Tells the format of what begins with the LEN bytes HEAD: FORMAT_HEAD of them, or all that
 * there are. Fails for what is no image archive, and says what it is where it can. */
must_check int format_tell(const void *head, size_t len, enum format *format,
                           struct error *err);
