/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/xattr.h>

#include "common/file.h"
#include "common/memory.h"
#include "stage0/store/tree_compare.h"
#include "stage0/store/tree_copy.h"
#include "tests/unit/temporary.h"

static const struct timespec times[2] = {{1000, 1}, {2000, 123456789}};

static void set_times(const char *path)
{
	assert_int_equal(path_set_times(work_fd, path, times, &err), 0);
}

static void write_file(const char *path, const char *text)
{
	struct error ignored;

	(void)!path_remove(work_fd, path, &ignored);
	assert_int_equal(file_create_at(work_fd, path, 0644, text, &err), 0);
	set_times(path);
}

static void make_link(const char *old, const char *new)
{
	assert_int_equal(path_make_link(work_fd, old, work_fd, new, &err), 0);
}

/* "wanted", and "found", its copy. */
static void make_trees(void)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(path_remove_tree(work_fd, i ? "found" : "wanted", &err),
		                 0);
	assert_int_equal(path_make_dir(work_fd, "wanted", 0755, &err), 0);
	assert_int_equal(path_make_dir(work_fd, "wanted/dir", 0755, &err), 0);
	write_file("wanted/dir/file", "content");
	write_file("wanted/one", "same");
	make_link("wanted/one", "wanted/two");
	write_file("wanted/three", "same");
	assert_int_equal(path_make_symlink("target", work_fd, "wanted/link", &err), 0);
	assert_int_equal(path_make_node(work_fd, "wanted/fifo", S_IFIFO | 0600, 0, &err),
	                 0);
	set_times("wanted/link");
	set_times("wanted/dir");
	set_times("wanted");
	assert_int_equal(tree_copy(work_fd, "wanted", work_fd, "found", &err), 0);
}

static char *compare(const char *a, const char *b)
{
	autoclose int wanted = path_open_dir(work_fd, a, &err);
	autoclose int found = path_open_dir(work_fd, b, &err);
	char *difference = NULL;
	int r = tree_compare(wanted, found, &difference, &err);

	if (r < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r == TREE_DIFFERENT, difference != NULL);
	return difference;
}

/* After what was done to "found", whose directories' times are mended. */
static void assert_differs(const char *expected)
{
	autofree char *difference = NULL;

	set_times("found/dir");
	set_times("found");
	difference = compare("wanted", "found");
	assert_non_null(difference);
	assert_string_equal(difference, expected);
}

test(a_copy_is_the_same)
{
	autofree char *difference = NULL;

	make_trees();
	difference = compare("wanted", "found");
	if (difference)
		fail_msg("%s", difference);
}

test(names_too_many_and_too_few_are_told)
{
	make_trees();
	write_file("found/dir/extra", "");
	assert_differs("'dir/extra': should not be there");
	make_trees();
	assert_int_equal(path_remove(work_fd, "found/dir/file", &err), 0);
	assert_differs("'dir/file': is missing");
	make_trees();
	assert_int_equal(path_make_dir(work_fd, "found/zzz", 0755, &err), 0);
	assert_differs("'zzz': should not be there");
}

test(content_size_and_targets_are_compared)
{
	make_trees();
	write_file("found/dir/file", "Content");
	assert_differs("'dir/file': has other content");
	write_file("found/dir/file", "contents");
	assert_differs("'dir/file': has 8 bytes, not 7");
	make_trees();
	assert_int_equal(path_remove(work_fd, "found/link", &err), 0);
	assert_int_equal(path_make_symlink("Target", work_fd, "found/link", &err), 0);
	set_times("found/link");
	assert_differs("'link': leads somewhere else");
}

test(modes_types_and_times_are_compared)
{
	make_trees();
	assert_int_equal(path_set_mode(work_fd, "found/dir/file", 04755, &err), 0);
	assert_differs("'dir/file': its mode is 4755, not 0644");
	make_trees();
	assert_int_equal(path_set_mode(work_fd, "found", 0700, &err), 0);
	assert_differs("'.': its mode is 0700, not 0755");
	make_trees();
	assert_int_equal(path_remove(work_fd, "found/fifo", &err), 0);
	write_file("found/fifo", "");
	assert_differs("'fifo': is a regular file, not a FIFO");
	make_trees();
	assert_int_equal(path_touch(work_fd, "found/dir/file", &err), 0);
	assert_differs("'dir/file': was modified at another time");
}

test(an_owner_is_compared)
{
	if (geteuid() != 0)
		skip();
	make_trees();
	assert_int_equal(path_set_owner(work_fd, "found/dir", 1, 2, &err), 0);
	assert_differs("'dir': its owner is 1:2, not 0:0");
}

test(what_are_names_of_one_file_must_stay_that)
{
	make_trees();
	write_file("found/two", "same");
	assert_differs("'two': is not the same file as under another name");
	make_trees();
	assert_int_equal(path_remove(work_fd, "found/three", &err), 0);
	make_link("found/one", "found/three");
	assert_differs("'three': is not the same file as under another name");
	/* A name elsewhere is of no interest. */
	make_trees();
	make_link("found/dir/file", "elsewhere");
	assert_null(compare("wanted", "found"));
}

static bool set_xattr(const char *path, const char *value)
{
	autoclose int fd = path_open(work_fd, path, PATH_OURS, O_RDONLY, &err);

	return fsetxattr(fd, "user.test", value, strlen(value), 0) == 0;
}

test(extended_attributes_are_compared)
{
	make_trees();
	if (!set_xattr("found/dir/file", "x"))
		skip();
	assert_differs("'dir/file': has an attribute 'user.test' too many");
	assert_true(set_xattr("wanted/dir/file", "y"));
	assert_differs("'dir/file': its attribute 'user.test' has another value");
	make_trees();
	assert_true(set_xattr("wanted/dir", "x"));
	assert_differs("'dir': its attribute 'user.test' is missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(a_copy_is_the_same),
		unit_with_work(names_too_many_and_too_few_are_told),
		unit_with_work(content_size_and_targets_are_compared),
		unit_with_work(modes_types_and_times_are_compared),
		unit_with_work(an_owner_is_compared),
		unit_with_work(what_are_names_of_one_file_must_stay_that),
		unit_with_work(extended_attributes_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
