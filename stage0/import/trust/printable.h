/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "common/attributes.h"

/* A copy of TEXT for people: whatever would move, colour or turn round what a terminal shows,
 * and what is no UTF-8, is a '?'; it is cut where it gets too long to be a name. */
must_check char *printable_copy(const char *text);
