/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an isolator's value means (appc 1.7.5): one row for each name the specification
 * knows. isolator_check() judges a value; the rest of the runtime asks for one kind.
 */

#include "common/appc/image_manifest.h"
#include "common/quantity.h"

/* Where a list of isolators stands. */
enum isolator_scope { ISOLATOR_APP, ISOLATOR_POD };

/* Judges one isolator. Unknown names are good. The message begins with the place below
 * the isolator: ".value.set: must not be empty". */
must_check int isolator_check(const struct isolator *isolator, struct error *err);

/* Judges a list as a whole: which may stand there, how often and beside which others. The
 * message begins with the place in the list: "[1]: ...". */
must_check int isolator_check_list(const struct isolator *items, size_t count,
                                   enum isolator_scope scope, struct error *err);

/* Whether the specification defines an isolator of that name. */
bool isolator_is_known(const char *name);

/* The last isolator called NAME, or NULL. */
const struct isolator *isolator_find(const struct isolator *items, size_t count,
                                     const char *name);

/* The "set" of a capability or seccomp isolator, added to *SET; for seccomp also its errno
 * ("" if none; the caller's), else ERRNO_NAME may be NULL. ISOLATOR has been checked. */
void isolator_set(const struct isolator *isolator, struct strv *set, char **errno_name);

/* The value of an isolator that is a boolean or an integer. ISOLATOR has been checked. */
bool isolator_bool(const struct isolator *isolator);
int64_t isolator_int(const struct isolator *isolator);

/* What a resource isolator asks for. */
struct isolator_amount {
	bool has_request;
	bool has_limit;
	struct quantity request;
	struct quantity limit;
};

/* The value of a resource isolator. ISOLATOR has been checked. */
struct isolator_amount isolator_amount(const struct isolator *isolator);
