/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <time.h>

#include "stage0/time_text.h"

#define S     INT64_C(1000000000)
#define DAY   (86400 * S)
#define MONTH (30 * DAY)
#define YEAR  (12 * MONTH)
#define NOW   (INT64_C(1795195895) * S)

static void assert_relative(int64_t then, const char *expected)
{
	autofree char *text = time_relative(then, NOW);

	assert_string_equal(text, expected);
}

static void assert_ago(int64_t ns, const char *expected)
{
	assert_relative(NOW - ns, expected);
}

test(a_distance_is_told_in_its_largest_unit)
{
	assert_ago(0, "now");
	assert_ago(1 * S, "1 second ago");
	assert_ago(59 * S, "59 seconds ago");
	assert_ago(60 * S, "1 minute ago");
	assert_ago(119 * S, "1 minute ago");
	assert_ago(120 * S, "2 minutes ago");
	assert_ago(3600 * S, "1 hour ago");
	assert_ago(7200 * S, "2 hours ago");
	assert_ago(DAY, "1 day ago");
	assert_ago(6 * DAY, "6 days ago");
	assert_ago(7 * DAY, "1 week ago");
	assert_ago(29 * DAY, "4 weeks ago");
	assert_ago(30 * DAY, "1 month ago");
	assert_ago(11 * MONTH, "11 months ago");
	assert_ago(YEAR, "1 year ago");
}

test(two_years_begin_after_eighteen_months)
{
	assert_ago(18 * MONTH - S, "1 year ago");
	assert_ago(18 * MONTH, "2 years ago");
	assert_ago(3 * YEAR, "3 years ago");
	assert_ago(37 * YEAR, "a long while ago");
}

test(the_future_is_from_now)
{
	assert_ago(-3 * S, "3 seconds from now");
	assert_ago(-DAY, "1 day from now");
}

test(an_unknown_time_is_a_long_while_ago)
{
	autofree char *full = time_full(0);

	assert_relative(0, "a long while ago");
	assert_string_equal(full, "0001-01-01 00:00:00 +0000 UTC");
}

static void assert_full(int64_t then, const char *expected)
{
	autofree char *text = time_full(then);

	assert_string_equal(text, expected);
}

test(the_full_time_has_milliseconds_without_zeros_at_their_end)
{
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_full(1795195893440362745, "2026-11-20 17:31:33.44 +0000 UTC");
	assert_full(1795195895114375120, "2026-11-20 17:31:35.114 +0000 UTC");
	assert_full(1795195893004000000, "2026-11-20 17:31:33.004 +0000 UTC");
	assert_full(1795195893000999999, "2026-11-20 17:31:33 +0000 UTC");
}

test(the_full_time_is_local)
{
	setenv("TZ", "CET-1", 1);
	tzset();
	assert_full(1795195893440362745, "2026-11-20 18:31:33.44 +0100 CET");
}

static void assert_length(int64_t ns, const char *text)
{
	autofree char *length = time_length(ns);

	assert_string_equal(length, text);
}

test(a_length_of_time_is_told_as_options_take_it)
{
	assert_length(0, "0s");
	assert_length(1, "1ns");
	assert_length(1500, "1.5\xc2\xb5s");
	assert_length(20000000, "20ms");
	assert_length(1050000000, "1.05s");
	assert_length(90 * INT64_C(1000000000), "1m30s");
	assert_length(1800 * INT64_C(1000000000), "30m0s");
	assert_length(86400 * INT64_C(1000000000), "24h0m0s");
	assert_length(3600 * INT64_C(1000000000) + 1, "1h0m0.000000001s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_distance_is_told_in_its_largest_unit),
		cmocka_unit_test(two_years_begin_after_eighteen_months),
		cmocka_unit_test(the_future_is_from_now),
		cmocka_unit_test(an_unknown_time_is_a_long_while_ago),
		cmocka_unit_test(
			the_full_time_has_milliseconds_without_zeros_at_their_end),
		cmocka_unit_test(the_full_time_is_local),
		cmocka_unit_test(a_length_of_time_is_told_as_options_take_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
