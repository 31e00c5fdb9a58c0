/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "common/attributes.h"
#include "common/buf.h"

/* Adds TEXT, written by others, for people: what would move, colour or turn round what a terminal
 * shows, and what is no UTF-8, is a '?', but for the characters of SPARED. */
void printable_add(struct buf *out, const char *text, const char *spared);

/* A copy of TEXT in the same way; it is cut where it gets too long to be a name. */
must_check char *printable_copy(const char *text);
