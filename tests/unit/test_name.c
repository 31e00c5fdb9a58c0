/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/name.h"

#include <errno.h>
#include <string.h>

#include "common/appc/schema.h"
#include "common/memory.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

struct sanitized {
	char *in;
	char *out;
	bool error;
};

static const struct field sanitized_fields[] = {
	{"in", FIELD_TEXT, FIELD_KEEP, offsetof(struct sanitized, in)},
	{"out", FIELD_TEXT, 0, offsetof(struct sanitized, out)},
	{"error", FIELD_BOOL, 0, offsetof(struct sanitized, error)},
	{0},
};
static const struct schema sanitized_schema = {sizeof(struct sanitized), sanitized_fields,
                                               NULL};

struct file {
	LIST_OF(struct sanitized) sanitize;
};

static const struct field file_fields[] = {
	{"sanitize", FIELD_LIST, FIELD_REQUIRED, offsetof(struct file, sanitize),
         .of = &sanitized_schema},
	{0},
};
static const struct schema file_schema = {sizeof(struct file), file_fields, NULL};

static void file_clear(struct file *file)
{
	schema_clear(&file_schema, file);
}

static void assert_sanitized(const char *in, const char *wanted)
{
	autofree char *name = NULL;
	struct error err = {0};

	if (name_sanitize(in, &name, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(name, wanted);
	assert_null(name_check_name(name));
}

static void assert_not_sanitized(const char *in)
{
	autofree char *name = NULL;
	struct error err;

	assert_int_equal(name_sanitize(in, &name, &err), -EINVAL);
	assert_null(name);
}

test(a_name_is_made_of_any_text_with_a_letter_or_digit)
{
	autoclear(buf) text = {0};
	autoclear(file) file = {0};
	struct error err = {0};

	vectors_read("ac-name.json", &text);
	if (schema_decode(&file_schema, text.data, text.len, &file, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < file.sanitize.count; i++) {
		const struct sanitized *one = &file.sanitize.items[i];

		if (one->error)
			assert_not_sanitized(one->in);
		else
			assert_sanitized(one->in, one->out);
	}
}

test(a_foreign_character_becomes_one_dash)
{
	assert_sanitized("caf\xc3\xa9-bar", "caf--bar");
	assert_sanitized("a\xe2\x82\xac"
	                 "b",
	                 "a-b");
	assert_not_sanitized("\xc3\xa9");
}

test(names_have_a_limit)
{
	char text[NAME_MAX_LENGTH + 2];

	memset(text, 'a', sizeof(text));
	text[NAME_MAX_LENGTH + 1] = '\0';
	assert_non_null(name_check_name(text));
	assert_non_null(name_check_identifier(text));
	text[NAME_MAX_LENGTH] = '\0';
	assert_null(name_check_name(text));
	assert_null(name_check_identifier(text));
}

#define HALF "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void assert_id(const char *text)
{
	struct image_id id;
	struct error err = {0};

	if (image_id_parse(text, &id, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(id.text, "sha512-" HALF);
}

static void assert_no_id(const char *text)
{
	struct image_id id;
	struct error err;

	assert_int_equal(image_id_parse(text, &id, &err), -EINVAL);
}

test(an_image_id_keeps_its_first_64_digits)
{
	assert_id("sha512-" HALF);
	assert_id("sha512-" HALF "f");
	assert_id("sha512-" HALF HALF);
}

test(an_image_id_is_lower_case_hex_of_64_to_128_digits)
{
	assert_no_id("");
	assert_no_id("sha512-");
	assert_no_id("sha512-...");
	assert_no_id(HALF);
	assert_no_id("sha256-" HALF);
	assert_no_id("sha512-0123");
	assert_no_id("sha512-" HALF HALF "0");
	assert_no_id("sha512-" HALF "g");
	assert_no_id("sha512-" HALF "A");
	assert_no_id("sha512-" HALF "-" HALF);
	assert_no_id("sha512-" HALF "/../x");
}

test(a_hash_and_its_beginning_are_told_from_a_name)
{
	assert_true(image_id_is_hash("sha512-" HALF));
	assert_true(image_id_is_hash("sha512-0"));
	assert_true(image_id_is_hash("sha512-nohex"));
	assert_false(image_id_is_hash("sha512-"));
	assert_false(image_id_is_hash("sha512"));
	assert_false(image_id_is_hash("sha512-a-b"));
	assert_false(image_id_is_hash("example.com/sha512-a"));
}

test(a_url_has_a_scheme_and_a_sound_host)
{
	assert_null(name_check_url("https://user:pass@example.com:8443/a b?q#f"));
	assert_null(name_check_url("http://[2001:db8::1%25eth0]/"));
	assert_null(name_check_url("https://example.com?q"));
	assert_non_null(name_check_url("https://"));
	assert_non_null(name_check_url("https://@/"));
	assert_non_null(name_check_url("https://a b@example.com/"));
	assert_non_null(name_check_url("https://[]/"));
	assert_non_null(name_check_url("https://[::1/"));
	assert_non_null(name_check_url("https://example.com:80a/"));
	assert_non_null(name_check_url("https://exa\"mple.com/"));
	assert_non_null(name_check_url("https://example.com/\n"));
	assert_non_null(name_check_url("https://example.com/%"));
	assert_non_null(name_check_url("httpsx://example.com/"));
}

test(a_mount_path_leads_nowhere_up)
{
	assert_null(name_check_mount_path("/"));
	assert_null(name_check_mount_path("/a/..b/c../..."));
	assert_non_null(name_check_mount_path(""));
	assert_non_null(name_check_mount_path("a"));
	assert_non_null(name_check_mount_path("/.."));
	assert_non_null(name_check_mount_path("/a//../b"));
	assert_non_null(name_check_mount_path("/a/.."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_made_of_any_text_with_a_letter_or_digit),
		cmocka_unit_test(a_foreign_character_becomes_one_dash),
		cmocka_unit_test(names_have_a_limit),
		cmocka_unit_test(an_image_id_keeps_its_first_64_digits),
		cmocka_unit_test(an_image_id_is_lower_case_hex_of_64_to_128_digits),
		cmocka_unit_test(a_hash_and_its_beginning_are_told_from_a_name),
		cmocka_unit_test(a_url_has_a_scheme_and_a_sound_host),
		cmocka_unit_test(a_mount_path_leads_nowhere_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
