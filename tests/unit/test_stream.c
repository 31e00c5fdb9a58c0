/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/memory.h"
#include "stage0/import/digest.h"
#include "stage0/import/image/ring.h"
#include "stage0/import/image/stream.h"
#include "tests/unit/unit.h"

enum { BLOCK = 512 };

/* Adds a file of SIZE bytes. */
static void add_entry(struct buf *tar, const char *name, size_t size)
{
	char header[BLOCK] = {0};
	unsigned sum = 0;

	snprintf(header, 100, "%s", name);
	memcpy(header + 100, "0000644", 7);
	memcpy(header + 108, "0000000", 7);
	memcpy(header + 116, "0000000", 7);
	snprintf(header + 124, 12, "%011zo", size);
	memcpy(header + 136, "00000000000", 11);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257, "ustar", 5);
	memcpy(header + 263, "00", 2);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	buf_add(tar, header, BLOCK);
	for (size_t i = 0; i < (size + BLOCK - 1) / BLOCK * BLOCK; i += 16)
		buf_add(tar, "sixteen letters!", 16);
}

/* A tar of COUNT files, many of them in each block of the ring. */
static void add_tar(struct buf *tar, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[24];

		snprintf(name, sizeof(name), "%zu", i);
		add_entry(tar, name, i * 37 % 5000);
	}
	for (size_t i = 0; i < 2 * BLOCK / 16; i++)
		buf_add(tar, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static int open_file(const struct buf *archive)
{
	struct error err = {0};
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_int_equal(file_write(fd, archive->data, archive->len, &err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Reads STREAM to its end. Sets *COUNT to the entries, which must come in order and, each, no
 * later than its first byte. */
static int read_all(struct stream *stream, struct buf *out, size_t *count,
                    struct error *err)
{
	autoclear(tar_heads) heads = {0};
	struct tar_head head;
	const void *data;
	size_t len;
	int r;

	*count = 0;
	while ((r = stream_next(stream, &data, &len, &heads, err)) == STREAM_BLOCK) {
		buf_add(out, data, len);
		while (tar_heads_next(&heads, &head)) {
			assert_int_equal(strtoul(head.name, NULL, 10), *count);
			++*count;
			tar_head_clear(&head);
		}
	}
	return r;
}

static int run(const struct buf *archive, int copy_fd, struct buf *out, size_t *count,
               struct error *err)
{
	autoclose int fd = open_file(archive);
	autoptr(stream) stream = NULL;

	*err = (struct error){0};
	assert_int_equal(digest_prepare(err), 0);
	assert_int_equal(stream_open(&stream, fd, copy_fd, err), 0);
	return read_all(stream, out, count, err);
}

test(all_bytes_and_entries_come_through_and_are_hashed)
{
	autoclear(buf) tar = {0}, out = {0};
	autoclose int fd = -1;
	autoptr(stream) stream = NULL;
	autoptr(digest) digest = digest_new();
	char text[DIGEST_DIGITS + 1];
	struct error err = {0};
	size_t count;

	add_tar(&tar, 3000);
	assert_true(tar.len > 3 * RING_BLOCKS * RING_BLOCK_SIZE / 2);
	fd = open_file(&tar);
	assert_int_equal(stream_open(&stream, fd, -1, &err), 0);
	assert_int_equal(read_all(stream, &out, &count, &err), STREAM_END);
	assert_int_equal(count, 3000);
	assert_int_equal(out.len, tar.len);
	assert_memory_equal(out.data, tar.data, tar.len);
	digest_add(digest, tar.data, tar.len);
	digest_end(digest, text);
	assert_int_equal(stream_size(stream), (int64_t)tar.len);
	assert_string_equal(stream_digest(stream) + strlen("sha512-"), text);
}

test(zeros_behind_the_end_are_hashed_too)
{
	char digests[2][sizeof("sha512-") + DIGEST_DIGITS];
	autofree char *zeros = memory_zeroed(2 * RING_BLOCK_SIZE, 1);

	for (size_t i = 0; i < 2; i++) {
		autoclear(buf) tar = {0}, out = {0};
		autoclose int fd = -1;
		autoptr(stream) stream = NULL;
		struct error err = {0};
		size_t count;

		add_tar(&tar, 1);
		buf_add(&tar, zeros, 2 * RING_BLOCK_SIZE - 1 + i);
		fd = open_file(&tar);
		assert_int_equal(stream_open(&stream, fd, -1, &err), 0);
		assert_int_equal(read_all(stream, &out, &count, &err), STREAM_END);
		assert_int_equal(stream_size(stream), (int64_t)tar.len);
		snprintf(digests[i], sizeof(digests[i]), "%s", stream_digest(stream));
	}
	assert_string_not_equal(digests[0], digests[1]);
}

/* The archive is good up to its middle. */
static void check_fails(const struct buf *archive, int copy_fd, const char *why)
{
	autoclear(buf) out = {0};
	struct error err;
	size_t count;

	assert_true(run(archive, copy_fd, &out, &count, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("'%s' has no '%s'", err.text, why);
	assert_true(count > 1000);
}

test(what_the_reader_of_tars_refuses_is_told_in_its_words)
{
	autoclear(buf) tar = {0};

	add_tar(&tar, 2000);
	tar.len -= 2 * BLOCK;
	buf_add(&tar, "evil", 4);
	add_tar(&tar, 2000);
	check_fails(&tar, -1, "of the tar: no header, or a damaged one");
}

test(an_archive_without_an_end_is_told_in_its_words)
{
	autoclear(buf) tar = {0};

	add_tar(&tar, 2000);
	tar.len -= BLOCK;
	check_fails(&tar, -1, "the archive is cut short");
}

test(a_copy_that_cannot_be_written_is_told_in_its_words)
{
	autoclear(buf) tar = {0};
	autoclose int copy = memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	add_tar(&tar, 2000);
	assert_int_equal(ftruncate(copy, (off_t)tar.len - 1), 0);
	assert_int_equal(fcntl(copy, F_ADD_SEALS, F_SEAL_GROW), 0);
	check_fails(&tar, copy, "cannot keep a copy");
}

test(who_wants_no_more_can_stop_anywhere)
{
	autoclear(buf) tar = {0};

	add_tar(&tar, 3000);
	for (size_t stop = 0; stop < 12; stop++) {
		autoclear(tar_heads) heads = {0};
		autoclose int fd = open_file(&tar);
		autoptr(stream) stream = NULL;
		const void *data;
		struct error err = {0};
		size_t len;

		assert_int_equal(stream_open(&stream, fd, -1, &err), 0);
		for (size_t i = 0; i < stop; i++)
			assert_int_equal(stream_next(stream, &data, &len, &heads, &err),
			                 STREAM_BLOCK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_and_entries_come_through_and_are_hashed),
		cmocka_unit_test(zeros_behind_the_end_are_hashed_too),
		cmocka_unit_test(what_the_reader_of_tars_refuses_is_told_in_its_words),
		cmocka_unit_test(an_archive_without_an_end_is_told_in_its_words),
		cmocka_unit_test(a_copy_that_cannot_be_written_is_told_in_its_words),
		cmocka_unit_test(who_wants_no_more_can_stop_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
