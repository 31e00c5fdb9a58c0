/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Blocks of bytes that go round between three threads, each in its stage: one fills a block,
 * the next checks it, the last uses it, and it is filled again. No stage sees a block before
 * the one before has passed it on. There are so many blocks and no more: who is ahead waits.
 *
 * A stage that fails ends, and says why; those behind it get all that it passed on, and then
 * its error. So which of several errors is told depends on where they lie in the stream, not on who was faster.
 */

#include "common/error.h"
#include "stage0/import/image/tar_head.h"

enum { RING_BLOCKS = 8, RING_BLOCK_SIZE = 256 << 10 };

enum ring_stage { RING_FILL, RING_CHECK, RING_USE, RING_STAGES };

enum ring_outcome { RING_BLOCK, RING_END, RING_STOPPED };

struct ring_block {
	char *data;
	size_t len;             /* up to RING_BLOCK_SIZE */
	struct tar_heads heads; /* of the entries that begin in it */
};

struct ring;

must_check struct ring *ring_new(void);
void ring_free(struct ring *ring); /* once all threads have ended */
define_autoptr(ring);

/* Waits for STAGE's next block, its own until it passes it on. May return RING_END: there
 * comes no more; and RING_STOPPED. Fails with the error of a stage before. */
must_check int ring_take(struct ring *ring, enum ring_stage stage,
                         struct ring_block **block, struct error *err);

/* Hands the block that was taken to the next stage. */
void ring_pass(struct ring *ring, enum ring_stage stage);

/* STAGE passes on no more; ERR is why, or NULL. */
void ring_end(struct ring *ring, enum ring_stage stage, const struct error *err);

/* Nothing more is wanted: who waits, or comes to wait, gets RING_STOPPED. */
void ring_stop(struct ring *ring);
