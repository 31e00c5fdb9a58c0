/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/inflate.h"

#include "common/file.h"
#include "common/memory.h"
#include "stage0/import/image/codec.h"
#include "stage0/import/image/format.h"

enum { READ_SIZE = 256 << 10 };

static const struct codec *const codecs[] = {
	[FORMAT_TAR] = &codec_plain, [FORMAT_GZIP] = &codec_gzip,
	[FORMAT_XZ] = &codec_xz,     [FORMAT_BZIP2] = &codec_bzip2,
	[FORMAT_ZSTD] = &codec_zstd,
};

struct inflate {
	int fd;
	int copy_fd;
	uint8_t *
		buffer; /* what was read last: of END bytes, those from BEGIN on are left */
	size_t begin, end;
	int64_t taken;  /* bytes of the archive read */
	bool taken_all; /* and there are no more */

	const struct codec *codec; /* NULL until the format is known */
	void *state;
	int64_t given; /* bytes that came out */
	bool given_all;
};

struct inflate *inflate_new(int fd, int copy_fd)
{
	struct inflate *inflate = memory_zeroed(1, sizeof(*inflate));

	inflate->fd = fd;
	inflate->copy_fd = copy_fd;
	inflate->buffer = memory_zeroed(READ_SIZE, 1);
	return inflate;
}

void inflate_free(struct inflate *inflate)
{
	if (!inflate)
		return;
	if (inflate->state)
		inflate->codec->free(inflate->state);
	free(inflate->buffer);
	free(inflate);
}

/* Reads more, behind what the buffer has. */
static int take_bytes(struct inflate *inflate, struct error *err)
{
	uint8_t *to = inflate->buffer + inflate->end;
	ssize_t n;

	do {
		n = read(inflate->fd, to, READ_SIZE - inflate->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read");
	if (n > 0 && inflate->copy_fd >= 0 &&
	    file_write(inflate->copy_fd, to, (size_t)n, err) < 0)
		return error_wrap(err, "cannot keep a copy");
	inflate->end += (size_t)n;
	inflate->taken += n;
	inflate->taken_all = n == 0;
	return 0;
}

static int tell_format(struct inflate *inflate, struct error *err)
{
	enum format format;

	while (inflate->end < FORMAT_HEAD && !inflate->taken_all)
		if (take_bytes(inflate, err) < 0)
			return err->code;
	if (format_tell(inflate->buffer, inflate->end, &format, err) < 0)
		return err->code;
	inflate->codec = codecs[format];
	inflate->state = inflate->codec->new ();
	if (!inflate->state)
		return error_set(err, -ENOMEM, "cannot inflate: not enough memory");
	return 0;
}

/* Judges what came out first: nobody compresses twice by mistake, and a tar comes next. */
static int check_head(const struct inflate *inflate, const void *head, size_t len,
                      struct error *err)
{
	struct error ignored;
	enum format format;

	if (inflate->codec != &codec_plain &&
	    format_tell(head, len, &format, &ignored) >= 0 && format != FORMAT_TAR)
		return error_set(err, -EBADMSG, "compressed twice");
	return 0;
}

static int check_size(const struct inflate *inflate, struct error *err)
{
	if (inflate->given > INFLATE_SIZE_MAX)
		return error_set(err, -EFBIG, "more than %lld GiB: refused",
		                 (long long)(INFLATE_SIZE_MAX >> 30));
	if (inflate->given > INFLATE_RATIO_FLOOR &&
	    inflate->given / INFLATE_RATIO_MAX > inflate->taken)
		return error_set(err, -EFBIG,
		                 "more than %d times larger than its archive: refused",
		                 INFLATE_RATIO_MAX);
	return 0;
}

/* Moves IO's room and the buffer on by one step of the codec. */
static int step(struct inflate *inflate, struct codec_io *io, struct error *err)
{
	size_t room = io->room;
	int r;

	if (inflate->begin == inflate->end && !inflate->taken_all) {
		inflate->begin = inflate->end = 0;
		if (take_bytes(inflate, err) < 0)
			return err->code;
	}
	io->in = inflate->buffer + inflate->begin;
	io->in_len = inflate->end - inflate->begin;
	io->last = inflate->taken_all;
	r = inflate->codec->run(inflate->state, io, err);
	if (r < 0)
		return r;
	if (r == CODEC_MORE && io->last && io->room == room &&
	    io->in_len == inflate->end - inflate->begin)
		return error_set(err, -EBADMSG,
		                 "cannot inflate: the archive is cut short");
	inflate->begin = inflate->end - io->in_len;
	inflate->given_all = r == CODEC_END;
	return 0;
}

int inflate_read(struct inflate *inflate, void *to, size_t size, size_t *len,
                 struct error *err)
{
	struct codec_io io = {.out = to, .room = size};
	int r = inflate->codec ? 0 : tell_format(inflate, err);

	while (r >= 0 && io.room && !inflate->given_all)
		r = step(inflate, &io, err);
	if (r < 0)
		return r;
	*len = size - io.room;
	if (inflate->given == 0 && check_head(inflate, to, *len, err) < 0)
		return err->code;
	inflate->given += (int64_t)*len;
	return check_size(inflate, err);
}
