/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/inode_set.h"

#include "common/memory.h"

/* In the place of one that was taken out, so that those behind it are still found. */
#define GONE UINT64_MAX

static size_t slot_of(const struct inode_set *set, uint64_t inode, size_t step)
{
	return ((size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 20) + step) &
	       (set->room - 1);
}

static void put(struct inode_set *set, uint64_t inode)
{
	size_t step = 0;

	while (set->slots[slot_of(set, inode, step)])
		step++;
	set->slots[slot_of(set, inode, step)] = inode;
	set->used++;
}

static void grow(struct inode_set *set)
{
	struct inode_set old = *set;

	set->room = old.room ? 2 * old.room : 64;
	set->slots = memory_zeroed(set->room, sizeof(*set->slots));
	set->used = 0;
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i] && old.slots[i] != GONE)
			put(set, old.slots[i]);
	free(old.slots);
}

void inode_set_add(struct inode_set *set, uint64_t inode)
{
	if (2 * (set->used + 1) > set->room)
		grow(set);
	put(set, inode);
}

bool inode_set_remove(struct inode_set *set, uint64_t inode)
{
	for (size_t step = 0; step < set->room; step++) {
		uint64_t *slot = &set->slots[slot_of(set, inode, step)];

		if (*slot == 0)
			return false;
		if (*slot == inode) {
			*slot = GONE;
			return true;
		}
	}
	return false;
}

void inode_set_clear(struct inode_set *set)
{
	free(set->slots);
	*set = (struct inode_set){0};
}
