/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include "tests/unit/temporary.h"

static void assert_holds(const char *path, const char *text)
{
	autoclear(buf) got = {0};

	if (file_read_at(work_fd, path, 1 << 20, &got, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(buf_string(&got), text);
}

static void assert_alone(const char *name)
{
	autoclear(strv) names = {0};

	assert_int_equal(path_list(work_fd, ".", &names, &err), 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], name);
}

test(a_file_is_created_once)
{
	struct stat st;

	assert_int_equal(file_create_at(work_fd, "a", 0600, "one", &err), 0);
	assert_holds("a", "one");
	assert_int_equal(path_stat(work_fd, "a", &st, &err), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_create_at(work_fd, "a", 0600, "two", &err), -EEXIST);
	assert_holds("a", "one");
}

test(a_file_is_replaced_whole)
{
	autoclose int reader = -1;
	autoclear(buf) old = {0};

	assert_int_equal(file_replace_at(work_fd, "a", 0644, "one", &err), 0);
	reader = path_open(work_fd, "a", PATH_OURS, O_RDONLY, &err);
	assert_int_equal(file_replace_at(work_fd, "a", 0644, "two", &err), 0);
	assert_holds("a", "two");
	assert_int_equal(file_read(reader, 100, &old, &err), 0);
	assert_string_equal(buf_string(&old), "one");
	assert_alone("a");
}

test(a_replacement_that_fails_leaves_nothing_behind)
{
	assert_int_equal(path_make_dir(work_fd, "a", 0755, &err), 0);
	assert_int_equal(file_replace_at(work_fd, "a", 0644, "one", &err), -EISDIR);
	assert_alone("a");
}

test(reading_adds_to_what_is_there)
{
	autoclear(buf) got = {0};

	buf_text(&got, "0");
	assert_int_equal(file_create_at(work_fd, "a", 0600, "1", &err), 0);
	assert_int_equal(file_read_at(work_fd, "a", 1, &got, &err), 0);
	assert_string_equal(buf_string(&got), "01");
}

test(reading_has_a_limit)
{
	autoclear(buf) got = {0};

	assert_int_equal(file_create_at(work_fd, "a", 0600, "1234", &err), 0);
	assert_int_equal(file_read_at(work_fd, "a", 4, &got, &err), 0);
	assert_int_equal(file_read_at(work_fd, "a", 3, &got, &err), -EFBIG);
	assert_string_equal(err.text, "'a': is larger than 3 bytes");
}

test(large_files_and_bytes_of_any_value_come_through)
{
	autoclear(buf) text = {0};
	autoclear(buf) got = {0};
	autoclose int fd = path_create(work_fd, "a", 0600, &err);

	for (int i = 0; i < 100000; i++)
		buf_char(&text, (char)i);
	assert_int_equal(file_write(fd, text.data, text.len, &err), 0);
	assert_int_equal(file_read_at(work_fd, "a", text.len, &got, &err), 0);
	assert_int_equal(got.len, text.len);
	assert_memory_equal(got.data, text.data, text.len);
}

test(only_a_regular_file_is_read)
{
	autoclear(buf) got = {0};

	assert_int_equal(file_read_at(work_fd, "a", 10, &got, &err), -ENOENT);
	assert_int_equal(path_make_dir(work_fd, "a", 0755, &err), 0);
	assert_int_equal(file_read_at(work_fd, "a", 10, &got, &err), -EINVAL);
	assert_int_equal(mkfifoat(work_fd, "b", 0600), 0);
	assert_int_equal(file_read_at(work_fd, "b", 10, &got, &err), -EINVAL);
	assert_string_equal(err.text, "'b' is not a regular file");
	assert_int_equal(file_create_at(work_fd, "c", 0600, "", &err), 0);
	assert_int_equal(path_make_symlink("c", work_fd, "d", &err), 0);
	assert_int_equal(file_read_at(work_fd, "d", 10, &got, &err), -ELOOP);
}

static int open_with(const char *text)
{
	int fd = file_in_memory(text, strlen(text), &err);

	assert_true(fd >= 0);
	return fd;
}

test(a_file_in_memory_is_read_from_its_beginning)
{
	autoclose int fd = open_with("some");
	autoclear(buf) got = {0};

	assert_int_equal(file_read(fd, 4, &got, &err), 0);
	assert_string_equal(buf_string(&got), "some");
}

test(files_are_the_same_by_all_their_bytes_wherever_they_stand)
{
	autoclose int a = open_with("some"), b = open_with("some");
	autoclose int other = open_with("sOme"), longer = open_with("some more");

	assert_int_equal(lseek(a, 2, SEEK_SET), 2);
	assert_int_equal(file_is_same(a, b, &err), 1);
	assert_int_equal(lseek(a, 0, SEEK_CUR), 2);
	assert_int_equal(file_is_same(a, other, &err), 0);
	assert_int_equal(file_is_same(a, longer, &err), 0);
	assert_int_equal(file_is_same(longer, a, &err), 0);
}

test(a_full_device_is_an_error)
{
	autoclose int fd = path_open(AT_FDCWD, "/dev/full", PATH_HOST, O_WRONLY, &err);

	assert_int_equal(file_write(fd, "a", 1, &err), -ENOSPC);
	assert_string_equal(err.text, "cannot write: No space left on device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(a_file_is_created_once),
		unit_with_work(a_file_is_replaced_whole),
		unit_with_work(a_replacement_that_fails_leaves_nothing_behind),
		unit_with_work(reading_adds_to_what_is_there),
		unit_with_work(reading_has_a_limit),
		unit_with_work(large_files_and_bytes_of_any_value_come_through),
		unit_with_work(only_a_regular_file_is_read),
		unit_with_work(a_file_in_memory_is_read_from_its_beginning),
		unit_with_work(files_are_the_same_by_all_their_bytes_wherever_they_stand),
		unit_with_work(a_full_device_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
