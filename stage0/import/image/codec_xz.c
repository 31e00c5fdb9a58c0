/* SPDX-License-Identifier: Apache-2.0 */

/* By one thread: a decoder of several holds whole blocks, of as many bytes as they say. */

#include <lzma.h>

#include "common/memory.h"
#include "stage0/import/image/codec.h"

static void xz_free(void *state)
{
	lzma_end(state);
	free(state);
}

static void *xz_new(void)
{
	lzma_stream *xz = memory_zeroed(1, sizeof(*xz));

	if (lzma_stream_decoder(xz, CODEC_MEMORY_MAX,
	                        LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK) ==
	    LZMA_OK)
		return xz;
	xz_free(xz);
	return NULL;
}

static int xz_fail(const lzma_stream *xz, lzma_ret r, struct error *err)
{
	switch (r) {
	case LZMA_MEMLIMIT_ERROR:
		return error_set(err, -EFBIG,
		                 "takes %llu MiB of memory to inflate, more than %lld: "
		                 "refused",
		                 (unsigned long long)(lzma_memusage(xz) >> 20),
		                 (long long)(CODEC_MEMORY_MAX >> 20));
	case LZMA_MEM_ERROR:
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	case LZMA_UNSUPPORTED_CHECK:
	case LZMA_OPTIONS_ERROR:
		return error_set(err, -ENOTSUP,
		                 "cannot inflate: compressed in a way that this liblzma "
		                 "does not know");
	case LZMA_FORMAT_ERROR:
		return codec_trailing(err);
	default:
		return codec_damaged("its xz stream makes no sense", err);
	}
}

static int xz_run(void *state, struct codec_io *io, struct error *err)
{
	lzma_stream *xz = state;
	lzma_ret r;

	xz->next_in = io->in;
	xz->avail_in = io->in_len;
	xz->next_out = io->out;
	xz->avail_out = io->room;
	r = lzma_code(xz, io->last ? LZMA_FINISH : LZMA_RUN);
	io->in = xz->next_in;
	io->in_len = xz->avail_in;
	io->out = xz->next_out;
	io->room = xz->avail_out;
	if (r == LZMA_STREAM_END)
		return CODEC_END;
	return r == LZMA_OK || r == LZMA_BUF_ERROR ? CODEC_MORE : xz_fail(xz, r, err);
}

const struct codec codec_xz = {xz_new, xz_free, xz_run};
