/* SPDX-License-Identifier: Apache-2.0 */
#include "common/strv.h"

#include "common/memory.h"
#include "tests/unit/unit.h"

test(an_empty_vector_serves_as_an_argv)
{
	struct strv v = {0};

	assert_null(*strv_items(&v));
	strv_clear(&v);
}

test(a_vector_ends_with_null_however_long)
{
	autoclear(strv) v = {0};

	for (int i = 0; i < 1000; i++) {
		strv_add_format(&v, "%d", i);
		assert_null(v.items[v.count]);
	}
	assert_int_equal(v.count, 1000);
	assert_string_equal(v.items[0], "0");
	assert_string_equal(v.items[999], "999");
	assert_ptr_equal(strv_items(&v), v.items);
}

test(a_text_that_was_taken_is_not_copied)
{
	autoclear(strv) v = {0};
	char *text = memory_text("a");

	strv_take(&v, text);
	assert_ptr_equal(v.items[0], text);
}

test(extending_copies)
{
	autoclear(strv) to = {0};
	struct strv from = {0};

	strv_add(&from, "a");
	strv_add(&from, "b");
	strv_add(&to, "x");
	strv_extend(&to, &from);
	strv_clear(&from);
	assert_int_equal(to.count, 3);
	assert_string_equal(to.items[2], "b");
}

static void assert_split(const char *text, size_t count, const char *last)
{
	autoclear(strv) v = {0};

	strv_split(&v, text, ',');
	assert_int_equal(v.count, count);
	assert_string_equal(v.items[count - 1], last);
}

test(splitting_keeps_empty_pieces)
{
	assert_split("", 1, "");
	assert_split("a", 1, "a");
	assert_split("a,", 2, "");
	assert_split(",a", 2, "a");
	assert_split("a,,b", 3, "b");
}

test(texts_are_found_and_sorted_by_bytes)
{
	autoclear(strv) v = {0};

	strv_sort(&v);
	assert_false(strv_has(&v, ""));
	strv_split(&v, "b,\xc3\xa9,B,a", ',');
	strv_sort(&v);
	assert_string_equal(v.items[0], "B");
	assert_string_equal(v.items[1], "a");
	assert_string_equal(v.items[3], "\xc3\xa9");
	assert_null(v.items[4]);
	assert_true(strv_has(&v, "b"));
	assert_false(strv_has(&v, "c"));
}

test(a_cleared_vector_is_empty_and_usable)
{
	autoclear(strv) v = {0};

	strv_add(&v, "a");
	strv_clear(&v);
	assert_int_equal(v.count, 0);
	assert_null(v.items);
	strv_add(&v, "b");
	assert_string_equal(v.items[0], "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_vector_serves_as_an_argv),
		cmocka_unit_test(a_vector_ends_with_null_however_long),
		cmocka_unit_test(a_text_that_was_taken_is_not_copied),
		cmocka_unit_test(extending_copies),
		cmocka_unit_test(splitting_keeps_empty_pieces),
		cmocka_unit_test(texts_are_found_and_sorted_by_bytes),
		cmocka_unit_test(a_cleared_vector_is_empty_and_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
