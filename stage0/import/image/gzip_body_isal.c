/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/gzip_body.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "common/memory.h"

struct gzip_body {
	struct inflate_state state;
};

struct gzip_body *gzip_body_new(void)
{
	struct gzip_body *body = memory_zeroed(1, sizeof(*body));

	gzip_body_reset(body);
	return body;
}

void gzip_body_free(struct gzip_body *body)
{
	free(body);
}

void gzip_body_reset(struct gzip_body *body)
{
	isal_inflate_init(&body->state);
	body->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
}

int gzip_body_run(struct gzip_body *body, struct codec_io *io, struct error *err)
{
	struct inflate_state *state = &body->state;
	int r;

	state->next_in = (uint8_t *)(uintptr_t)io->in;
	state->avail_in = io->in_len < INT32_MAX ? (uint32_t)io->in_len : INT32_MAX;
	state->next_out = io->out;
	state->avail_out = io->room < INT32_MAX ? (uint32_t)io->room : INT32_MAX;
	r = isal_inflate(state);
	io->in_len -= (size_t)(state->next_in - io->in);
	io->in = state->next_in;
	io->room -= (size_t)(state->next_out - io->out);
	io->out = state->next_out;
	if (r == ISAL_INCORRECT_CHECKSUM)
		return codec_damaged("its checksum is wrong", err);
	if (r < 0)
		return codec_damaged("its deflated bytes make no sense", err);
	return state->block_state == ISAL_BLOCK_FINISH ? CODEC_END : CODEC_MORE;
}

uint32_t gzip_crc(uint32_t crc, const uint8_t *data, size_t len)
{
	return crc32_gzip_refl(crc, data, len);
}
