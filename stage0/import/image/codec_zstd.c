/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
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
	uint8_t magic[4];
	size_t filled;
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

static int zstd_fail(size_t r, struct error *err)
{
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return error_set(err, -EFBIG,
		                 "takes more than %lld MiB of memory to inflate: refused",
		                 (long long)(CODEC_MEMORY_MAX >> 20));
	case ZSTD_error_memory_allocation:
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	default:
		return codec_damaged(ZSTD_getErrorName(r), err);
	}
}

/* A frame, or one to be skipped. The library knows older kinds as well, which nobody writes. */
static bool is_frame(const uint8_t magic[4])
{
	return memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 ||
	       ((magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, "\x2a\x4d\x18", 3) == 0);
}

/* May return CODEC_MORE: there are too few bytes to tell. */
static int begin_frame(struct zstd *zstd, struct codec_io *io, struct error *err)
{
	ZSTD_inBuffer in = {zstd->magic, sizeof(zstd->magic), 0};
	ZSTD_outBuffer out = {io->out, 0, 0};
	size_t r;

	while (io->in_len && zstd->filled < sizeof(zstd->magic)) {
		zstd->magic[zstd->filled++] = *io->in++;
		io->in_len--;
	}
	if (zstd->filled < sizeof(zstd->magic))
		return CODEC_MORE;
	if (!is_frame(zstd->magic))
		return zstd->has_frames ? codec_trailing(err)
		                        : codec_damaged("no zstd frame", err);
	zstd->filled = 0;
	zstd->within = true;
	r = ZSTD_decompressStream(zstd->context, &out, &in);
	return ZSTD_isError(r) ? zstd_fail(r, err) : CODEC_END;
}

/* One step within a frame. */
static int go_on(struct zstd *zstd, struct codec_io *io, struct error *err)
{
	ZSTD_inBuffer in = {io->in, io->in_len, 0};
	ZSTD_outBuffer out = {io->out, io->room, 0};
	size_t r = ZSTD_decompressStream(zstd->context, &out, &in);

	if (ZSTD_isError(r))
		return zstd_fail(r, err);
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->room -= out.pos;
	zstd->within = r != 0;
	zstd->has_frames |= r == 0;
	return in.pos + out.pos ? CODEC_END : CODEC_MORE;
}

static int zstd_run(void *state, struct codec_io *io, struct error *err)
{
	struct zstd *zstd = state;
	int r;

	do {
		if (!zstd->within && zstd->has_frames && !zstd->filled && !io->in_len)
			return io->last ? CODEC_END : CODEC_MORE;
		r = zstd->within ? go_on(zstd, io, err) : begin_frame(zstd, io, err);
	} while (r == CODEC_END);
	return r;
}

const struct codec codec_zstd = {zstd_new, zstd_free, zstd_run};
