/* SPDX-License-Identifier: Apache-2.0 */
#include "common/lock.h"

#include <sys/wait.h>

#include "tests/unit/temporary.h"

/* The same directory once more, as another process would have it. */
static int again(void)
{
	int fd = path_open_dir(work_fd, ".", &err);

	assert_true(fd >= 0);
	return fd;
}

test(one_holder_keeps_out_all_others)
{
	autoclose int other = again();

	assert_int_equal(lock_try(work_fd, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
	assert_int_equal(lock_try(other, LOCK_EXCLUSIVE, &err), LOCK_BUSY);
	assert_int_equal(lock_try(other, LOCK_SHARED, &err), LOCK_BUSY);
	lock_drop(work_fd);
	assert_int_equal(lock_try(other, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
}

test(many_may_share)
{
	autoclose int second = again();
	autoclose int third = again();

	assert_int_equal(lock_wait(work_fd, LOCK_SHARED, &err), 0);
	assert_int_equal(lock_try(second, LOCK_SHARED, &err), LOCK_TAKEN);
	assert_int_equal(lock_try(third, LOCK_EXCLUSIVE, &err), LOCK_BUSY);
}

test(a_lock_goes_with_the_last_copy_of_its_descriptor)
{
	autoclose int other = again();
	int holder = again();
	int copy = dup(holder);

	assert_int_equal(lock_try(holder, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
	close(holder);
	assert_int_equal(lock_try(other, LOCK_EXCLUSIVE, &err), LOCK_BUSY);
	close(copy);
	assert_int_equal(lock_try(other, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
}

/* Holds the lock until the other end of GO is closed. */
static pid_t hold(int ready[2], int go[2])
{
	pid_t pid = fork();
	char c = 0;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	close(go[1]);
	if (lock_wait(again(), LOCK_EXCLUSIVE, &err) < 0 || write(ready[1], &c, 1) != 1 ||
	    read(go[0], &c, 1) != 0)
		_exit(1);
	_exit(0);
}

test(waiting_ends_when_the_holder_does)
{
	int ready[2];
	int go[2];
	int status;
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready) | pipe(go), 0);
	pid = hold(ready, go);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(lock_try(work_fd, LOCK_EXCLUSIVE, &err), LOCK_BUSY);
	close(go[1]);
	assert_int_equal(lock_wait(work_fd, LOCK_EXCLUSIVE, &err), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(go[0]);
	close(ready[0]);
	close(ready[1]);
}

test(what_cannot_be_locked_is_an_error)
{
	assert_int_equal(lock_try(-1, LOCK_SHARED, &err), -EBADF);
	assert_int_equal(lock_wait(-1, LOCK_SHARED, &err), -EBADF);
	assert_string_equal(err.text, "cannot lock: Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(one_holder_keeps_out_all_others),
		unit_with_work(many_may_share),
		unit_with_work(a_lock_goes_with_the_last_copy_of_its_descriptor),
		unit_with_work(waiting_ends_when_the_holder_does),
		unit_with_work(what_cannot_be_locked_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
