/* SPDX-License-Identifier: Apache-2.0 */
#include "common/list.h"

#include <string.h>

#include "common/memory.h"

void *list_add_(struct list *list, size_t size)
{
	char *item;

	list->items = memory_resized(list->items, list->count + 1, size);
	item = (char *)list->items + list->count++ * size;
	return memset(item, 0, size);
}
