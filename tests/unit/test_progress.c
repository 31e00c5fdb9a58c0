/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/progress.h"

#include <string.h>

#include "tests/unit/unit.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static void assert_line(const struct progress_view *view, size_t columns,
                        const char *expected)
{
	autoclear(buf) line = {0};

	progress_line(view, columns, &line);
	assert_string_equal(buf_string(&line), expected);
}

test(a_line_says_what_how_much_how_fast_and_how_long)
{
	const struct progress_view view = {
		.image = "example.com/app",
		.count = 1,
		.bytes = 50 * MIB,
		.total = 200 * MIB,
		.rate = 5 * MIB,
	};

	assert_line(&view, 79,
	            "example.com/app: 50.0 MiB of 200.0 MiB, 25%, 5.0 MiB/s, 0:30 left");
}

test(what_is_not_known_is_not_said)
{
	const struct progress_view view = {
		.image = "a",
		.count = 1,
		.bytes = 512,
		.total = -1,
	};

	assert_line(&view, 79, "a: 512 B");
}

test(several_images_are_one_line)
{
	const struct progress_view view = {
		.count = 3,
		.bytes = 3 * KIB,
		.total = 2 * 3600 * KIB,
		.rate = KIB,
	};

	assert_line(&view, 79,
	            "3 images: 3.0 KiB of 7.0 MiB, 0%, 1.0 KiB/s, 1:59:57 left");
}

test(a_long_name_loses_its_beginning)
{
	const struct progress_view view = {
		.image = "example.com/a/very/long/name",
		.count = 1,
		.bytes = 1,
		.total = 2,
	};

	assert_line(&view, 34, "...very/long/name: 1 B of 2 B, 50%");
}

test(no_control_character_reaches_the_terminal)
{
	const struct progress_view view = {.image = "a\033[2Jb", .count = 1, .total = -1};

	assert_line(&view, 79, "a?[2Jb: 0 B");
}

test(the_style_is_one_of_three_words)
{
	enum progress_style style = PROGRESS_AUTO;
	struct error err;

	assert_int_equal(progress_style_parse(&style, "json", &err), 0);
	assert_int_equal(style, PROGRESS_JSON);
	assert_true(progress_style_parse(&style, "loud", &err) < 0);
	assert_string_equal(err.text, "must be 'auto', 'json' or 'none'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_says_what_how_much_how_fast_and_how_long),
		cmocka_unit_test(what_is_not_known_is_not_said),
		cmocka_unit_test(several_images_are_one_line),
		cmocka_unit_test(a_long_name_loses_its_beginning),
		cmocka_unit_test(no_control_character_reaches_the_terminal),
		cmocka_unit_test(the_style_is_one_of_three_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
