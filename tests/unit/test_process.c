/* SPDX-License-Identifier: Apache-2.0 */
#include "common/process.h"

#include <signal.h>
#include <sys/wait.h>

#include "common/file.h"
#include "common/memory.h"
#include "tests/unit/temporary.h"

/* Runs the shell's SCRIPT with FDS, standard output into *SAID; its exit status. */
static int run(const char *script, int dir_fd, size_t fd_count, struct buf *said)
{
	autoclose int shell = path_open(AT_FDCWD, "/bin/sh", PATH_HOST, O_PATH, &err);
	autofree char *copy = memory_text(script);
	char *argv[] = {(char *)"sh", (char *)"-c", copy, NULL};
	int fds[PROCESS_FDS_MAX];
	int out[2];
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	for (size_t i = 0; i < fd_count; i++)
		fds[i] = work_fd;
	/* The other way round, so that each stands where another has to go. */
	fds[0] = fds[2] = STDERR_FILENO;
	fds[1] = out[1];
	if (process_spawn(shell, argv, dir_fd, fds, fd_count, &pid, &err) < 0)
		fail_msg("%s", err.text);
	close(out[1]);
	assert_int_equal(file_read(out[0], 1 << 16, said, &err), 0);
	close(out[0]);
	return process_wait(pid, &err);
}

static void assert_runs(const char *script, size_t fd_count, int status, const char *said)
{
	autoclear(buf) out = {0};

	assert_int_equal(run(script, -1, fd_count, &out), status);
	assert_string_equal(buf_string(&out), said);
}

#define LIST_FDS                                                          \
	"for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do " \
	"if [ -e /proc/self/fd/$i ]; then printf '%s ' $i; fi; done"

test(a_child_has_the_descriptors_it_was_given_and_no_other)
{
	autoclose int inherited = dup2(work_fd, 12);

	assert_true(inherited == 12);
	assert_runs(LIST_FDS, 3, 0, "0 1 2 ");
	assert_runs(LIST_FDS, 5, 0, "0 1 2 3 4 ");
	assert_runs(LIST_FDS, PROCESS_FDS_MAX, 0,
	            "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 ");
}

test(a_child_s_end_is_one_number)
{
	assert_runs("exit 0", 3, 0, "");
	assert_runs("exit 7", 3, 7, "");
	assert_runs("kill -9 $$", 3, 128 + SIGKILL, "");
	assert_runs("kill -15 $$", 3, 128 + SIGTERM, "");
}

test(a_child_starts_where_it_is_told_to)
{
	autoclear(buf) out = {0};

	assert_int_equal(path_make_dir(work_fd, "here", 0755, &err), 0);
	assert_int_equal(run("[ -d here ] && echo yes", work_fd, 3, &out), 0);
	assert_string_equal(buf_string(&out), "yes\n");
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

test(what_cannot_be_executed_is_an_error_and_no_child)
{
	const int fds[] = {0, 1, 2};
	char *argv[] = {(char *)"it", NULL};
	autoclose int file = -1;
	pid_t pid = 0;

	assert_int_equal(file_create_at(work_fd, "it", 0600, "", &err), 0);
	file = path_open(work_fd, "it", PATH_OURS, O_RDONLY, &err);
	assert_int_equal(process_spawn(file, argv, -1, fds, 3, &pid, &err), -EACCES);
	assert_string_equal(err.text, "cannot start 'it': Permission denied");
	assert_int_equal(pid, 0);
	assert_no_child();
}

test(a_descriptor_that_is_not_there_is_an_error_and_no_child)
{
	autoclose int shell = path_open(AT_FDCWD, "/bin/sh", PATH_HOST, O_PATH, &err);
	const int fds[] = {0, 1, 2, 900};
	char *argv[] = {(char *)"sh", NULL};
	pid_t pid;

	assert_int_equal(process_spawn(shell, argv, -1, fds, 4, &pid, &err), -EBADF);
	assert_int_equal(process_spawn(-1, argv, -1, fds, 3, &pid, &err), -EBADF);
	assert_no_child();
}

test(waiting_for_a_stranger_is_an_error)
{
	assert_int_equal(process_wait(1, &err), -ECHILD);
	assert_string_equal(err.text, "cannot wait for process 1: No child processes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(a_child_has_the_descriptors_it_was_given_and_no_other),
		unit_with_work(a_child_s_end_is_one_number),
		unit_with_work(a_child_starts_where_it_is_told_to),
		unit_with_work(what_cannot_be_executed_is_an_error_and_no_child),
		unit_with_work(a_descriptor_that_is_not_there_is_an_error_and_no_child),
		unit_with_work(waiting_for_a_stranger_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
