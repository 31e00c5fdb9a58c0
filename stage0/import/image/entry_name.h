/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names in an archive: cleaned of what means nothing, and refused if they could lead
 * anywhere (appc 1.2.1, 1.9). */

#include "common/error.h"

/* Sets *CLEAN to NAME without "//", "." and a slash at its end; "" for the top itself. The
 * caller's. Fails for an empty or absolute name, one with "..", and one too long. */
must_check int entry_name_clean(const char *name, char **clean, struct error *err);
