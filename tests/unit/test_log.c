/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "tests/unit/unit.h"

static int saved = -1;
static int fds[2];

static int catch_stderr(void **state)
{
	(void)state;
	saved = dup(STDERR_FILENO);
	return pipe(fds) < 0 || dup2(fds[1], STDERR_FILENO) < 0 || close(fds[1]) < 0;
}

/* What was printed since; standard error is itself again. */
static void assert_printed(const char *wanted)
{
	autoclear(buf) got = {0};
	struct error err;

	dup2(saved, STDERR_FILENO);
	assert_int_equal(file_read(fds[0], 1 << 16, &got, &err), 0);
	assert_string_equal(buf_string(&got), wanted);
}

static int restore(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[0]);
	log_set_prefix("gantry");
	log_set_debug(false);
	return 0;
}

test(a_message_is_a_line_that_begins_with_the_command)
{
	struct error err = {-EINVAL, "image 'x': cannot open"};

	log_warning("%d", 1);
	log_set_prefix("run");
	log_error(&err);
	assert_printed("gantry: 1\nrun: image 'x': cannot open\n");
}

test(debug_messages_are_for_those_who_ask)
{
	log_debug("a");
	assert_false(log_is_debug());
	log_set_debug(true);
	log_debug("b");
	assert_true(log_is_debug());
	assert_printed("gantry: b\n");
}

test(control_characters_do_not_reach_the_terminal)
{
	log_warning("a\nb\x1b[2J\x7f\t\r\xc3\xa9");
	assert_printed("gantry: a?b?[2J?\t?\xc3\xa9\n");
}

test(nor_do_those_of_several_bytes)
{
	log_warning("a\xc2\x9b"
	            "2J\xe2\x80\xae\x9b");
	assert_printed("gantry: a?2J??\n");
}

test(a_long_message_is_one_line_that_ends)
{
	struct error err = {-EINVAL, ""};
	char wanted[sizeof(err.text) + 16];

	memset(err.text, 'x', sizeof(err.text) - 1);
	log_error(&err);
	snprintf(wanted, sizeof(wanted), "gantry: %s\n", err.text);
	assert_printed(wanted);
}

#define unit_caught(name) cmocka_unit_test_setup_teardown(name, catch_stderr, restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_caught(a_message_is_a_line_that_begins_with_the_command),
		unit_caught(debug_messages_are_for_those_who_ask),
		unit_caught(control_characters_do_not_reach_the_terminal),
		unit_caught(nor_do_those_of_several_bytes),
		unit_caught(a_long_message_is_one_line_that_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
