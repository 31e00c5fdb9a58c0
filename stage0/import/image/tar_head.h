/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An entry of a tar, as far as two readers must agree about it, and a queue of them, which
 * goes from the thread that reads to the one that writes. */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/attributes.h"

struct tar_time {
	bool is_set;
	struct timespec time;
};

struct tar_head {
	char type; /* '0' a file, '1' to '6' as in POSIX */
	char *name;
	char *target; /* of a link; else NULL */
	int64_t size; /* of a file, with its holes */

	/* What an extended header says; -1 or not set: what the header has. */
	int64_t uid;
	int64_t gid;
	struct tar_time mtime;
	struct tar_time atime;
};
void tar_head_clear(struct tar_head *head);

struct tar_heads {
	struct tar_heads_item *first;
	struct tar_heads_item *last;
};
void tar_heads_clear(struct tar_heads *heads);

/* Puts *HEAD last, and empties it. */
void tar_heads_add(struct tar_heads *heads, struct tar_head *head);

/* Takes out the first, now the caller's; false if there is none. */
bool tar_heads_next(struct tar_heads *heads, struct tar_head *head);

/* Puts all of FROM behind all of HEADS. */
void tar_heads_move(struct tar_heads *heads, struct tar_heads *from);
