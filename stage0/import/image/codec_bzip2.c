/* SPDX-License-Identifier: Apache-2.0 */
#include <bzlib.h>

#include "common/memory.h"
#include "stage0/import/image/codec.h"

struct bzip2 {
	bz_stream stream;
	bool open;        /* STREAM is in use */
	bool has_streams; /* there was one already */
};

static void *bzip2_new(void)
{
	return memory_zeroed(1, sizeof(struct bzip2));
}

static void bzip2_end(struct bzip2 *bzip2)
{
	if (bzip2->open)
		BZ2_bzDecompressEnd(&bzip2->stream);
	bzip2->open = false;
}

static void bzip2_free(void *state)
{
	bzip2_end(state);
	free(state);
}

static int bzip2_begin(struct bzip2 *bzip2, struct error *err)
{
	bzip2->stream = (bz_stream){0};
	if (BZ2_bzDecompressInit(&bzip2->stream, 0, 0) != BZ_OK)
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	bzip2->open = true;
	return 0;
}

static int bzip2_step(struct bzip2 *bzip2, struct codec_io *io, struct error *err)
{
	bz_stream *s = &bzip2->stream;
	int r;

	if (!bzip2->open && bzip2_begin(bzip2, err) < 0)
		return err->code;
	s->next_in = (char *)(uintptr_t)io->in;
	s->avail_in = io->in_len < INT32_MAX ? (unsigned)io->in_len : INT32_MAX;
	s->next_out = (char *)io->out;
	s->avail_out = io->room < INT32_MAX ? (unsigned)io->room : INT32_MAX;
	r = BZ2_bzDecompress(s);
	io->in_len -= (size_t)((const uint8_t *)s->next_in - io->in);
	io->in = (const uint8_t *)s->next_in;
	io->room -= (size_t)((uint8_t *)s->next_out - io->out);
	io->out = (uint8_t *)s->next_out;
	if (r == BZ_DATA_ERROR_MAGIC && bzip2->has_streams)
		return codec_trailing(err);
	if (r == BZ_MEM_ERROR)
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	if (r != BZ_OK && r != BZ_STREAM_END)
		return codec_damaged("its bzip2 stream makes no sense", err);
	return r == BZ_STREAM_END ? CODEC_END : CODEC_MORE;
}

static int bzip2_run(void *state, struct codec_io *io, struct error *err)
{
	struct bzip2 *bzip2 = state;
	int r;

	do {
		if (!bzip2->open && bzip2->has_streams && io->in_len == 0)
			return io->last ? CODEC_END : CODEC_MORE;
		r = bzip2_step(bzip2, io, err);
		if (r == CODEC_END) {
			bzip2_end(bzip2);
			bzip2->has_streams = true;
		}
	} while (r == CODEC_END);
	return r;
}

const struct codec codec_bzip2 = {bzip2_new, bzip2_free, bzip2_run};
