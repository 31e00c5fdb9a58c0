/* SPDX-License-Identifier: Apache-2.0 */
#include "common/uuid.h"

#include <errno.h>
#include <string.h>

#include "common/appc/schema.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

struct pair {
	char *in;
	char *out;
};

static const struct field pair_fields[] = {
	{"in", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct pair, in)},
	{"out", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct pair, out)},
	{0},
};
static const struct schema pair_schema = {sizeof(struct pair), pair_fields, NULL};

struct file {
	LIST_OF(struct pair) canonical;
};

static const struct field file_fields[] = {
	{"canonical", FIELD_LIST, FIELD_REQUIRED, offsetof(struct file, canonical),
         .of = &pair_schema},
	{0},
};
static const struct schema file_schema = {sizeof(struct file), file_fields, NULL};

static void file_clear(struct file *file)
{
	schema_clear(&file_schema, file);
}

test(any_spelling_becomes_the_canonical_one)
{
	autoclear(buf) text = {0};
	autoclear(file) file = {0};
	struct error err = {0};
	struct uuid uuid;

	vectors_read("uuid.json", &text);
	assert_int_equal(schema_decode(&file_schema, text.data, text.len, &file, &err),
	                 0);
	for (size_t i = 0; i < file.canonical.count; i++) {
		const struct pair *pair = &file.canonical.items[i];

		assert_int_equal(uuid_parse(pair->in, &uuid, &err), 0);
		assert_string_equal(uuid.text, pair->out);
	}
}

test(a_new_one_is_random_and_of_version_4)
{
	struct uuid a, b;
	struct error err;

	assert_int_equal(uuid_make(&a, &err), 0);
	assert_int_equal(uuid_make(&b, &err), 0);
	assert_string_not_equal(a.text, b.text);
	assert_true(uuid_is(a.text));
	assert_int_equal(a.text[14], '4');
	assert_non_null(strchr("89ab", a.text[19]));
}

test(only_the_canonical_text_is_a_directory_s_name)
{
	assert_true(uuid_is("0f746094-3438-42bc-ab37-3cf85f132e60"));
	assert_false(uuid_is("0F746094-3438-42bc-ab37-3cf85f132e60"));
	assert_false(uuid_is("0f746094343842bcab373cf85f132e60"));
	assert_false(uuid_is("0f746094-3438-42bc-ab37-3cf85f132e6"));
	assert_false(uuid_is("0f746094-3438-42bc-ab37-3cf85f132e600"));
	assert_false(uuid_is("00000000-0000-0000-0000-000000000000"));
	assert_false(uuid_is("../../../../../../../../../../etc/x"));
	assert_false(uuid_is(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_spelling_becomes_the_canonical_one),
		cmocka_unit_test(a_new_one_is_random_and_of_version_4),
		cmocka_unit_test(only_the_canonical_text_is_a_directory_s_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
