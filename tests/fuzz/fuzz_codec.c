/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed bytes. The first byte chooses the format, the next two how much is given and taken
 * at a time: what comes out, and whether it is good, must not depend on that.
 */
#include <string.h>

#include "common/buf.h"
#include "stage0/import/image/codec.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 1 << 18, HEAD = 3 };

static const struct codec *const codecs[] = {
	&codec_gzip,
	&codec_bzip2,
	&codec_xz,
	&codec_zstd,
};

static void must(bool good)
{
	if (!good)
		abort();
}

/* Returns CODEC_END, CODEC_MORE for what is cut short or too much, or an error. */
static int inflate(const struct codec *codec, const uint8_t *data, size_t size, size_t in,
                   size_t room, struct buf *to)
{
	void *state = codec->new ();
	size_t at = 0;
	int r = CODEC_MORE;
	bool moves = true;

	must(state != NULL);
	while (r == CODEC_MORE && moves && to->len < OUT_MAX) {
		uint8_t out[4096];
		size_t len = size - at < in ? size - at : in;
		struct codec_io io = {data + at, len, at + len == size, out, room};
		struct error err;

		r = codec->run(state, &io, &err);
		must(io.in_len <= len && io.in == data + at + len - io.in_len);
		must(io.room <= room && io.out == out + room - io.room);
		moves = !io.last || io.in_len < len || io.room < room;
		at += len - io.in_len;
		buf_add(to, out, room - io.room);
	}
	must(r != CODEC_END || at == size);
	codec->free(state);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclear(buf) whole = {0}, parts = {0};
	const struct codec *codec;
	int r, again;

	if (size < HEAD)
		return 0;
	codec = codecs[data[0] % (sizeof(codecs) / sizeof(*codecs))];
	r = inflate(codec, data + HEAD, size - HEAD, size, 4096, &whole);
	again = inflate(codec, data + HEAD, size - HEAD, data[1] + 1U, data[2] + 1U,
	                &parts);
	if (whole.len >= OUT_MAX || parts.len >= OUT_MAX)
		return 0;
	must((r == CODEC_END) == (again == CODEC_END));
	if (r == CODEC_END)
		must(whole.len == parts.len &&
		     memcmp(buf_string(&whole), buf_string(&parts), whole.len) == 0);
	return 0;
}
