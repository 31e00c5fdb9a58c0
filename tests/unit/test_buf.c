/* SPDX-License-Identifier: Apache-2.0 */
#include "common/buf.h"

#include <string.h>

#include "tests/unit/unit.h"

test(an_empty_buf_is_an_empty_string)
{
	struct buf buf = {0};
	autofree char *text = NULL;

	assert_string_equal(buf_string(&buf), "");
	text = buf_take(&buf);
	assert_string_equal(text, "");
}

test(what_is_added_stands_in_order_and_ends_with_nul)
{
	autoclear(buf) buf = {0};

	buf_text(&buf, "a");
	buf_char(&buf, 'b');
	buf_add(&buf, "cde", 2);
	buf_format(&buf, "%d%s", 7, "");
	buf_add(&buf, NULL, 0);
	assert_int_equal(buf.len, 5);
	assert_string_equal(buf_string(&buf), "abcd7");
}

test(bytes_may_be_anything)
{
	autoclear(buf) buf = {0};

	buf_add(&buf, "a\0b", 3);
	buf_char(&buf, '\0');
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "a\0b\0", 5);
}

test(a_buf_grows_as_long_as_it_is_fed)
{
	autoclear(buf) buf = {0};

	for (int i = 0; i < 10000; i++)
		buf_format(&buf, "%04d", i);
	assert_int_equal(buf.len, 40000);
	assert_memory_equal(buf.data + 39996, "9999", 5);
}

test(reserved_room_is_for_the_caller_to_fill)
{
	autoclear(buf) buf = {0};

	memcpy(buf_reserve(&buf, 3), "abc", 3);
	buf.len += 3;
	assert_string_equal(buf_string(&buf), "abc");
}

test(what_was_taken_is_the_caller_s)
{
	autoclear(buf) buf = {0};
	autofree char *text = NULL;

	buf_text(&buf, "a");
	text = buf_take(&buf);
	buf_text(&buf, "b");
	assert_string_equal(text, "a");
	assert_string_equal(buf_string(&buf), "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buf_is_an_empty_string),
		cmocka_unit_test(what_is_added_stands_in_order_and_ends_with_nul),
		cmocka_unit_test(bytes_may_be_anything),
		cmocka_unit_test(a_buf_grows_as_long_as_it_is_fed),
		cmocka_unit_test(reserved_room_is_for_the_caller_to_fill),
		cmocka_unit_test(what_was_taken_is_the_caller_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
