/* SPDX-License-Identifier: Apache-2.0 */

/* Members and their headers (RFC 1952, 2.3), one after the other. */

#include <string.h>

#include "common/memory.h"
#include "stage0/import/image/gzip_body.h"

enum flag {
	SUM = 1 << 1,
	EXTRA = 1 << 2,
	NAME = 1 << 3,
	COMMENT = 1 << 4,
	UNKNOWN = 0xe0
};

/* The parts of a member, in order. */
enum part {
	PART_FIXED,
	PART_EXTRA_SIZE,
	PART_EXTRA,
	PART_NAME,
	PART_COMMENT,
	PART_SUM,
	PART_BODY,
};

struct gzip {
	struct gzip_body *body;
	bool has_members; /* there was one already */
	enum part part;
	uint8_t bytes[10]; /* of the part, if it has a size */
	size_t filled;
	uint8_t flags;
	size_t extra_left;
	uint32_t crc; /* of the header, so far */
};

static void gzip_free(void *state)
{
	struct gzip *gzip = state;

	gzip_body_free(gzip->body);
	free(gzip);
}

static void *gzip_new(void)
{
	struct gzip *gzip = memory_zeroed(1, sizeof(*gzip));

	gzip->body = gzip_body_new();
	if (gzip->body)
		return gzip;
	gzip_free(gzip);
	return NULL;
}

/* Takes LEN bytes of the header. */
static void move_on(struct gzip *gzip, struct codec_io *io, size_t len)
{
	if (gzip->part != PART_SUM)
		gzip->crc = gzip_crc(gzip->crc, io->in, len);
	io->in += len;
	io->in_len -= len;
}

/* Collects the SIZE bytes of a part. */
static bool collect(struct gzip *gzip, struct codec_io *io, size_t size)
{
	size_t left = size - gzip->filled;
	size_t len = left < io->in_len ? left : io->in_len;

	memcpy(gzip->bytes + gzip->filled, io->in, len);
	gzip->filled += len;
	move_on(gzip, io, len);
	if (gzip->filled < size)
		return false;
	gzip->filled = 0;
	return true;
}

static int take_fixed(struct gzip *gzip, struct codec_io *io, struct error *err)
{
	if (!collect(gzip, io, 10))
		return CODEC_MORE;
	if (gzip->bytes[0] != 0x1f || gzip->bytes[1] != 0x8b)
		return codec_trailing(err);
	gzip->flags = gzip->bytes[3];
	if (gzip->bytes[2] != 8 || gzip->flags & UNKNOWN)
		return codec_damaged("a gzip header of an unknown kind", err);
	return CODEC_END;
}

static int take_extra_size(struct gzip *gzip, struct codec_io *io, struct error *err)
{
	(void)err;
	if (!collect(gzip, io, 2))
		return CODEC_MORE;
	gzip->extra_left = gzip->bytes[0] | (size_t)gzip->bytes[1] << 8;
	return CODEC_END;
}

static int take_extra(struct gzip *gzip, struct codec_io *io, struct error *err)
{
	size_t len = gzip->extra_left < io->in_len ? gzip->extra_left : io->in_len;

	(void)err;
	gzip->extra_left -= len;
	move_on(gzip, io, len);
	return gzip->extra_left ? CODEC_MORE : CODEC_END;
}

static int take_text(struct gzip *gzip, struct codec_io *io, struct error *err)
{
	const uint8_t *end = memchr(io->in, 0, io->in_len);

	(void)err;
	move_on(gzip, io, end ? (size_t)(end - io->in) + 1 : io->in_len);
	return end ? CODEC_END : CODEC_MORE;
}

static int take_sum(struct gzip *gzip, struct codec_io *io, struct error *err)
{
	if (!collect(gzip, io, 2))
		return CODEC_MORE;
	if ((gzip->bytes[0] | gzip->bytes[1] << 8) != (int)(gzip->crc & 0xffff))
		return codec_damaged("the checksum of a gzip header is wrong", err);
	return CODEC_END;
}

static int take_body(struct gzip *gzip, struct codec_io *io, struct error *err)
{
	return gzip_body_run(gzip->body, io, err);
}

/* A part is there if one of its FLAGS is, and if it has none. CODEC_END: it is over. */
static const struct {
	int flags;
	int (*run)(struct gzip *gzip, struct codec_io *io, struct error *err);
} parts[] = {
	[PART_FIXED] = {0, take_fixed},
	[PART_EXTRA_SIZE] = {EXTRA, take_extra_size},
	[PART_EXTRA] = {EXTRA, take_extra},
	[PART_NAME] = {NAME, take_text},
	[PART_COMMENT] = {COMMENT, take_text},
	[PART_SUM] = {SUM, take_sum},
	[PART_BODY] = {0, take_body},
};

static void next_part(struct gzip *gzip)
{
	if (gzip->part == PART_BODY) {
		gzip->has_members = true;
		gzip->part = PART_FIXED;
		gzip->crc = 0;
		gzip_body_reset(gzip->body);
		return;
	}
	do {
		gzip->part++;
	} while (parts[gzip->part].flags && !(parts[gzip->part].flags & gzip->flags));
}

static int gzip_run(void *state, struct codec_io *io, struct error *err)
{
	struct gzip *gzip = state;
	int r;

	do {
		if (gzip->part == PART_FIXED && gzip->has_members && gzip->filled == 0 &&
		    io->in_len == 0)
			return io->last ? CODEC_END : CODEC_MORE;
		r = parts[gzip->part].run(gzip, io, err);
		if (r == CODEC_END)
			next_part(gzip);
	} while (r == CODEC_END);
	return r;
}

const struct codec codec_gzip = {gzip_new, gzip_free, gzip_run};
