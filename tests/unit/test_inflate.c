/* SPDX-License-Identifier: Apache-2.0 */
#include <bzlib.h>
#include <fcntl.h>
#include <lzma.h>
#include <string.h>
#include <sys/mman.h>
#include <zstd.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/memory.h"
#include "stage0/import/image/gzip_body.h"
#include "stage0/import/image/inflate.h"
#include "tests/unit/unit.h"

static void add_number(struct buf *to, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_add(to, &(uint8_t){(uint8_t)(number >> 8 * i)}, 1);
}

/* What a member has after its header: one stored block, sum and length. */
static void add_gzip_body(struct buf *to, const void *data, size_t len)
{
	assert_true(len <= UINT16_MAX);
	add_number(to, 1, 1);
	add_number(to, (uint32_t)len, 2);
	add_number(to, ~(uint32_t)len, 2);
	buf_add(to, data, len);
	add_number(to, gzip_crc(0, data, len), 4);
	add_number(to, (uint32_t)len, 4);
}

static void add_gzip(struct buf *to, const void *data, size_t len)
{
	buf_add(to, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	add_gzip_body(to, data, len);
}

static void add_bzip2(struct buf *to, const void *data, size_t len)
{
	unsigned size = (unsigned)(len + len / 100 + 600);
	autofree char *out = memory_zeroed(size, 1);
	char *in = memory_bytes(data, len);
	int r = BZ2_bzBuffToBuffCompress(out, &size, in, (unsigned)len, 1, 0, 0);

	free(in);
	assert_int_equal(r, BZ_OK);
	buf_add(to, out, size);
}

static void add_xz(struct buf *to, const void *data, size_t len)
{
	size_t room = lzma_stream_buffer_bound(len), size = 0;
	autofree uint8_t *out = memory_zeroed(room, 1);

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, data, len,
	                                         out, &size, room),
	                 LZMA_OK);
	buf_add(to, out, size);
}

static void add_zstd(struct buf *to, const void *data, size_t len)
{
	size_t room = ZSTD_compressBound(len);
	autofree char *out = memory_zeroed(room, 1);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t size;

	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size = ZSTD_compress2(context, out, room, data, len);
	ZSTD_freeCCtx(context);
	assert_false(ZSTD_isError(size));
	buf_add(to, out, size);
}

static void (*const formats[])(struct buf *to, const void *data,
                               size_t len) = {add_gzip, add_bzip2, add_xz, add_zstd};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

/* Something to compress that no format is told by. */
static void add_sample(struct buf *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add(to, &(uint8_t){(uint8_t)(i * i / 7 % 251)}, 1);
}

