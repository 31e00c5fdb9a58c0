/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The capabilities of an app: 14 by default, fewer or others by isolator (ACE-110 to 114,
 * rkt 7.15). A set is a bit for each capability's number.
 */

#include <stdint.h>

#include "common/appc/isolator.h"

/* Sets *SET to the bounding set of an app with these isolators. Both a retain and a remove
 * set are an error, as is a name the kernel's header does not know. */
must_check int privilege_bounding_set(const struct isolator *isolators, size_t count,
                                      uint64_t *set, struct error *err);
