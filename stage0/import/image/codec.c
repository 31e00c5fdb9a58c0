/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/codec.h"

#include <string.h>

int codec_damaged(const char *how, struct error *err)
{
	return error_set(err, -EBADMSG, "cannot inflate: damaged: %s", how);
}

int codec_trailing(struct error *err)
{
	return error_set(err, -EBADMSG, "data after the end of the compressed stream");
}

/* No compression: there is nothing to remember. */
static void *plain_new(void)
{
	static char nothing;

	return &nothing;
}

static void plain_free(void *state)
{
	(void)state;
}

static int plain_run(void *state, struct codec_io *io, struct error *err)
{
	size_t len = io->in_len < io->room ? io->in_len : io->room;

	(void)state;
	(void)err;
	memcpy(io->out, io->in, len);
	io->in += len;
	io->in_len -= len;
	io->out += len;
	io->room -= len;
	return io->last && io->in_len == 0 ? CODEC_END : CODEC_MORE;
}

const struct codec codec_plain = {plain_new, plain_free, plain_run};