static int open_file(const struct buf *archive)
{
	struct error err = {0};
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_int_equal(file_write(fd, archive->data, archive->len, &err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Inflates ARCHIVE in blocks of SIZE bytes. */
static int inflate_all(const struct buf *archive, size_t size, int copy_fd,
                       struct buf *out, struct error *err)
{
	autoclose int fd = open_file(archive);
	autoptr(inflate) inflate = inflate_new(fd, copy_fd);
	autofree char *block = memory_zeroed(size, 1);
	size_t len = size;

	*err = (struct error){0};
	while (len == size) {
		int r = inflate_read(inflate, block, size, &len, err);

		if (r < 0)
			return r;
		buf_add(out, block, len);
	}
	return 0;
}

static void check_inflated(const struct buf *archive, const struct buf *wanted)
{
	static const size_t sizes[] = {1, 7, 512, 4096, 1 << 20};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		autoclear(buf) out = {0};
		struct error err;

		if (inflate_all(archive, sizes[i], -1, &out, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(out.len, wanted->len);
		assert_memory_equal(out.data, wanted->data, wanted->len);
	}
}

static void check_refused(const struct buf *archive, const char *why)
{
	autoclear(buf) out = {0};
	struct error err;

	if (inflate_all(archive, 4096, -1, &out, &err) >= 0)
		fail_msg("taken, in spite of '%s'", why);
	if (!strstr(err.text, why))
		fail_msg("'%s' has no '%s'", err.text, why);
}

test(every_compression_is_taken_off_in_blocks_of_any_size)
{
	autoclear(buf) sample = {0};

	add_sample(&sample, 50000);
	for (size_t i = 0; i < FORMATS; i++) {
		autoclear(buf) archive = {0};

		formats[i](&archive, sample.data, sample.len);
		check_inflated(&archive, &sample);
	}
}

test(streams_one_after_the_other_are_one)
{
	static const size_t lengths[] = {1, 0, 3, 20000, 0, 29996};
	autoclear(buf) sample = {0};

	add_sample(&sample, 50000);
	for (size_t i = 0; i < FORMATS; i++) {
		autoclear(buf) archive = {0};
		size_t at = 0;

		for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++) {
			formats[i](&archive, sample.data + at, lengths[k]);
			at += lengths[k];
		}
		check_inflated(&archive, &sample);
	}
}

test(a_stream_cut_short_anywhere_is_refused)
{
	autoclear(buf) sample = {0};

	add_sample(&sample, 700);
	for (size_t i = 0; i < FORMATS; i++) {
		autoclear(buf) archive = {0};
		size_t one;

		formats[i](&archive, sample.data, sample.len);
		one = archive.len;
		formats[i](&archive, sample.data, sample.len);
		while (--archive.len)
			if (archive.len != one)
				check_refused(&archive, "");
	}
}

test(what_stands_behind_the_last_stream_is_refused)
{
	static const char *const garbage[] = {"garbage", "g", "\n\n\n\n\n\n\n\n\n\n\n\n"};
	autoclear(buf) sample = {0};

	add_sample(&sample, 700);
	for (size_t i = 0; i < FORMATS; i++)
		for (size_t k = 0; k < sizeof(garbage) / sizeof(*garbage); k++) {
			autoclear(buf) archive = {0};

			formats[i](&archive, sample.data, sample.len);
			buf_add(&archive, garbage[k], strlen(garbage[k]));
			check_refused(&archive, "");
		}
}

test(a_changed_bit_anywhere_in_the_data_is_noticed)
{
	autoclear(buf) sample = {0};

	add_sample(&sample, 700);
	for (size_t i = 0; i < FORMATS; i++) {
		autoclear(buf) archive = {0};

		formats[i](&archive, sample.data, sample.len);
		formats[i](&archive, sample.data, sample.len);
		for (size_t at = archive.len / 2 + 20; at < archive.len; at++) {
			archive.data[at] ^= 0x10;
			check_refused(&archive, "");
			archive.data[at] ^= 0x10;
		}
	}
}

test(the_sum_and_the_length_of_every_gzip_member_are_compared)
{
	for (size_t member = 1; member <= 3; member++)
		for (size_t i = 1; i <= 8; i++) {
			autoclear(buf) archive = {0};
			size_t end = 0;

			for (size_t k = 1; k <= 3; k++) {
				add_gzip(&archive, "some text", 9);
				end = k == member ? archive.len : end;
			}
			archive.data[end - i] ^= 0x40;
			check_refused(&archive, "damaged: its checksum is wrong");
		}
}

/* Three times "the quick brown fox jumps over the lazy dog; " and 120 letters, deflated with codes
 * of their own, with sum and length. */
static const char deflated[] =
	"\xb5\x8c\xdb\x0d\x03\x21\x0c\xc0\x56\xc9\x1e\x9d\x26\x81\x40\x03"
	"\xe5\x95\xe4\xe8\x63\xfa\x9e\x3a\xc2\x49\xfd\xb4\x6c\xd9\xef\x0c"
	"\xeb\x90\x50\x81\x74\x3c\x3b\xa4\xf1\x82\x72\xb4\x69\x30\x36\x2b"
	"\xf8\xa9\x1f\xf8\x79\x43\x1c\xf9\xf6\xa3\xff\xc4\x88\x14\x93\xb4"
	"\xb5\xb9\x6a\xa8\x9e\x17\xaf\x64\x05\xa7\x90\x75\x61\xda\x6e\xaa"
	"\xe6\x9b\x58\xba\x91\x4c\x2c\x96\xce\x24\x7b\x0d\x5a\x79\xaf\x26"
	"\x29\x12\x5e\x98\x7c\x01\x83\xc3\x8b\xcb\xff\x00\x00\x00";

static void add_quick_fox(struct buf *to)
{
	for (size_t i = 0; i < 3; i++)
		buf_add(to, "the quick brown fox jumps over the lazy dog; ", 45);
	for (size_t i = 0; i < 120; i++)
		buf_add(to, &(char){(char)('a' + i * i / 3 % 23)}, 1);
}

static void add_deflated_quick_fox(struct buf *to)
{
	buf_add(to, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	buf_add(to, deflated, sizeof(deflated) - 1);
}

/* Gives gzip ARCHIVE to its codec IN bytes at a time, and takes OUT at a time. */
static void run_in_steps(const struct buf *archive, size_t in, size_t out, struct buf *to)
{
	void *state = codec_gzip.new();
	uint8_t room[512];
	size_t at = 0;
	int r = CODEC_MORE;

	while (r == CODEC_MORE) {
		size_t len = archive->len - at < in ? archive->len - at : in;
		struct codec_io io = {(uint8_t *)archive->data + at, len,
		                      at + len == archive->len, room, out};
		struct error err = {0};

		r = codec_gzip.run(state, &io, &err);
		if (r < 0 ||
		    (r == CODEC_MORE && io.in_len == len && io.room == out && io.last))
			fail_msg("%zu, %zu: '%s'", in, out, err.text);
		at += len - io.in_len;
		buf_add(to, room, out - io.room);
	}
	codec_gzip.free(state);
}

test(gzip_members_end_where_they_end_whatever_the_pieces)
{
	autoclear(buf) archive = {0}, wanted = {0};

	for (size_t i = 0; i < 3; i++) {
		add_deflated_quick_fox(&archive);
		add_quick_fox(&wanted);
	}
	for (size_t in = 1; in < 300; in++)
		for (size_t out = 1; out <= 512; out += out < 20 ? 1 : 100) {
			autoclear(buf) found = {0};

			run_in_steps(&archive, in, out, &found);
			assert_int_equal(found.len, wanted.len);
			assert_memory_equal(found.data, wanted.data, wanted.len);
		}
}

/* A header with all there can be, but its sum. */
static void add_full_header(struct buf *to, uint8_t flags)
{
	buf_add(to, "\x1f\x8b\x08", 3);
	add_number(to, flags, 1);
	buf_add(to, "\1\2\3\4\2\3", 6);
	buf_add(to, "\5\0extra", 7);
	buf_add(to, "name", 5);
	buf_add(to, "a comment", 10);
}

test(a_gzip_header_is_read_to_its_end)
{
	autoclear(buf) archive = {0}, wanted = {0};
	size_t len;

	buf_add(&wanted, "text", 4);
	add_full_header(&archive, 1 | 4 | 8 | 16);
	add_gzip_body(&archive, "text", 4);
	check_inflated(&archive, &wanted);

	archive.len = 0;
	add_full_header(&archive, 2 | 4 | 8 | 16);
	len = archive.len;
	add_number(&archive, gzip_crc(0, (uint8_t *)archive.data, archive.len), 2);
	add_gzip_body(&archive, "text", 4);
	check_inflated(&archive, &wanted);

	archive.data[len - 3] ^= 1;
	check_refused(&archive, "the checksum of a gzip header is wrong");
}

test(a_gzip_header_of_an_unknown_kind_is_refused)
{
	static const struct {
		size_t at;
		char byte;
	} cases[] = {{2, 7}, {3, 0x20}, {3, 0x40}, {3, (char)0x80}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autoclear(buf) archive = {0};

		add_gzip(&archive, "text", 4);
		archive.data[cases[i].at] = cases[i].byte;
		check_refused(&archive, "a gzip header of an unknown kind");
	}
}

test(what_is_compressed_twice_is_refused)
{
	for (size_t i = 0; i < FORMATS; i++) {
		autoclear(buf) once = {0}, twice = {0};

		formats[i](&once, "some text", 9);
		formats[(i + 1) % FORMATS](&twice, once.data, once.len);
		check_refused(&twice, "compressed twice");
	}
}

test(a_window_too_large_is_refused)
{
	/* A frame's header, of a window of 256 MiB, and a block that is stored. */
	static const char frame[] = "\x28\xb5\x2f\xfd\0\x90\x09\0\0x";
	autoclear(buf) archive = {0};

	buf_add(&archive, frame, sizeof(frame) - 1);
	check_refused(&archive, "takes more than 128 MiB of memory to inflate: refused");
}

/* The library would take it for a frame. */
test(an_old_kind_of_frame_behind_the_first_is_refused)
{
	autoclear(buf) archive = {0};

	add_zstd(&archive, "text", 4);
	buf_add(&archive, "\x27\xb5\x2f\xfd\x00\x00\x00\xc0\x00\x00", 10);
	check_refused(&archive, "data after the end of the compressed stream");
}

test(all_that_is_read_is_copied)
{
	for (size_t i = 0; i < FORMATS; i++) {
		autoclear(buf) archive = {0}, out = {0}, copied = {0};
		autoclose int copy = memfd_create("copy", MFD_CLOEXEC);
		struct error err;

		formats[i](&archive, "some text", 9);
		formats[i](&archive, "and more", 8);
		assert_int_equal(inflate_all(&archive, 5, copy, &out, &err), 0);
		assert_int_equal(lseek(copy, 0, SEEK_SET), 0);
		assert_int_equal(file_read(copy, 10000, &copied, &err), 0);
		assert_int_equal(copied.len, archive.len);
		assert_memory_equal(copied.data, archive.data, archive.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_compression_is_taken_off_in_blocks_of_any_size),
		cmocka_unit_test(streams_one_after_the_other_are_one),
		cmocka_unit_test(a_stream_cut_short_anywhere_is_refused),
		cmocka_unit_test(what_stands_behind_the_last_stream_is_refused),
		cmocka_unit_test(a_changed_bit_anywhere_in_the_data_is_noticed),
		cmocka_unit_test(
			the_sum_and_the_length_of_every_gzip_member_are_compared),
		cmocka_unit_test(gzip_members_end_where_they_end_whatever_the_pieces),
		cmocka_unit_test(a_gzip_header_is_read_to_its_end),
		cmocka_unit_test(a_gzip_header_of_an_unknown_kind_is_refused),
		cmocka_unit_test(what_is_compressed_twice_is_refused),
		cmocka_unit_test(a_window_too_large_is_refused),
		cmocka_unit_test(an_old_kind_of_frame_behind_the_first_is_refused),
		cmocka_unit_test(all_that_is_read_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
