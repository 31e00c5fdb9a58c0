/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/xattr.h>

#include "common/file.h"
#include "common/memory.h"
#include "stage0/store/tree_copy.h"
#include "tests/unit/temporary.h"

static const struct timespec times[2] = {{1000, 1}, {2000, 123456789}};

static void make_file(const char *path, const char *text)
{
	assert_int_equal(file_create_at(work_fd, path, 0644, text, &err), 0);
}

static void make_dir(const char *path)
{
	assert_int_equal(path_make_dir(work_fd, path, 0755, &err), 0);
}

static void copy(void)
{
	if (tree_copy(work_fd, "from", work_fd, "to", &err) < 0)
		fail_msg("%s", err.text);
}

static struct stat look(const char *path)
{
	struct stat st;

	assert_int_equal(path_stat(work_fd, path, &st, &err), 0);
	return st;
}

/* That from/PATH and to/PATH are alike, and two files. */
static void assert_copied(const char *path)
{
	autofree char *from = memory_format("from/%s", path);
	autofree char *to = memory_format("to/%s", path);
	struct stat a = look(from), b = look(to);

	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_uid, b.st_uid);
	assert_int_equal(a.st_gid, b.st_gid);
	assert_int_equal(a.st_rdev, b.st_rdev);
	assert_int_equal(a.st_nlink, b.st_nlink);
	assert_int_equal(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
	assert_int_equal(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
	assert_int_not_equal(a.st_ino, b.st_ino);
	if (!S_ISDIR(a.st_mode))
		assert_int_equal(a.st_size, b.st_size);
}

static void assert_text(const char *path, const char *text)
{
	autoclear(buf) found = {0};

	assert_int_equal(file_read_at(work_fd, path, 1 << 20, &found, &err), 0);
	assert_string_equal(buf_string(&found), text);
}

test(files_directories_links_and_fifos_are_what_they_were)
{
	static const char *const paths[] = {
		"dir/sub/file", "dir/link", "dir/fifo", "empty", "dir/sub", "dir", "."};
	autofree char *target = NULL;

	make_dir("from");
	make_dir("from/dir");
	make_dir("from/dir/sub");
	make_file("from/dir/sub/file", "content");
	make_file("from/empty", "");
	assert_int_equal(path_make_symlink("/etc/passwd", work_fd, "from/dir/link", &err),
	                 0);
	assert_int_equal(
		path_make_node(work_fd, "from/dir/fifo", S_IFIFO | 0600, 0, &err), 0);
	assert_int_equal(path_set_mode(work_fd, "from/dir/sub/file", 04751, &err), 0);
	assert_int_equal(path_set_mode(work_fd, "from/dir/fifo", 0622, &err), 0);
	assert_int_equal(path_set_mode(work_fd, "from/dir", 01777, &err), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		autofree char *path = memory_format("from/%s", paths[i]);

		assert_int_equal(path_set_times(work_fd, path, times, &err), 0);
	}
	copy();
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_copied(paths[i]);
	assert_text("to/dir/sub/file", "content");
	assert_int_equal(path_read_link(work_fd, "to/dir/link", &target, &err), 0);
	assert_string_equal(target, "/etc/passwd");
}

test(names_of_one_file_are_that_in_the_copy_and_it_is_another_file)
{
	make_dir("from");
	make_dir("from/dir");
	make_file("from/one", "content");
	make_file("outside", "content");
	assert_int_equal(
		path_make_link(work_fd, "from/one", work_fd, "from/dir/two", &err), 0);
	/* One of its names is in no tree of ours. */
	assert_int_equal(path_make_link(work_fd, "outside", work_fd, "from/other", &err),
	                 0);
	copy();
	assert_copied("one");
	assert_int_equal(look("to/one").st_ino, look("to/dir/two").st_ino);
	assert_int_equal(look("to/other").st_nlink, 1);
	assert_text("to/other", "content");
}

test(many_files_with_several_names_are_told_apart)
{
	enum { COUNT = 3000 };
	char a[32], b[32];

	make_dir("from");
	for (int i = 0; i < COUNT; i++) {
		snprintf(a, sizeof(a), "from/a-%d", i);
		snprintf(b, sizeof(b), "from/b-%d", i);
		make_file(a, a);
		assert_int_equal(path_make_link(work_fd, a, work_fd, b, &err), 0);
	}
	copy();
	for (int i = 0; i < COUNT; i++) {
		snprintf(a, sizeof(a), "to/a-%d", i);
		snprintf(b, sizeof(b), "to/b-%d", i);
		assert_int_equal(look(a).st_ino, look(b).st_ino);
		assert_int_equal(look(a).st_nlink, 2);
		snprintf(b, sizeof(b), "from/a-%d", i);
		assert_text(a, b);
	}
}

test(holes_and_content_after_them_are_kept)
{
	enum { HOLE = 8 << 20 };
	autoclose int fd = -1, copied = -1;
	char text[4] = "";

	make_dir("from");
	fd = path_create(work_fd, "from/file", 0644, &err);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "abc", 3, HOLE), 3);
	assert_int_equal(ftruncate(fd, 2 * HOLE), 0);
	copy();
	copied = path_open(work_fd, "to/file", PATH_OURS, O_RDONLY, &err);
	assert_true(copied >= 0);
	assert_int_equal(pread(copied, text, 3, HOLE), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(look("to/file").st_size, 2 * HOLE);
	assert_true(look("to/file").st_blocks * 512 < HOLE);
}

test(attributes_of_images_are_copied)
{
	autoclose int fd = -1, copied = -1;
	char value[8] = "";

	make_dir("from");
	make_file("from/file", "");
	fd = path_open(work_fd, "from/file", PATH_OURS, O_RDONLY, &err);
	if (fsetxattr(fd, "user.test", "value", 5, 0) < 0)
		skip();
	copy();
	copied = path_open(work_fd, "to/file", PATH_OURS, O_RDONLY, &err);
	assert_int_equal(fgetxattr(copied, "user.test", value, sizeof(value)), 5);
	assert_string_equal(value, "value");
}

test(a_tree_deeper_than_there_are_descriptors_is_copied)
{
	enum { DEPTH = 1500 };
	autoclear(buf) path = {0};

	buf_text(&path, "from");
	for (int i = 0; i < DEPTH; i++) {
		make_dir(buf_string(&path));
		buf_text(&path, "/d");
	}
	make_file(buf_string(&path), "deep");
	copy();
	memcpy(path.data, "to//", 4);
	assert_text(buf_string(&path), "deep");
}

test(what_is_there_is_not_written_to)
{
	make_dir("from");
	make_dir("to");
	assert_int_equal(tree_copy(work_fd, "from", work_fd, "to", &err), -EEXIST);
	assert_int_equal(tree_copy(work_fd, "none", work_fd, "other", &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(files_directories_links_and_fifos_are_what_they_were),
		unit_with_work(
			names_of_one_file_are_that_in_the_copy_and_it_is_another_file),
		unit_with_work(many_files_with_several_names_are_told_apart),
		unit_with_work(holes_and_content_after_them_are_kept),
		unit_with_work(attributes_of_images_are_copied),
		unit_with_work(a_tree_deeper_than_there_are_descriptors_is_copied),
		unit_with_work(what_is_there_is_not_written_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
