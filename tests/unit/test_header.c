/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "stage0/import/net/header.h"
#include "tests/unit/unit.h"

test(an_age_is_what_the_server_says)
{
	assert_int_equal(header_max_age(""), -1);
	assert_int_equal(header_max_age("public"), -1);
	assert_int_equal(header_max_age("max-age=60"), 60);
	assert_int_equal(header_max_age("public, Max-Age=\"60\" , x=\"a,max-age=1\""),
	                 60);
	assert_int_equal(header_max_age("s-maxage=5, xmax-age=6"), -1);
	assert_int_equal(header_max_age("max-age=99999999999999999999999"), INT64_MAX);
	assert_int_equal(header_max_age("max-age=60, max-age=30"), 30);
}

test(what_must_be_asked_for_again_has_no_age)
{
	assert_int_equal(header_max_age("max-age=60, no-cache"), 0);
	assert_int_equal(header_max_age("No-Store,max-age=60"), 0);
	assert_int_equal(header_max_age("no-cache=\"x\""), 0);
	assert_int_equal(header_max_age("max-age=-1"), 0);
	assert_int_equal(header_max_age("max-age"), 0);
	assert_int_equal(header_max_age("no-cachet, max-age=7"), 7);
}

test(a_range_says_its_ends_and_the_whole)
{
	struct header_range range;

	assert_true(header_content_range("bytes 5-9/10", &range));
	assert_int_equal(range.first, 5);
	assert_int_equal(range.last, 9);
	assert_int_equal(range.total, 10);
	assert_false(header_content_range("bytes 5-10/10", &range));
	assert_false(header_content_range("bytes 6-5/10", &range));
	assert_false(header_content_range("bytes 5-9/*", &range));
	assert_false(header_content_range("bytes */10", &range));
	assert_false(header_content_range("bytes -5-9/10", &range));
	assert_false(header_content_range("bytes 5-9/10x", &range));
	assert_false(header_content_range("lines 5-9/10", &range));
	assert_false(header_content_range("bytes 0-9/9223372036854775808", &range) &&
	             range.total != INT64_MAX);
}

test(words_are_found_in_lists_only_whole)
{
	assert_true(header_has_word("bytes", "bytes"));
	assert_true(header_has_word("none , Bytes", "bytes"));
	assert_false(header_has_word("kilobytes, bytes2", "bytes"));
	assert_false(header_has_word("", "bytes"));
}

test(only_a_quoted_tag_is_strong)
{
	assert_true(header_is_strong("\"a\""));
	assert_false(header_is_strong("W/\"a\""));
	assert_false(header_is_strong("a"));
	assert_false(header_is_strong("\"a"));
	assert_false(header_is_strong("\"abc"));
	assert_true(header_is_strong("\"abc\""));
	assert_false(header_is_strong("\"a\"b\""));
	assert_false(header_is_strong("\"\""));
	assert_false(header_is_strong(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_age_is_what_the_server_says),
		cmocka_unit_test(what_must_be_asked_for_again_has_no_age),
		cmocka_unit_test(a_range_says_its_ends_and_the_whole),
		cmocka_unit_test(words_are_found_in_lists_only_whole),
		cmocka_unit_test(only_a_quoted_tag_is_strong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
