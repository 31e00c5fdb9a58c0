/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A pod's name: a random UUID (RFC 4122, version 4) in its canonical lower-case text. */

#include <stdbool.h>

#include "common/error.h"

enum { UUID_LENGTH = 36 };

struct uuid {
	char text[UUID_LENGTH + 1];
};

/* Makes a random one (ACE-1). */
must_check int uuid_make(struct uuid *uuid, struct error *err);

/* Whether TEXT is a UUID in its canonical form: what a pod's directory is called. */
bool uuid_is(const char *text);

/* Reads TEXT as the specification does: dashes anywhere, any case, 32 hex digits, not all
 * of them zero (appc 1.4, UUID). Sets *UUID to the canonical form. */
must_check int uuid_parse(const char *text, struct uuid *uuid, struct error *err);
