/* SPDX-License-Identifier: Apache-2.0 */
#include "common/limits.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void assert_becomes(const char *text, const char *wanted)
{
	autoclear(limits) limits = {0};
	autoclear(buf) out = {0};
	struct error err = {0};

	if (limits_parse(&limits, text, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	limits_format(&limits, &out);
	assert_string_equal(buf_string(&out), wanted);
}

test(one_value_is_both)
{
	autoclear(limits) limits = {0};
	struct error err;

	assert_int_equal(limits_parse(&limits, "nofile=1024:4096,core=0", &err), 0);
	assert_int_equal(limits.count, 2);
	assert_int_equal(limits.items[0].resource, RLIMIT_NOFILE);
	assert_int_equal(limits.items[0].soft, 1024);
	assert_int_equal(limits.items[0].hard, 4096);
	assert_string_equal(limits.items[1].name, "core");
	assert_int_equal(limits.items[1].soft, 0);
	assert_int_equal(limits.items[1].hard, 0);
}

test(bytes_are_amounts_and_come_back_as_numbers)
{
	assert_becomes("as=1Gi,memlock=64Ki:1M", "as=1073741824,memlock=65536:1000000");
	assert_becomes("stack=1.5Ki,core=5:5", "stack=1536,core=5");
	assert_becomes("cpu=unlimited,nproc=7:unlimited",
	               "cpu=unlimited,nproc=7:unlimited");
	assert_becomes("fsize=9223372036854775806", "fsize=9223372036854775806");
}

static void assert_refused(const char *text, const char *why)
{
	autoclear(limits) limits = {0};
	struct error err;

	assert_true(limits_parse(&limits, text, &err) < 0);
	assert_string_equal(err.text, why);
}

test(what_is_no_limit_is_refused)
{
	assert_refused("", "'' is not NAME=SOFT[:HARD]");
	assert_refused("core=1,", "'' is not NAME=SOFT[:HARD]");
	assert_refused("nofile", "'nofile' is not NAME=SOFT[:HARD]");
	assert_refused("nofil=1",
	               "no limit is called 'nofil': setrlimit(2) has the names");
	assert_refused("=1", "no limit is called '': setrlimit(2) has the names");
	assert_refused("nofile=",
	               "'nofile': '' is neither a whole number nor 'unlimited'");
	assert_refused("nofile=1:",
	               "'nofile': '' is neither a whole number nor 'unlimited'");
	assert_refused("nofile=-1",
	               "'nofile': '-1' is neither a whole number nor 'unlimited'");
	assert_refused("nofile=1:2:3", "'nofile': has more than a soft and a hard value");
	assert_refused("nofile=unlimited:2",
	               "'nofile': the soft value is above the hard one");
	assert_refused("core=1,nofile=2,core=1", "'core' stands twice");
	assert_refused("core=0.5",
	               "'core': '0.5' is not a whole number of bytes below 2^63");
	assert_refused("core=-1Ki",
	               "'core': '-1Ki' is not a whole number of bytes below 2^63");
	/* An amount of a binary unit is cut to this by itself. */
	assert_refused("core=16Ei",
	               "'core': '16Ei' is not a whole number of bytes below 2^63");
	assert_refused("core=9300P",
	               "'core': '9300P' is not a whole number of bytes below 2^63");
}

test(a_process_has_what_was_not_said)
{
	autoclear(limits) limits = {0};
	struct rlimit files;
	struct error err;

	assert_int_equal(limits_parse(&limits, "nofile=3", &err), 0);
	assert_int_equal(limits_complete_by(&limits, getpid(), &err), 0);
	assert_int_equal(limits.count, RLIM_NLIMITS);
	assert_int_equal(limits.items[0].soft, 3);
	for (size_t i = 1; i < limits.count; i++) {
		assert_int_not_equal(limits.items[i].resource, RLIMIT_NOFILE);
		assert_int_equal(getrlimit(limits.items[i].resource, &files), 0);
		assert_true(limits.items[i].soft == files.rlim_cur);
		assert_true(limits.items[i].hard == files.rlim_max);
	}
}

test(what_is_said_comes_before_what_completes_it)
{
	autoclear(limits) limits = {0}, more = {0};
	autoclear(buf) out = {0};
	struct error err;

	assert_int_equal(limits_parse(&limits, "nofile=3", &err), 0);
	assert_int_equal(limits_parse(&more, "core=1,nofile=4", &err), 0);
	limits_complete(&limits, &more);
	limits_format(&limits, &out);
	assert_string_equal(out.data, "nofile=3,core=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_is_both),
		cmocka_unit_test(bytes_are_amounts_and_come_back_as_numbers),
		cmocka_unit_test(what_is_no_limit_is_refused),
		cmocka_unit_test(a_process_has_what_was_not_said),
		cmocka_unit_test(what_is_said_comes_before_what_completes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
