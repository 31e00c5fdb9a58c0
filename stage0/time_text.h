/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Times as people read them, in the words of rkt (rkt 2.10). A time is a count of
 * nanoseconds since 1970; 0 is one that is not known. What is returned is the caller's.
 */

#include <stdint.h>

#include "common/attributes.h"

int64_t time_now(void);

/* How long THEN is from NOW: "now", "2 seconds ago", "1 week ago", "3 minutes from now"; not
 * known, or older than 37 years: "a long while ago". */
must_check char *time_relative(int64_t then, int64_t now);

/* The local time to the millisecond, without zeros at its end:
 * "2026-11-20 17:31:33.44 +0000 UTC". Not known: the first moment of the year 1. */
must_check char *time_full(int64_t then);

/* A length of time in nanoseconds, as options take it: "30m0s", "24h0m0s", "1.5s", "20ms". */
must_check char *time_length(int64_t nanoseconds);
