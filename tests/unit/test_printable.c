/* SPDX-License-Identifier: Apache-2.0 */
#include "common/printable.h"

#include <string.h>

#include "tests/unit/unit.h"

static void shows(const char *text, const char *expected)
{
	autofree char *copy = printable_copy(text);

	assert_string_equal(copy, expected);
}

test(names_of_every_script_are_shown)
{
	shows("Ann <ann@example.test>", "Ann <ann@example.test>");
	shows("Zo\u00eb \u5c71\u7530 \U0001f600", "Zo\u00eb \u5c71\u7530 \U0001f600");
	shows("", "");
}

test(what_steers_a_terminal_is_not)
{
	shows("a\x1b[31mb", "a?[31mb");
	shows("a\rb\nc\td\x7f", "a?b?c?d?");
	shows("a\xc2\x9b"
	      "31mb",
	      "a?31mb");
	shows("a\u202e"
	      "b\u2066"
	      "c\u200f"
	      "d\ufeff",
	      "a?b?c?d?");
	shows("a\xf3\xa0\x81\x81z", "a?z");
}

test(what_is_no_utf8_is_not)
{
	shows("a\xff", "a?");
	shows("a\x80z", "a?z");
	shows("a\xc3", "a?");
	shows("a\xe2\x82", "a??");
	shows("\xc0\xaf", "??");
	shows("\xed\xa0\x80", "???");
	shows("\xf4\x90\x80\x80", "????");
}

test(too_long_a_name_is_cut)
{
	char text[2048];
	autofree char *copy = NULL;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	copy = printable_copy(text);
	assert_int_equal(strlen(copy), 512 + 3);
	assert_string_equal(copy + 512, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_script_are_shown),
		cmocka_unit_test(what_steers_a_terminal_is_not),
		cmocka_unit_test(what_is_no_utf8_is_not),
		cmocka_unit_test(too_long_a_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
