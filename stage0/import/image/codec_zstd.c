/* SPDX-License-Identifier: Apache-2.0 */
#include <zstd.h>
#include <zstd_errors.h>

#include "common/memory.h"
#include "stage0/import/image/codec.h"

enum { WINDOW_LOG_MAX = 27 };
_Static_assert(CODEC_MEMORY_MAX == INT64_C(1) << WINDOW_LOG_MAX, "one limit for all");

struct zstd {
	ZSTD_DCtx *context;
	bool has_frames; /* there was one already */
	bool within;     /* ... and this one has begun */
};

static void zstd_free(void *state)
{
	struct zstd *zstd = state;

	ZSTD_freeDCtx(zstd->context);
	free(zstd);
}

static void *zstd_new(void)
{
	struct zstd *zstd = memory_zeroed(1, sizeof(*zstd));

	zstd->context = ZSTD_createDCtx();
	if (zstd->context && !ZSTD_isError(ZSTD_DCtx_setParameter(
				     zstd->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		return zstd;
	zstd_free(zstd);
	return NULL;
}

static int zstd_fail(const struct zstd *zstd, size_t r, struct error *err)
{
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return error_set(err, -EFBIG,
		                 "takes more than %lld MiB of memory to inflate: refused",
		                 (long long)(CODEC_MEMORY_MAX >> 20));
	case ZSTD_error_memory_allocation:
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	case ZSTD_error_prefix_unknown:
		if (zstd->has_frames && !zstd->within)
			return codec_trailing(err);
		return codec_damaged("its zstd frame makes no sense", err);
	default:
		return codec_damaged(ZSTD_getErrorName(r), err);
	}
}

static int zstd_run(void *state, struct codec_io *io, struct error *err)
{
	struct zstd *zstd = state;
	ZSTD_inBuffer in = {io->in, io->in_len, 0};
	ZSTD_outBuffer out = {io->out, io->room, 0};

	while (in.pos < in.size || (zstd->within && out.pos < out.size)) {
		size_t before = in.pos + out.pos;
		size_t r = ZSTD_decompressStream(zstd->context, &out, &in);

		if (ZSTD_isError(r))
			return zstd_fail(zstd, r, err);
		zstd->within = r != 0;
		zstd->has_frames |= r == 0;
		if (in.pos + out.pos == before)
			break;
	}
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->room -= out.pos;
	return io->last && io->in_len == 0 && zstd->has_frames && !zstd->within
	               ? CODEC_END
	               : CODEC_MORE;
}

const struct codec codec_zstd = {zstd_new, zstd_free, zstd_run};
