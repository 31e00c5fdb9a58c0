/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "stage0/import/image/sandbox.h"
#include "tests/unit/unit.h"

enum { GOOD = 7 };

static void *nothing(void *data)
{
	return data;
}

/* What one tries behind the filter: GOOD if it was as it should be. */

static int start_thread(void)
{
	static char sign;
	pthread_t thread;
	void *result = NULL;
	int r = pthread_create(&thread, NULL, nothing, &sign);

	return r == 0 && pthread_join(thread, &result) == 0 && result == &sign ? GOOD : 1;
}

static int clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (pid == 0)
		_exit(1);
	return pid < 0 && errno == ENOSYS ? GOOD : 1;
}

static int start_process(void)
{
	return clone_with(SIGCHLD);
}

static int start_process_in_this_memory(void)
{
	return clone_with(CLONE_VM | CLONE_VFORK | SIGCHLD);
}

static int start_process_in_a_namespace(void)
{
	return clone_with(CLONE_NEWUSER | SIGCHLD);
}

static int start_program(void)
{
	char *argv[] = {"true", NULL};

	execve("/bin/true", argv, argv + 1);
	return errno == ENOSYS ? GOOD : 1;
}

static int run_filtered(int (*attempt)(void))
{
	struct error err = {0};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    sandbox_filter(&err) < 0)
			_exit(2);
		_exit(attempt());
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

test(behind_the_filter_a_thread_can_be_started)
{
	assert_int_equal(run_filtered(start_thread), GOOD);
}

test(behind_the_filter_no_process_can_be_started)
{
	assert_int_equal(run_filtered(start_process), GOOD);
	assert_int_equal(run_filtered(start_process_in_this_memory), GOOD);
	assert_int_equal(run_filtered(start_process_in_a_namespace), GOOD);
	assert_int_equal(run_filtered(start_program), GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_the_filter_a_thread_can_be_started),
		cmocka_unit_test(behind_the_filter_no_process_can_be_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
