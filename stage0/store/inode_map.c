/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/inode_map.h"

#include "common/memory.h"

enum { ROOM_FIRST = 1024 };

/* The slot of INODE, or the free one where it would be. */
static size_t find(const struct inode_map *map, uint64_t inode)
{
	size_t at = (size_t)(inode * UINT64_C(0x9E3779B97F4A7C15) >> 20);

	do {
		at = (at + 1) & (map->room - 1);
	} while (map->slots[at].inode && map->slots[at].inode != inode);
	return at;
}

static void grow(struct inode_map *map)
{
	struct inode_map old = *map;

	map->room = old.room ? old.room * 2 : ROOM_FIRST;
	map->slots = memory_zeroed(map->room, sizeof(*map->slots));
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].inode)
			map->slots[find(map, old.slots[i].inode)] = old.slots[i];
	free(old.slots);
}

uint64_t *inode_map_at(struct inode_map *map, uint64_t inode, bool *is_new)
{
	size_t at;

	if (map->used * 2 >= map->room)
		grow(map);
	at = find(map, inode);
	*is_new = !map->slots[at].inode;
	if (*is_new) {
		map->slots[at].inode = inode;
		map->used++;
	}
	return &map->slots[at].value;
}

void inode_map_clear(struct inode_map *map)
{
	free(map->slots);
	*map = (struct inode_map){0};
}
