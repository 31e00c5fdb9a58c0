/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Arrays of structs, each of its own type. All lie in memory like struct list, so that one
 * function serves them all.
 */

#include <stddef.h>

#define LIST_OF(type)         \
	struct {              \
		type *items;  \
		size_t count; \
	}

struct list {
	void *items;
	size_t count;
};

/* Adds a zeroed item to a LIST_OF() and returns it; valid until the next one. */
#define list_add(to) \
	((__typeof__((to)->items))list_add_((struct list *)(to), sizeof(*(to)->items)))
void *list_add_(struct list *list, size_t size);
