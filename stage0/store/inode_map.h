/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Remembers a number for each of some inodes: those of files with several names. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"

struct inode_map {
	struct {
		uint64_t inode; /* 0: free; no inode has that number */
		uint64_t value;
	} * slots;
	size_t room; /* a power of two */
	size_t used;
};

/* The number of INODE, the map's until the next call. *IS_NEW: it was not in the map, and is
 * now, with 0. */
uint64_t *inode_map_at(struct inode_map *map, uint64_t inode, bool *is_new);

void inode_map_clear(struct inode_map *map);
