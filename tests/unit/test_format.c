/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/appc/schema.h"
#include "stage0/import/image/format.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

/* One of the vectors' kinds. */
struct kind_case {
	char *kind;
	char *hex_prefix;
	int64_t offset;
	char *hex;
	int64_t min_length;
};

static const struct field case_fields[] = {
	{"kind", FIELD_TEXT, 0, offsetof(struct kind_case, kind)},
	{"hex_prefix", FIELD_TEXT, 0, offsetof(struct kind_case, hex_prefix)},
	{"offset", FIELD_INT, 0, offsetof(struct kind_case, offset)},
	{"hex", FIELD_TEXT, 0, offsetof(struct kind_case, hex)},
	{"min_length", FIELD_INT, 0, offsetof(struct kind_case, min_length)},
	{NULL},
};
static const struct schema case_schema = {sizeof(struct kind_case), case_fields, NULL};

struct kind_cases {
	LIST_OF(struct kind_case) cases;
};

static const struct field cases_fields[] = {
	{"cases", FIELD_LIST, 0, offsetof(struct kind_cases, cases), NULL, &case_schema},
	{NULL},
};
static const struct schema cases_schema = {sizeof(struct kind_cases), cases_fields, NULL};

static const struct {
	const char *kind;
	enum format format;
} formats[] = {
	{"gz", FORMAT_GZIP},
	{"bz2", FORMAT_BZIP2},
	{"xz", FORMAT_XZ},
	{"tar", FORMAT_TAR},
};

static void put_hex(unsigned char *to, const char *hex)
{
	for (; *hex; hex += 2) {
		char digits[3] = {hex[0], hex[1], '\0'};

		*to++ = (unsigned char)strtoul(digits, NULL, 16);
	}
}

static void check_kind(const struct kind_case *c)
{
	const char *hex = c->hex_prefix ? c->hex_prefix : c->hex;
	unsigned char head[FORMAT_HEAD] = {0};
	struct error err;

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		size_t least = (size_t)c->offset + strlen(hex) / 2;
		enum format format = FORMAT_ZSTD;

		if (strcmp(c->kind, formats[i].kind) != 0)
			continue;
		if (c->min_length)
			least = (size_t)c->min_length;
		put_hex(head + c->offset, hex);
		assert_int_equal(format_tell(head, least, &format, &err), 0);
		assert_int_equal(format, formats[i].format);
		head[c->offset] ^= 0x10;
		assert_true(format_tell(head, least, &format, &err) < 0);
		return;
	}
}

test(formats_are_told_by_their_first_bytes)
{
	autoclear(buf) text = {0};
	struct kind_cases all = {0};
	struct error err;
	size_t checked = 0;

	vectors_read("file-type.json", &text);
	assert_int_equal(
		schema_decode(&cases_schema, buf_string(&text), text.len, &all, &err), 0);
	for (size_t i = 0; i < all.cases.count; i++) {
		if (!all.cases.items[i].hex && !all.cases.items[i].hex_prefix)
			continue;
		check_kind(&all.cases.items[i]);
		checked++;
	}
	assert_int_equal(checked, sizeof(formats) / sizeof(*formats));
	schema_clear(&cases_schema, &all);
}

test(zstd_is_a_format_too)
{
	enum format format = FORMAT_TAR;
	struct error err;

	assert_int_equal(format_tell("\x28\xb5\x2f\xfd", 4, &format, &err), 0);
	assert_int_equal(format, FORMAT_ZSTD);
}

test(what_is_no_archive_is_called_by_its_name)
{
	static const struct {
		const char *head;
		size_t len;
		const char *text;
	} cases[] = {
		{"", 0, "an empty file, not an image archive"},
		{"hello", 5, "not an image archive"},
		{"-----BEGIN PGP MESSAGE-----\n", 28,
	         "encrypted (OpenPGP), which is not supported"},
		{"\x8c\x0d\x04\x09", 4, "encrypted (OpenPGP), which is not supported"},
		{"\xc3\x0d\x04\x09", 4, "encrypted (OpenPGP), which is not supported"},
		{"-----BEGIN PGP SIGNATURE-----\n", 30,
	         "a signature, not an image archive"},
		{"PK\x03\x04", 4, "a zip archive, not an image archive"},
		{"{\"acKind\"", 9, "JSON text, not an image archive"},
		{"<html>", 6, "a page of HTML or XML, not an image archive"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum format format;
		struct error err;

		assert_true(format_tell(cases[i].head, cases[i].len, &format, &err) < 0);
		assert_string_equal(err.text, cases[i].text);
	}
}

test(a_tar_from_before_posix_is_told_by_its_sum)
{
	char head[FORMAT_HEAD] = "rootfs/";
	unsigned sum = 8 * ' ';
	enum format format = FORMAT_XZ;
	struct error err;

	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	assert_int_equal(format_tell(head, sizeof(head), &format, &err), 0);
	assert_int_equal(format, FORMAT_TAR);
	head[0]++;
	assert_true(format_tell(head, sizeof(head), &format, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_told_by_their_first_bytes),
		cmocka_unit_test(zstd_is_a_format_too),
		cmocka_unit_test(what_is_no_archive_is_called_by_its_name),
		cmocka_unit_test(a_tar_from_before_posix_is_told_by_its_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
