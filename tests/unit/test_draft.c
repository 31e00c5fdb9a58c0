/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/file.h"
#include "common/lock.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/draft.h"
#include "tests/unit/unit.h"

static char top[] = "/tmp/gantry-draft-XXXXXX";
static int top_fd;

static int make_top(void **state)
{
	struct error err;

	(void)state;
	strcpy(top + sizeof(top) - 7, "XXXXXX");
	if (!mkdtemp(top))
		return -1;
	top_fd = path_open(AT_FDCWD, top, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	if (top_fd < 0 || path_make_dir(top_fd, "tmp", 0755, &err) < 0)
		return -1;
	return path_make_dir(top_fd, "done", 0755, &err);
}

static int remove_top(void **state)
{
	struct error err;

	(void)state;
	close(top_fd);
	return path_remove_tree(AT_FDCWD, top, &err);
}

static int open_dir(const char *name)
{
	struct error err;
	int fd = path_open_dir(top_fd, name, &err);

	assert_true(fd >= 0);
	return fd;
}

static bool is_there(int dir_fd, const char *name)
{
	struct stat st;
	struct error err;

	return path_stat(dir_fd, name, &st, &err) == 0;
}

static size_t count_in(int dir_fd)
{
	autoclear(strv) names = {0};
	struct error err;

	assert_int_equal(path_list(dir_fd, ".", &names, &err), 0);
	return names.count;
}

test(a_published_draft_is_there_whole_and_an_unpublished_one_is_gone)
{
	autoclose int tmp = open_dir("tmp"), done = open_dir("done");
	struct error err;

	for (int published = 0; published < 2; published++) {
		autoptr(draft) draft = NULL;

		assert_int_equal(draft_begin(&draft, tmp, NULL, &err), 0);
		assert_int_equal(file_create_at(draft_fd(draft), "file", 0644, "x", &err),
		                 0);
		assert_int_equal(count_in(tmp), 1);
		if (published)
			assert_int_equal(draft_publish(draft, done, "name", &err),
			                 DRAFT_PUBLISHED);
	}
	assert_int_equal(count_in(tmp), 0);
	assert_int_equal(count_in(done), 1);
	assert_true(is_there(done, "name/file"));
}

test(a_name_that_is_taken_is_an_outcome_and_the_draft_goes)
{
	autoclose int tmp = open_dir("tmp"), done = open_dir("done");
	autoptr(draft) draft = NULL;
	struct error err;

	assert_int_equal(path_make_dir(done, "name", 0755, &err), 0);
	assert_int_equal(draft_begin(&draft, tmp, NULL, &err), 0);
	assert_int_equal(draft_publish(draft, done, "name", &err), DRAFT_EXISTS);
	draft_free(take(draft));
	assert_int_equal(count_in(tmp), 0);
}

/* Whether the process waits for a flock(2). */
static bool waits_for_lock(pid_t pid)
{
	autoclear(buf) locks = {0};
	autofree char *who = memory_format(" %d ", (int)pid);
	struct error err;
	autoclose int fd = path_open(AT_FDCWD, "/proc/locks", PATH_HOST, O_RDONLY, &err);
	bool waits = false;

	assert_true(fd >= 0);
	assert_int_equal(file_read(fd, 1 << 20, &locks, &err), 0);
	for (char *line = strtok(locks.data, "\n"); line; line = strtok(NULL, "\n"))
		waits |= strstr(line, "-> FLOCK") && strstr(line, who);
	return waits;
}

test(no_draft_begins_while_the_dead_are_looked_for)
{
	autoclose int tmp = open_dir("tmp");
	struct error err;
	int status = 0;
	pid_t child;

	assert_int_equal(lock_wait(tmp, LOCK_EXCLUSIVE, &err), 0);
	child = fork();
	if (child == 0) {
		autoclose int own = open_dir("tmp");
		struct draft *draft;

		_exit(draft_begin(&draft, own, "x", &err) < 0);
	}
	while (!waits_for_lock(child))
		if (waitpid(child, &status, WNOHANG) == child)
			fail_msg("it did not wait");
	assert_int_equal(count_in(tmp), 0);
	lock_drop(tmp);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(count_in(tmp), 1);
}

test(a_draft_may_take_the_place_of_what_is_there_which_goes_with_it)
{
	autoclose int tmp = open_dir("tmp");
	autoclose int done = open_dir("done");
	autoclear(buf) text = {0};
	struct draft *draft;
	struct error err;

	assert_int_equal(path_make_dir(done, "x", 0755, &err), 0);
	assert_int_equal(file_create_at(done, "x/file", 0644, "old", &err), 0);
	assert_int_equal(draft_begin(&draft, tmp, NULL, &err), 0);
	assert_int_equal(file_create_at(draft_fd(draft), "file", 0644, "new", &err), 0);
	assert_int_equal(draft_exchange(draft, done, "none", &err), -ENOENT);
	assert_int_equal(draft_exchange(draft, done, "x", &err), 0);
	assert_int_equal(count_in(tmp), 1);
	draft_free(draft);
	assert_int_equal(count_in(tmp), 0);
	assert_int_equal(file_read_at(done, "x/file", 10, &text, &err), 0);
	assert_string_equal(text.data, "new");
}

test(a_draft_that_is_there_already_is_not_removed_with_the_one_that_failed)
{
	autoclose int tmp = open_dir("tmp");
	autoptr(draft) first = NULL;
	struct draft *second = NULL;
	struct error err;

	assert_int_equal(draft_begin(&first, tmp, "name", &err), 0);
	assert_int_equal(draft_begin(&second, tmp, "name", &err), -EEXIST);
	assert_true(is_there(tmp, "name"));
}

test(a_sweep_removes_what_the_dead_left_and_nothing_of_the_living)
{
	autoclose int tmp = open_dir("tmp"), sweeper = open_dir("tmp");
	autoptr(draft) alive = NULL;
	struct error err;
	pid_t child = fork();

	if (child == 0) {
		autoptr(draft) draft = NULL;

		if (draft_begin(&draft, tmp, "dead", &err) < 0 ||
		    file_create_at(draft_fd(draft), "file", 0644, "x", &err) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(draft_begin(&alive, tmp, "alive", &err), 0);
	assert_int_equal(file_create_at(tmp, "stray", 0644, "x", &err), 0);
	assert_int_equal(path_make_symlink("/etc", tmp, "link", &err), 0);
	assert_true(is_there(tmp, "dead/file"));
	assert_int_equal(draft_sweep(sweeper, &err), 0);
	assert_int_equal(count_in(tmp), 1);
	assert_true(is_there(tmp, "alive"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_published_draft_is_there_whole_and_an_unpublished_one_is_gone,
			make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			a_name_that_is_taken_is_an_outcome_and_the_draft_goes, make_top,
			remove_top),
		cmocka_unit_test_setup_teardown(
			no_draft_begins_while_the_dead_are_looked_for, make_top,
			remove_top),
		cmocka_unit_test_setup_teardown(
			a_draft_may_take_the_place_of_what_is_there_which_goes_with_it,
			make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			a_draft_that_is_there_already_is_not_removed_with_the_one_that_failed,
			make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			a_sweep_removes_what_the_dead_left_and_nothing_of_the_living,
			make_top, remove_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
