/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/memory.h"
#include "stage0/import/image/pax_records.h"
#include "stage0/import/image/tar_reader.h"
#include "tests/unit/unit.h"

enum { BLOCK = 512 };

/* Adds CONTENT, filled up to whole blocks. */
static void add_blocks(struct buf *tar, const void *content, size_t len)
{
	static const char zeros[BLOCK];

	buf_add(tar, content, len);
	buf_add(tar, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

static void set_sum(char header[BLOCK])
{
	unsigned sum = 0;

	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
}

/* A header as POSIX has it, for an entry of SIZE bytes. */
static void make_header(char header[BLOCK], const char *name, char type, unsigned size)
{
	memset(header, 0, BLOCK);
	memcpy(header, name, strnlen(name, 100));
	memcpy(header + 100, "0000644", 7);
	memcpy(header + 108, "0000000", 7);
	memcpy(header + 116, "0000000", 7);
	snprintf(header + 124, 12, "%011o", size);
	memcpy(header + 136, "00000000000", 11);
	header[156] = type;
	memcpy(header + 257,
	       "ustar\0"
	       "00",
	       8);
	set_sum(header);
}

static void add_entry(struct buf *tar, const char *name, char type, const char *content)
{
	char header[BLOCK];

	make_header(header, name, type, (unsigned)strlen(content));
	buf_add(tar, header, BLOCK);
	add_blocks(tar, content, strlen(content));
}

static void add_end(struct buf *tar)
{
	static const char zeros[2 * BLOCK];

	buf_add(tar, zeros, sizeof(zeros));
}

/* Reads the whole tar in pieces of STEP bytes; the heads' names, sizes and targets in TEXT. */
static int read_in_steps(const struct buf *tar, size_t step, struct buf *text,
                         struct error *err)
{
	autoptr(tar_reader) reader = tar_reader_new();
	autoclear(tar_heads) heads = {0};
	struct tar_head head;
	int r = 0;

	for (size_t at = 0; r >= 0 && at < tar->len; at += step) {
		size_t len = tar->len - at < step ? tar->len - at : step;

		r = tar_reader_add(reader, tar->data + at, len, err);
	}
	if (r >= 0)
		r = tar_reader_end(reader, err);
	tar_reader_heads(reader, &heads);
	while (tar_heads_next(&heads, &head)) {
		buf_format(text, "%c %s %lld%s%s\n", head.type, head.name,
		           (long long)head.size, head.target ? " " : "",
		           head.target ? head.target : "");
		tar_head_clear(&head);
	}
	return r;
}

static void check_good(const struct buf *tar, const char *wanted)
{
	static const size_t steps[] = {1, 7, 511, 512, 513, 100000};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		autoclear(buf) text = {0};
		struct error err = {0};

		assert_int_equal(read_in_steps(tar, steps[i], &text, &err), 0);
		assert_string_equal(buf_string(&text), wanted);
	}
}

static void check_bad(const struct buf *tar, const char *why)
{
	autoclear(buf) text = {0};
	struct error err = {0};

	assert_true(read_in_steps(tar, 1000, &text, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("'%s' has no '%s'", err.text, why);
}

test(entries_are_told_whatever_the_pieces_they_come_in)
{
	autoclear(buf) tar = {0};

	add_entry(&tar, "manifest", '0', "{}");
	add_entry(&tar, "rootfs/", '5', "");
	add_entry(&tar, "rootfs/a", '\0', "some content");
	add_entry(&tar, "rootfs/b", '7', "");
	add_end(&tar);
	check_good(&tar, "0 manifest 2\n5 rootfs/ 0\n0 rootfs/a 12\n0 rootfs/b 0\n");
}

test(extended_headers_and_long_names_say_what_an_entry_is_called)
{
	autoclear(buf) tar = {0};
	char header[BLOCK];

	make_header(header, "././@LongLink", 'L', 7);
	buf_add(&tar, header, BLOCK);
	add_blocks(&tar, "long/b", 7);
	make_header(header, "././@LongLink", 'K', 7);
	buf_add(&tar, header, BLOCK);
	add_blocks(&tar, "to/far", 7);
	add_entry(&tar, "short", '2', "");
	add_entry(&tar, "x", 'x', "15 path=long/a\n10 size=3\n");
	add_entry(&tar, "short", '0', "abc");
	add_entry(&tar, "g", 'g', "13 comment=x\n");
	add_entry(&tar, "plain", '5', "");
	add_end(&tar);
	check_good(&tar, "2 long/b 0 to/far\n0 long/a 3\n5 plain 0\n");
}

test(a_prefix_comes_before_the_name)
{
	autoclear(buf) tar = {0};
	char header[BLOCK];

	make_header(header, "name", '5', 0);
	memcpy(header + 345, "before/it", 9);
	set_sum(header);
	buf_add(&tar, header, BLOCK);
	add_end(&tar);
	check_good(&tar, "5 before/it/name 0\n");
}

test(before_there_were_types_a_slash_told_a_directory)
{
	autoclear(buf) tar = {0};
	char header[BLOCK];

	make_header(header, "rootfs/", '\0', 0);
	memset(header + 257, 0, 8);
	set_sum(header);
	buf_add(&tar, header, BLOCK);
	add_end(&tar);
	check_good(&tar, "5 rootfs/ 0\n");
}

test(an_archive_must_end_and_with_zeros)
{
	autoclear(buf) tar = {0};

	add_entry(&tar, "a", '0', "x");
	check_bad(&tar, "cut short");
	add_end(&tar);
	tar.len -= BLOCK;
	check_bad(&tar, "cut short");
	add_entry(&tar, "b", '0', "hidden");
	check_bad(&tar, "data after the end");
	tar.len = 0;
	add_entry(&tar, "a", '0', "x");
	add_end(&tar);
	buf_char(&tar, '\0');
	check_good(&tar, "0 a 1\n");
	buf_char(&tar, 'x');
	check_bad(&tar, "data after the end");
	tar.len = 0;
	add_entry(&tar, "x", 'x', "9 path=a\n");
	add_end(&tar);
	check_bad(&tar, "ends within an entry");
	check_bad(&(struct buf){0}, "cut short");
}

/* A header in which LEN bytes from AT on are VALUE. */
static void check_bad_header(char type, size_t at, const char *value, size_t len,
                             const char *why)
{
	autoclear(buf) tar = {0};
	char header[BLOCK];

	make_header(header, "a", type, 0);
	memcpy(header + at, value, len);
	set_sum(header);
	buf_add(&tar, header, BLOCK);
	add_end(&tar);
	check_bad(&tar, why);
}

test(a_header_that_can_be_read_in_two_ways_is_refused)
{
	check_bad_header('0', 124, "0000000001x", 11, "malformed number");
	check_bad_header('0', 124, "00 00000001", 11, "malformed number");
	check_bad_header('0', 124, "\x80\x01\0\0\0\0\0\0\0\0\0\1", 12,
	                 "malformed number");
	check_bad_header('0', 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12,
	                 "negative number");
	check_bad_header('0', 124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12,
	                 "impossible size");
	check_bad_header('0', 108, "-000001", 7, "malformed number");
	check_bad_header('0', 100, "0000648", 7, "malformed number");
	check_bad_header('5', 124, "00000000001", 11, "only a file can have content");
	check_bad_header('1', 124, "00000000001", 11, "only a file can have content");
	check_bad_header('0', 257,
	                 "ustar\0"
	                 "99",
	                 8, "unknown kind");
	check_bad_header('0', 508, "tar", 4, "unknown kind");
	check_bad_header('V', 0, "a", 1, "unknown type 'V'");
	check_bad_header('D', 0, "a", 1, "unknown type 'D'");
	check_bad_header('x', 124, "00777777777", 11, "refused");
}

test(a_damaged_header_is_refused)
{
	autoclear(buf) tar = {0};

	add_entry(&tar, "a", '0', "x");
	add_end(&tar);
	tar.data[0]++;
	check_bad(&tar, "at byte 0 of the tar: no header, or a damaged one");
}

static void check_bad_records(const char *records, const char *why)
{
	autoclear(buf) tar = {0};

	add_entry(&tar, "x", 'x', records);
	add_entry(&tar, "a", '0', "abc");
	add_end(&tar);
	check_bad(&tar, why);
}

test(records_must_add_up)
{
	check_bad_records("8 path=a\n", "malformed");
	check_bad_records("11 path=a\n", "malformed");
	check_bad_records("09 path=a\n", "malformed");
	check_bad_records("9 path=a ", "malformed");
	check_bad_records("9  path=a\n", "malformed");
	check_bad_records("99999999999999999999 path=a\n", "malformed");
	check_bad_records("path=a\n", "malformed");
	check_bad_records("4 a\n", "malformed");
	check_bad_records("5 =a\n", "malformed");
	check_bad_records("8 path=\n", "malformed");
	check_bad_records("9 path=a\n9 path=a\n", "malformed");
	check_bad_records("11 size=03\n", "malformed");
	check_bad_records("12 size= 33\n", "malformed");
	check_bad_records("10 size=4\n", "two sizes");
}

test(a_record_with_a_nul_in_a_name_is_refused)
{
	struct pax_records records;
	struct error err;

	assert_true(pax_records_parse("11 path=a\0b\n", 12, &records, &err) < 0);
	assert_true(pax_records_parse("12 path=a\0b\n", 12, &records, &err) < 0);
	assert_int_equal(pax_records_parse("12 path=axb\n", 12, &records, &err), 0);
	assert_string_equal(records.path, "axb");
	pax_records_clear(&records);
}

test(what_is_said_twice_is_refused)
{
	autoclear(buf) tar = {0};
	char header[BLOCK];

	add_entry(&tar, "x", 'x', "9 path=a\n");
	add_entry(&tar, "x", 'x', "9 path=b\n");
	check_bad(&tar, "two extended headers");
	tar.len = 0;
	make_header(header, "././@LongLink", 'L', 2);
	buf_add(&tar, header, BLOCK);
	add_blocks(&tar, "b", 2);
	add_entry(&tar, "x", 'x', "9 path=a\n");
	add_entry(&tar, "a", '0', "");
	check_bad(&tar, "two long names");
	tar.len = 0;
	add_entry(&tar, "g", 'g', "12 path=evil\n");
	check_bad(&tar, "malformed");
	tar.len = 0;
	add_entry(&tar, "g", 'g', "13 path=evil\n");
	check_bad(&tar, "a global extended header with 'path'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_told_whatever_the_pieces_they_come_in),
		cmocka_unit_test(
			extended_headers_and_long_names_say_what_an_entry_is_called),
		cmocka_unit_test(a_prefix_comes_before_the_name),
		cmocka_unit_test(before_there_were_types_a_slash_told_a_directory),
		cmocka_unit_test(an_archive_must_end_and_with_zeros),
		cmocka_unit_test(a_header_that_can_be_read_in_two_ways_is_refused),
		cmocka_unit_test(a_damaged_header_is_refused),
		cmocka_unit_test(records_must_add_up),
		cmocka_unit_test(a_record_with_a_nul_in_a_name_is_refused),
		cmocka_unit_test(what_is_said_twice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
