/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "common/boolean.h"

test(booleans_have_twelve_spellings)
{
	static const char *const words[] = {"1", "t", "T", "TRUE",  "true",  "True",
	                                    "0", "f", "F", "FALSE", "false", "False"};
	static const char *const wrong[] = {"", "yes", "no", "2", "tRUE", "true ", "00"};
	struct error err;

	for (size_t i = 0; i < 12; i++) {
		bool value = i >= 6;

		assert_int_equal(boolean_parse(words[i], &value, &err), 0);
		assert_int_equal(value, i < 6);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		bool value = false;

		assert_int_equal(boolean_parse(wrong[i], &value, &err), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(booleans_have_twelve_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
