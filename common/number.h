/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whole numbers as text: decimal digits, after a '-' perhaps, and nothing else around them. */

#include <stdint.h>

#include "common/error.h"

/* Reads TEXT, from MIN to MAX. Fails with what it should have been: "must be a number ...". */
must_check int number_parse(const char *text, int64_t min, int64_t max, int64_t *number,
                            struct error *err);
