/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Booleans as text, of a command line: 1 t T TRUE true True, 0 f F FALSE false False. */

#include <stdbool.h>

#include "common/error.h"

/* Reads TEXT. Fails with what it should have been: "must be true or false". */
must_check int boolean_parse(const char *text, bool *value, struct error *err);
