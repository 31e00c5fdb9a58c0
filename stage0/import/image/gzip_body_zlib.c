/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/gzip_body.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"

struct gzip_body {
	z_stream stream;
	bool inflated;
	uint32_t crc;
	uint32_t length;    /* modulo 2^32 */
	uint8_t trailer[8]; /* sum and length, as they should be */
	size_t filled;
};

struct gzip_body *gzip_body_new(void)
{
	autoptr(gzip_body) body = memory_zeroed(1, sizeof(*body));

	return inflateInit2(&body->stream, -MAX_WBITS) == Z_OK ? take(body) : NULL;
}

void gzip_body_free(struct gzip_body *body)
{
	if (!body)
		return;
	inflateEnd(&body->stream);
	free(body);
}

void gzip_body_reset(struct gzip_body *body)
{
	inflateReset(&body->stream);
	body->inflated = false;
	body->crc = body->length = 0;
	body->filled = 0;
}

static int run_deflated(struct gzip_body *body, struct codec_io *io, struct error *err)
{
	z_stream *s = &body->stream;
	uint8_t *out = io->out;
	size_t len;
	int r;

	s->next_in = (uint8_t *)(uintptr_t)io->in;
	s->avail_in = io->in_len < INT32_MAX ? (uint32_t)io->in_len : INT32_MAX;
	s->next_out = io->out;
	s->avail_out = io->room < INT32_MAX ? (uint32_t)io->room : INT32_MAX;
	r = inflate(s, Z_NO_FLUSH);
	len = (size_t)(s->next_out - out);
	io->in_len -= (size_t)(s->next_in - io->in);
	io->in = s->next_in;
	io->room -= len;
	io->out = s->next_out;
	body->crc = gzip_crc(body->crc, out, len);
	body->length += (uint32_t)len;
	body->inflated = r == Z_STREAM_END;
	if (r == Z_MEM_ERROR)
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return codec_damaged("its deflated bytes make no sense", err);
	return 0;
}

int gzip_body_run(struct gzip_body *body, struct codec_io *io, struct error *err)
{
	uint32_t wanted[2];
	int r;

	if (!body->inflated) {
		r = run_deflated(body, io, err);
		if (r < 0 || !body->inflated)
			return r < 0 ? r : CODEC_MORE;
	}
	while (io->in_len && body->filled < sizeof(body->trailer)) {
		body->trailer[body->filled++] = *io->in++;
		io->in_len--;
	}
	if (body->filled < sizeof(body->trailer))
		return CODEC_MORE;
	memcpy(wanted, body->trailer, sizeof(wanted));
	if (le32toh(wanted[0]) != body->crc || le32toh(wanted[1]) != body->length)
		return codec_damaged("its checksum is wrong", err);
	return CODEC_END;
}

uint32_t gzip_crc(uint32_t crc, const uint8_t *data, size_t len)
{
	return (uint32_t)crc32_z(crc, data, len);
}
