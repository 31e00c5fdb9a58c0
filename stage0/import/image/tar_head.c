/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/tar_head.h"

#include "common/memory.h"

struct tar_heads_item {
	struct tar_head head;
	struct tar_heads_item *next;
};

void tar_head_clear(struct tar_head *head)
{
	free(head->name);
	free(head->target);
	*head = (struct tar_head){0};
}

void tar_heads_clear(struct tar_heads *heads)
{
	struct tar_head head;

	while (tar_heads_next(heads, &head))
		tar_head_clear(&head);
}

void tar_heads_add(struct tar_heads *heads, struct tar_head *head)
{
	struct tar_heads_item *item = memory_zeroed(1, sizeof(*item));

	item->head = *head;
	*head = (struct tar_head){0};
	tar_heads_move(heads, &(struct tar_heads){item, item});
}

bool tar_heads_next(struct tar_heads *heads, struct tar_head *head)
{
	struct tar_heads_item *first = heads->first;

	if (!first)
		return false;
	*head = first->head;
	heads->first = first->next;
	if (!heads->first)
		heads->last = NULL;
	free(first);
	return true;
}

void tar_heads_move(struct tar_heads *heads, struct tar_heads *from)
{
	if (!from->first)
		return;
	if (heads->last)
		heads->last->next = from->first;
	else
		heads->first = from->first;
	heads->last = from->last;
	*from = (struct tar_heads){0};
}
