/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which extended attributes of an image's files are restored (threat 11, appc 1.9). */

#include <stdbool.h>

#include "common/error.h"

enum xattr_outcome { XATTR_RESTORE, XATTR_DROP };

/* Judges the attribute NAME of a file or directory, or of something else. May return
 * XATTR_DROP. */
must_check int xattr_policy(const char *name, bool file_or_directory, struct error *err);
