/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/options.h"

static struct {
	bool flag;
	char *text;
	uint64_t time;
	struct strv texts;
	int64_t number;
	const char *net; /* "-": not given; "": without a value */
} got;

static int parse_net(void *value, const char *arg, struct error *err)
{
	(void)err;
	*(const char **)value = arg ? arg : "";
	return 0;
}

static const struct option_spec own[] = {
	{.letter = 'f', .name = "flag", .parse = option_flag, .value = &got.flag},
	{.letter = 't',
         .name = "text",
         .arg = "T",
         .parse = option_text,
         .value = &got.text},
	{.name = "time", .arg = "TIME", .parse = option_time, .value = &got.time},
	{.name = "add", .arg = "T", .parse = option_texts, .value = &got.texts},
	{.name = "net",
         .arg = "LIST",
         .flags = OPTION_OPTIONAL,
         .parse = parse_net,
         .value = &got.net},
	{0},
};

static const struct option_spec global[] = {
	{.name = "number", .arg = "N", .parse = option_int, .value = &got.number},
	{.name = "later", .arg = "X", .unserved = "comes later"},
	{.name = "old", .parse = option_flag, .value = &got.flag, .instead = "--flag"},
	{0},
};

static const struct option_tables tables = {{own, global}};

/* Takes the options of LINE, words between blanks. Returns the outcome, sets *AT. */
static int take_line(const char *line, int *at, struct error *err)
{
	static struct strv words;

	strv_clear(&words);
	strv_clear(&got.texts);
	memset(&got, 0, sizeof(got));
	got.net = "-";
	strv_split(&words, line, ' ');
	*at = 0;
	return options_take(&tables, words.items, at, err);
}

static void assert_all_taken(const char *line)
{
	struct error err = {0};
	int at;

	if (take_line(line, &at, &err) != OPTIONS_END)
		fail_msg("%s: %s", line, err.text);
}

static void assert_fails(const char *line, const char *text)
{
	struct error err;
	int at;

	assert_true(take_line(line, &at, &err) < 0);
	assert_string_equal(err.text, text);
}

test(a_value_follows_as_a_word_or_after_an_equals_sign)
{
	assert_all_taken("--text one");
	assert_string_equal(got.text, "one");
	assert_all_taken("--text=two=2");
	assert_string_equal(got.text, "two=2");
	assert_all_taken("--text=");
	assert_string_equal(got.text, "");
	assert_all_taken("--text --flag");
	assert_string_equal(got.text, "--flag");
	assert_false(got.flag);
	assert_all_taken("-t three -f");
	assert_string_equal(got.text, "three");
	assert_true(got.flag);
}

test(a_flag_takes_a_boolean_only_after_an_equals_sign)
{
	struct error err;
	int at;

	assert_all_taken("--flag");
	assert_true(got.flag);
	assert_all_taken("--flag --flag=F");
	assert_false(got.flag);
	assert_int_equal(take_line("--flag false", &at, &err), OPTIONS_WORD);
	assert_int_equal(at, 1);
	assert_true(got.flag);
}

test(an_optional_value_needs_the_equals_sign)
{
	struct error err;
	int at;

	assert_int_equal(take_line("--net host", &at, &err), OPTIONS_WORD);
	assert_string_equal(got.net, "");
	assert_int_equal(at, 1);
	assert_all_taken("--net=host");
	assert_string_equal(got.net, "host");
}

test(options_end_at_a_word_or_at_two_dashes)
{
	struct error err;
	int at;

	assert_int_equal(take_line("--flag word --text x", &at, &err), OPTIONS_WORD);
	assert_int_equal(at, 1);
	assert_int_equal(take_line("--flag -- --text x", &at, &err), OPTIONS_DASHES);
	assert_int_equal(at, 1);
	assert_int_equal(take_line("-", &at, &err), OPTIONS_WORD);
	assert_int_equal(take_line("", &at, &err), OPTIONS_WORD);
}

test(every_table_is_searched)
{
	assert_all_taken("--number -12 --flag --add a --add b");
	assert_int_equal(got.number, -12);
	assert_true(got.flag);
	assert_int_equal(got.texts.count, 2);
	assert_string_equal(got.texts.items[1], "b");
}

test(mistakes_are_told_in_the_words_of_rkt)
{
	assert_fails("--x", "unknown flag: --x");
	assert_fails("--x=1", "unknown flag: --x");
	assert_fails("--fla", "unknown flag: --fla");
	assert_fails("--flags", "unknown flag: --flags");
	assert_fails("-x", "unknown shorthand flag: 'x' in -x");
	assert_fails("-fx", "unknown shorthand flag: 'f' in -fx");
	assert_fails("--text", "flag needs an argument: --text");
	assert_fails("-t", "flag needs an argument: -t");
	assert_fails("---", "bad flag syntax: ---");
	assert_fails("--=x", "bad flag syntax: --=x");
	assert_fails("--flag=maybe", "invalid argument \"maybe\" for --flag=maybe: must "
	                             "be true or false");
	assert_fails("--number 1x",
	             "invalid argument \"1x\" for --number=1x: must be a whole number");
	assert_fails("--number 9223372036854775808",
	             "invalid argument \"9223372036854775808\" for "
	             "--number=9223372036854775808: is too large a number");
	assert_fails("--time -1s",
	             "invalid argument \"-1s\" for --time=-1s: must not be negative");
}

test(what_is_not_served_yet_says_so)
{
	struct error err;
	int at;

	assert_int_equal(take_line("--later=1", &at, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "--later: comes later");
}

test(what_is_deprecated_still_works)
{
	assert_all_taken("--old");
	assert_true(got.flag);
}

static void assert_time(const char *text, int64_t expected)
{
	struct error err = {0};
	int64_t ns = -1;

	if (option_read_time(text, &ns, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(ns, expected);
}

test(times_are_those_of_rkt)
{
	const int64_t s = 1000000000;

	assert_time("0", 0);
	assert_time("0s", 0);
	assert_time("30m0s", 1800 * s);
	assert_time("24h0m0s", 86400 * s);
	assert_time("1h30m", 5400 * s);
	assert_time("1.5s", 3 * s / 2);
	assert_time(".5s", s / 2);
	assert_time("0.0000000015h", 5400);
	assert_time("10ms", s / 100);
	assert_time("7us", 7000);
	assert_time("7\xc2\xb5s", 7000);
	assert_time("7ns", 7);
	assert_time("-10s", -10 * s);
	assert_time("+1m", 60 * s);
}

test(what_is_no_time_is_refused)
{
	static const char *const bad[] = {
		"",    "-",   "1",    "s",    ".s",          "1x",
		"1s ", "1m1", "--1s", "1e3s", "9223372037s", "99999999999999999999s"};
	struct error err;
	int64_t ns;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (option_read_time(bad[i], &ns, &err) >= 0)
			fail_msg("'%s' is taken for a time", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_follows_as_a_word_or_after_an_equals_sign),
		cmocka_unit_test(a_flag_takes_a_boolean_only_after_an_equals_sign),
		cmocka_unit_test(an_optional_value_needs_the_equals_sign),
		cmocka_unit_test(options_end_at_a_word_or_at_two_dashes),
		cmocka_unit_test(every_table_is_searched),
		cmocka_unit_test(mistakes_are_told_in_the_words_of_rkt),
		cmocka_unit_test(what_is_not_served_yet_says_so),
		cmocka_unit_test(what_is_deprecated_still_works),
		cmocka_unit_test(times_are_those_of_rkt),
		cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
