/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The conformance data in tests/vectors/appc, run as it is. A file has lists of values:
 * "valid", "invalid", both also as "..._raw" with the JSON itself in a string, and
 * "divergent", where the specification and its reference tools disagree: each of those says
 * under "gantry" what we decided, and why under "because".
 */

#include "common/buf.h"
#include "common/error.h"

/* Judges a value, given as JSON, as the product does. */
typedef int vector_judge(const char *json, const void *context, struct error *err);

/* Holds JUDGE to every value of the file NAME, or of its object MEMBER unless that is NULL. */
void vectors_check(const char *name, const char *member, vector_judge *judge,
                   const void *context);

/* Adds the whole file. */
void vectors_read(const char *name, struct buf *text);
