/* SPDX-License-Identifier: Apache-2.0 */
#include "common/exec_spec.h"

#include <string.h>

#include "tests/unit/unit.h"

static char *const app_argv[] = {"/bin/app", "--", "uid=7", NULL};

test(what_is_encoded_is_decoded)
{
	struct exec_spec spec = {
		.uid = 4294967294u,
		.gid = 5,
		.capabilities = 0x1f00000001ull,
		.no_new_privs = true,
		.directory = "/a=b c",
		.filter_fd = 3,
		.keep_fd = -1,
		.report_fd = 4,
		.app = 2,
		.argv = app_argv,
	};
	struct exec_spec read = {0};
	autoclear(strv) argv = {0};
	struct error err;

	strv_add(&spec.groups, "10");
	strv_add(&spec.groups, "20");
	strv_add(&spec.limits, "core:4:0:0");
	strv_add(&spec.limits, "nofile:7:1024:18446744073709551615");
	exec_spec_encode(&spec, &argv);
	assert_int_equal(exec_spec_decode(argv.items + 1, &read, &err), 0);
	assert_int_equal(read.uid, spec.uid);
	assert_int_equal(read.gid, 5);
	assert_int_equal(read.groups.count, 2);
	assert_string_equal(read.groups.items[1], "20");
	assert_int_equal(read.limits.count, 2);
	assert_string_equal(read.limits.items[1], "nofile:7:1024:18446744073709551615");
	assert_true(read.capabilities == spec.capabilities);
	assert_true(read.no_new_privs);
	assert_false(read.keep_caps);
	assert_string_equal(read.directory, "/a=b c");
	assert_int_equal(read.filter_fd, 3);
	assert_int_equal(read.keep_fd, -1);
	assert_int_equal(read.report_fd, 4);
	assert_int_equal(read.app, 2);
	for (size_t i = 0; app_argv[i]; i++)
		assert_string_equal(read.argv[i], app_argv[i]);
	exec_spec_clear(&spec);
	exec_spec_clear(&read);
}

test(no_group_and_no_filter_are_told_from_zero)
{
	struct exec_spec spec = {
		.filter_fd = -1, .keep_fd = -1, .report_fd = -1, .argv = app_argv};
	struct exec_spec read = {0};
	autoclear(strv) argv = {0};
	struct error err;

	exec_spec_encode(&spec, &argv);
	assert_int_equal(exec_spec_decode(argv.items + 1, &read, &err), 0);
	assert_int_equal(read.groups.count, 0);
	assert_int_equal(read.limits.count, 0);
	/* No limit costs nothing, not even a word. */
	for (size_t i = 0; i < argv.count; i++)
		assert_null(strstr(argv.items[i], "limits"));
	assert_int_equal(read.filter_fd, -1);
	assert_int_equal(read.report_fd, -1);
	exec_spec_clear(&read);
}

static void assert_refused(char **argv, const char *why)
{
	struct exec_spec spec = {0};
	struct error err;

	assert_true(exec_spec_decode(argv, &spec, &err) < 0);
	assert_string_equal(err.text, why);
	exec_spec_clear(&spec);
}

test(what_is_not_a_spec_is_refused)
{
	assert_refused((char *[]){"color=red", "--", "a", NULL},
	               "unknown record 'color=red'");
	assert_refused((char *[]){"uid", "--", "a", NULL}, "unknown record 'uid'");
	assert_refused((char *[]){"uid=x", "--", "a", NULL}, "'uid=x' is not a number");
	assert_refused((char *[]){"uid=", "--", "a", NULL}, "'uid=' is not a number");
	assert_refused((char *[]){"uid=1", NULL}, "nothing to execute");
	assert_refused((char *[]){"uid=1", "--", NULL}, "nothing to execute");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(no_group_and_no_filter_are_told_from_zero),
		cmocka_unit_test(what_is_not_a_spec_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
