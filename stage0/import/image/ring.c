/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/ring.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>

#include "common/memory.h"

struct ring {
	pthread_mutex_t mutex; /* of all that follows but the blocks' content */
	pthread_cond_t changed[RING_STAGES]; /* for whom there is something new */
	uint64_t passed[RING_STAGES];        /* blocks, since the beginning */
	bool ended[RING_STAGES];
	struct error why[RING_STAGES]; /* code 0: it came to its end */
	bool stopped;
	struct ring_block blocks[RING_BLOCKS];
};

struct ring *ring_new(void)
{
	struct ring *ring = memory_zeroed(1, sizeof(*ring));

	pthread_mutex_init(&ring->mutex, NULL);
	for (size_t i = 0; i < RING_STAGES; i++)
		pthread_cond_init(&ring->changed[i], NULL);
	for (size_t i = 0; i < RING_BLOCKS; i++)
		ring->blocks[i].data = memory_zeroed(RING_BLOCK_SIZE, 1);
	return ring;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	for (size_t i = 0; i < RING_BLOCKS; i++) {
		tar_heads_clear(&ring->blocks[i].heads);
		free(ring->blocks[i].data);
	}
	for (size_t i = 0; i < RING_STAGES; i++)
		pthread_cond_destroy(&ring->changed[i]);
	pthread_mutex_destroy(&ring->mutex);
	free(ring);
}

/* How many blocks the stage may have passed on, once it is done with all that are there. */
static uint64_t ready(const struct ring *ring, enum ring_stage stage)
{
	return stage == RING_FILL ? ring->passed[RING_USE] + RING_BLOCKS
	                          : ring->passed[stage - 1];
}

/* The same as ring_take(), with the mutex. */
static int look(struct ring *ring, enum ring_stage stage, struct ring_block **block,
                struct error *err)
{
	for (;;) {
		if (ring->stopped)
			return RING_STOPPED;
		if (ring->passed[stage] < ready(ring, stage)) {
			*block = &ring->blocks[ring->passed[stage] % RING_BLOCKS];
			return RING_BLOCK;
		}
		if (stage != RING_FILL && ring->ended[stage - 1]) {
			*err = ring->why[stage - 1];
			return err->code < 0 ? err->code : RING_END;
		}
		pthread_cond_wait(&ring->changed[stage], &ring->mutex);
	}
}

int ring_take(struct ring *ring, enum ring_stage stage, struct ring_block **block,
              struct error *err)
{
	int r;

	pthread_mutex_lock(&ring->mutex);
	r = look(ring, stage, block, err);
	pthread_mutex_unlock(&ring->mutex);
	return r;
}

void ring_pass(struct ring *ring, enum ring_stage stage)
{
	pthread_mutex_lock(&ring->mutex);
	assert(ring->passed[stage] < ready(ring, stage));
	ring->passed[stage]++;
	pthread_cond_signal(&ring->changed[(stage + 1) % RING_STAGES]);
	pthread_mutex_unlock(&ring->mutex);
}

void ring_end(struct ring *ring, enum ring_stage stage, const struct error *err)
{
	pthread_mutex_lock(&ring->mutex);
	ring->ended[stage] = true;
	if (err)
		ring->why[stage] = *err;
	pthread_cond_signal(&ring->changed[(stage + 1) % RING_STAGES]);
	pthread_mutex_unlock(&ring->mutex);
}

void ring_stop(struct ring *ring)
{
	pthread_mutex_lock(&ring->mutex);
	ring->stopped = true;
	for (size_t i = 0; i < RING_STAGES; i++)
		pthread_cond_signal(&ring->changed[i]);
	pthread_mutex_unlock(&ring->mutex);
}
