/* SPDX-License-Identifier: Apache-2.0 */
#include "common/memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/unit/unit.h"

/* The sanitizer's allocator shall say no as any other does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

test(zeroed_memory_is_zero_and_never_null)
{
	autofree int *numbers = memory_zeroed(3, sizeof(*numbers));
	autofree char *nothing = memory_zeroed(0, 0);

	for (int i = 0; i < 3; i++)
		assert_int_equal(numbers[i], 0);
	assert_non_null(nothing);
}

test(resized_memory_keeps_what_it_held)
{
	char *text = memory_text("abc");

	text = memory_resized(text, 1000, 1);
	assert_string_equal(text, "abc");
	free(text);
}

test(texts_and_bytes_are_copied)
{
	autofree char *bytes = memory_bytes("a\0b", 3);
	autofree char *nothing = memory_bytes(NULL, 0);
	autofree char *text = memory_format("%s-%d", "a", 1);

	assert_memory_equal(bytes, "a\0b", 4);
	assert_string_equal(nothing, "");
	assert_string_equal(text, "a-1");
	assert_null(memory_text(NULL));
}

/* Asks for what nobody has, in a child, and reads what it says. */
static int status_without(size_t count, size_t size, char *said, size_t room)
{
	int fds[2];
	int status;
	ssize_t len;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		void *volatile got;

		dup2(fds[1], STDERR_FILENO);
		got = memory_resized(NULL, count, size);
		(void)got;
		_exit(0);
	}
	close(fds[1]);
	/* The sanitizer warns first. */
	len = 0;
	for (ssize_t n = 1; n > 0 && (size_t)len < room - 1; len += n)
		n = read(fds[0], said + len, room - 1 - (size_t)len);
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

test(without_memory_the_process_ends_with_one_line)
{
	static const char line[] = "out of memory\n";
	volatile size_t huge = SIZE_MAX / 2;
	char said[8192];

	assert_int_equal(status_without(huge, 1, said, sizeof(said)), 254);
	assert_string_equal(said + strlen(said) - strlen(line), line);
	assert_int_equal(status_without(huge, 16, said, sizeof(said)), 254);
	assert_string_equal(said, line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_memory_is_zero_and_never_null),
		cmocka_unit_test(resized_memory_keeps_what_it_held),
		cmocka_unit_test(texts_and_bytes_are_copied),
		cmocka_unit_test(without_memory_the_process_ends_with_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
