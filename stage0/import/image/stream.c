/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/stream.h"

#include <pthread.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/import/digest.h"
#include "stage0/import/image/inflate.h"
#include "stage0/import/image/ring.h"
#include "stage0/import/image/tar_reader.h"

/* Bytes, several times what the libraries take. */
enum { STACK_SIZE = 256 << 10 };

struct stream {
	struct ring *ring;
	pthread_t threads[2];
	size_t thread_count;
	bool holds_block; /* the reader's, until it wants the next */

	struct inflate *inflate; /* the first thread's, from here on */

	struct tar_reader *reader; /* the second's, until it has ended */
	struct digest *digest;
	int64_t size;
	char id[sizeof("sha512-") + DIGEST_DIGITS];
};

static int fill_block(struct stream *stream, struct ring_block *block, bool *last,
                      struct error *err)
{
	int r = inflate_read(stream->inflate, block->data, RING_BLOCK_SIZE, &block->len,
	                     err);

	*last = block->len < RING_BLOCK_SIZE;
	return r;
}

static void *fill(void *data)
{
	struct stream *stream = data;
	struct ring_block *block;
	struct error err = {0};
	bool last = false;
	int r = RING_BLOCK;

	while (r == RING_BLOCK && !last) {
		r = ring_take(stream->ring, RING_FILL, &block, &err);
		if (r == RING_BLOCK)
			r = fill_block(stream, block, &last, &err);
		if (r == RING_BLOCK && block->len)
			ring_pass(stream->ring, RING_FILL);
	}
	ring_end(stream->ring, RING_FILL, r < 0 ? &err : NULL);
	return NULL;
}

static int check_block(struct stream *stream, struct ring_block *block, struct error *err)
{
	digest_add(stream->digest, block->data, block->len);
	stream->size += (int64_t)block->len;
	if (tar_reader_add(stream->reader, block->data, block->len, err) < 0)
		return err->code;
	tar_reader_heads(stream->reader, &block->heads);
	return RING_BLOCK;
}

static int check_end(struct stream *stream, struct error *err)
{
	if (tar_reader_end(stream->reader, err) < 0)
		return err->code;
	memcpy(stream->id, "sha512-", sizeof("sha512-"));
	digest_end(stream->digest, stream->id + sizeof("sha512-") - 1);
	return RING_END;
}

static void *check(void *data)
{
	struct stream *stream = data;
	struct ring_block *block;
	struct error err = {0};
	int r;

	do {
		r = ring_take(stream->ring, RING_CHECK, &block, &err);
		if (r == RING_BLOCK)
			r = check_block(stream, block, &err);
		else if (r == RING_END)
			r = check_end(stream, &err);
		if (r == RING_BLOCK)
			ring_pass(stream->ring, RING_CHECK);
	} while (r == RING_BLOCK);
	ring_end(stream->ring, RING_CHECK, r < 0 ? &err : NULL);
	return NULL;
}

static int start(struct stream *stream, void *(*run)(void *), struct error *err)
{
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	r = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (r == 0)
		r = pthread_create(&stream->threads[stream->thread_count], &attr, run,
		                   stream);
	pthread_attr_destroy(&attr);
	if (r != 0)
		return error_set(err, -r, "cannot start a thread: %s", strerror(r));
	stream->thread_count++;
	return 0;
}

int stream_open(struct stream **stream, int fd, int copy_fd, struct error *err)
{
	autoptr(stream) new = memory_zeroed(1, sizeof(*new));

	new->ring = ring_new();
	new->inflate = inflate_new(fd, copy_fd);
	new->reader = tar_reader_new();
	new->digest = digest_new();
	if (start(new, fill, err) < 0 || start(new, check, err) < 0)
		return err->code;
	*stream = take(new);
	return 0;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	ring_stop(stream->ring);
	for (size_t i = 0; i < stream->thread_count; i++)
		pthread_join(stream->threads[i], NULL);
	ring_free(stream->ring);
	inflate_free(stream->inflate);
	tar_reader_free(stream->reader);
	digest_free(stream->digest);
	free(stream);
}

int stream_next(struct stream *stream, const void **data, size_t *len,
                struct tar_heads *heads, struct error *err)
{
	struct ring_block *block;
	int r;

	if (stream->holds_block)
		ring_pass(stream->ring, RING_USE);
	stream->holds_block = false;
	r = ring_take(stream->ring, RING_USE, &block, err);
	if (r != RING_BLOCK)
		return r < 0 ? r : STREAM_END;
	stream->holds_block = true;
	*data = block->data;
	*len = block->len;
	tar_heads_move(heads, &block->heads);
	return STREAM_BLOCK;
}

int64_t stream_size(const struct stream *stream)
{
	return stream->size;
}

const char *stream_digest(const struct stream *stream)
{
	return stream->id;
}
