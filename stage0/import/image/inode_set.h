/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A set of inode numbers, for those few of a tree that one must remember. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"

struct inode_set {
	uint64_t *slots; /* 0: free; no inode has that number */
	size_t room;     /* a power of two */
	size_t used;
};

/* Adds an inode that is not in the set. */
void inode_set_add(struct inode_set *set, uint64_t inode);

/* Takes the inode out. Returns whether it was in. */
bool inode_set_remove(struct inode_set *set, uint64_t inode);

void inode_set_clear(struct inode_set *set);
