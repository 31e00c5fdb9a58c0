/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A vector of strings that it owns. ITEMS ends with a NULL once anything was added, so it
 * serves as an argv or an environment; strv_items() serves also when it is empty.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/attributes.h"

struct strv {
	char **items;
	size_t count;
};

void strv_add(struct strv *v, const char *text);
void strv_add_format(struct strv *v, const char *fmt, ...) printf_like(2, 3);

/* Adds TEXT itself, which is the vector's from now on. */
void strv_take(struct strv *v, char *text);

/* Adds copies of all of FROM's strings. */
void strv_extend(struct strv *v, const struct strv *from);

/* Adds the pieces of TEXT between SEPARATORs; "" gives one empty piece, as "a," gives two. */
void strv_split(struct strv *v, const char *text, char separator);

bool strv_has(const struct strv *v, const char *text);

/* Sorts by bytes. */
void strv_sort(struct strv *v);

/* Never NULL; ends with NULL. The vector's. */
char *const *strv_items(const struct strv *v);

void strv_clear(struct strv *v);
