/* SPDX-License-Identifier: Apache-2.0 */
#include "common/path.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/file.h"
#include "common/memory.h"
#include "tests/unit/temporary.h"

/* Opens PATH and returns 0 or what went wrong. */
static int opens(const char *path, enum path_scope scope)
{
	autoclose int fd = path_open(work_fd, path, scope, O_RDONLY, &err);

	return fd < 0 ? fd : 0;
}

static void make_file(const char *path)
{
	if (file_create_at(work_fd, path, 0644, path, &err) < 0)
		fail_msg("%s", err.text);
}

static void make_link(const char *target, const char *path)
{
	if (path_make_symlink(target, work_fd, path, &err) < 0)
		fail_msg("%s", err.text);
}

static bool is_there(const char *path)
{
	struct stat st;

	return path_stat(work_fd, path, &st, &err) == 0;
}

test(our_own_files_are_below_and_behind_no_link)
{
	assert_int_equal(path_make_dir(work_fd, "d", 0755, &err), 0);
	make_file("d/a");
	make_link("d", "link");
	make_link("a", "d/last");
	assert_int_equal(opens("d/a", PATH_OURS), 0);
	assert_int_equal(opens("d/../d/a", PATH_OURS), 0);
	assert_int_equal(opens("link/a", PATH_OURS), -ELOOP);
	assert_int_equal(opens("d/last", PATH_OURS), -ELOOP);
	assert_int_equal(opens("..", PATH_OURS), -EXDEV);
	assert_int_equal(opens("/etc", PATH_OURS), -EXDEV);
}

test(within_an_image_links_resolve_within_it)
{
	assert_int_equal(path_make_dirs(work_fd, "usr/lib", 0755, &err), 0);
	make_file("usr/lib/a");
	make_link("usr/lib", "lib");
	make_link("/usr/lib/a", "absolute");
	make_link("../../../../../../usr/lib/a", "up");
	make_link("/etc/passwd", "escape");
	assert_int_equal(opens("lib/a", PATH_IMAGE), 0);
	assert_int_equal(opens("absolute", PATH_IMAGE), 0);
	assert_int_equal(opens("up", PATH_IMAGE), 0);
	assert_int_equal(opens("../../usr/lib/a", PATH_IMAGE), 0);
	assert_int_equal(opens("/usr/lib/a", PATH_IMAGE), 0);
	assert_int_equal(opens("escape", PATH_IMAGE), -ENOENT);
}

test(within_an_image_no_magic_link_resolves)
{
	autoclose int root = path_open(AT_FDCWD, "/", PATH_HOST, O_RDONLY, &err);
	autoclose int fd = -1;

	fd = path_open(root, "proc/self/cwd", PATH_IMAGE, O_RDONLY, &err);
	assert_int_equal(fd, -ELOOP);
	fd = path_open(root, "proc/self/root/etc", PATH_IMAGE, O_RDONLY, &err);
	assert_int_equal(fd, -ELOOP);
}

test(what_the_administrator_typed_resolves_as_on_the_host)
{
	make_file("a");
	make_link("a", "link");
	assert_int_equal(opens("link", PATH_HOST), 0);
	assert_int_equal(opens("/etc/passwd", PATH_HOST), 0);
	assert_int_equal(opens("..", PATH_HOST), 0);
}

test(what_is_missing_can_be_told_apart)
{
	assert_int_equal(opens("a", PATH_OURS), -ENOENT);
	assert_string_equal(err.text, "cannot open 'a': No such file or directory");
	make_file("a");
	assert_int_equal(opens("a/b", PATH_OURS), -ENOTDIR);
	assert_int_equal(path_open_dir(work_fd, "a", &err), -ENOTDIR);
}

test(descriptors_do_not_outlive_an_exec)
{
	autoclose int made = path_create(work_fd, "a", 0600, &err);
	autoclose int opened = path_open(work_fd, "a", PATH_OURS, O_RDONLY, &err);

	assert_int_equal(fcntl(made, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(opened, F_GETFD), FD_CLOEXEC);
}

test(creating_is_for_what_is_not_there)
{
	make_file("a");
	make_link("b", "link");
	assert_int_equal(path_create(work_fd, "a", 0600, &err), -EEXIST);
	assert_int_equal(path_create(work_fd, "link", 0600, &err), -EEXIST);
	assert_int_equal(path_make_dir(work_fd, "a", 0755, &err), -EEXIST);
	assert_int_equal(path_make_symlink("b", work_fd, "a", &err), -EEXIST);
	assert_int_equal(path_make_link(work_fd, "a", work_fd, "link", &err), -EEXIST);
	assert_false(is_there("b"));
}

test(directories_are_made_with_their_parents)
{
	assert_int_equal(path_make_dirs(work_fd, "a/b/c", 0755, &err), 0);
	assert_int_equal(path_make_dirs(work_fd, "a/b/c/d", 0755, &err), 0);
	assert_int_equal(path_make_dirs(work_fd, "a/b/c/d", 0755, &err), 0);
	assert_true(is_there("a/b/c/d"));
	make_file("a/file");
	assert_int_equal(path_make_dirs(work_fd, "a/file/d", 0755, &err), -ENOTDIR);
}

test(a_second_name_is_the_same_file)
{
	struct stat a, b;

	make_file("a");
	assert_int_equal(path_make_link(work_fd, "a", work_fd, "b", &err), 0);
	assert_int_equal(path_stat(work_fd, "a", &a, &err), 0);
	assert_int_equal(path_stat(work_fd, "b", &b, &err), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

test(renaming_replaces_or_refuses_as_asked)
{
	make_file("a");
	make_file("b");
	assert_int_equal(path_rename_new(work_fd, "a", work_fd, "b", &err), -EEXIST);
	assert_true(is_there("a"));
	assert_int_equal(path_rename(work_fd, "a", work_fd, "b", &err), 0);
	assert_false(is_there("a"));
	assert_int_equal(path_rename_new(work_fd, "b", work_fd, "c", &err), 0);
	assert_true(is_there("c"));
	assert_int_equal(path_make_dir(work_fd, "d", 0755, &err), 0);
	assert_int_equal(path_rename_new(work_fd, "c", work_fd, "d", &err), -EEXIST);
}

test(removing_a_tree_removes_all_and_follows_no_link)
{
	assert_int_equal(path_make_dirs(work_fd, "tree/a/b", 0755, &err), 0);
	assert_int_equal(path_make_dir(work_fd, "other", 0755, &err), 0);
	make_file("other/a");
	make_file("tree/a/file");
	make_link("../../other", "tree/a/link");
	make_link("../other/a", "tree/last");
	assert_int_equal(path_remove_tree(work_fd, "tree", &err), 0);
	assert_false(is_there("tree"));
	assert_true(is_there("other/a"));
	assert_int_equal(path_remove_tree(work_fd, "tree", &err), 0);
	make_link("other", "link");
	assert_int_equal(path_remove_tree(work_fd, "link", &err), 0);
	assert_true(is_there("other/a"));
	assert_int_equal(path_remove_tree(work_fd, "other/a", &err), 0);
	assert_false(is_there("other/a"));
}

/* Makes directories below PATH, each in the one before. */
static void make_deep(const char *path, int depth)
{
	int fd;

	assert_int_equal(path_make_dirs(work_fd, path, 0755, &err), 0);
	fd = path_open_dir(work_fd, path, &err);
	for (int i = 0; i < depth; i++) {
		int next;

		assert_int_equal(path_make_dir(fd, "d", 0755, &err), 0);
		next = path_open_dir(fd, "d", &err);
		close(fd);
		fd = next;
	}
	close(fd);
}

test(a_tree_deeper_than_there_are_descriptors_is_removed)
{
	struct rlimit many;

	make_deep("tree", 500);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, many.rlim_max}),
	                 0);
	assert_int_equal(path_remove_tree(work_fd, "tree", &err), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	assert_false(is_there("tree"));
}

/* What lies too deep is moved up first, under a name of ours. Of so many names, some are
 * still there when their turn comes, in whatever order they are listed. */
test(names_in_the_way_keep_no_tree_alive)
{
	for (int i = 0; i < 30; i++) {
		autofree char *deep = memory_format("tree/%d", i);
		autofree char *name = memory_format("tree/.removing-%d", i);

		make_deep(deep, 40);
		assert_int_equal(path_make_dir(work_fd, name, 0755, &err), 0);
	}
	assert_int_equal(path_remove_tree(work_fd, "tree", &err), 0);
	assert_false(is_there("tree"));
}

/* In a mount namespace of its own: 0 if the tree stayed, as it must; 77 if there is none. */
static int remove_with_mount(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return 77;
	/* The open directory is still one of the old namespace. */
	work_fd = path_open(AT_FDCWD, work, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	if (work_fd < 0 || fchdir(work_fd) < 0)
		return 5;
	if (mount("other", "tree/a/mount", NULL, MS_BIND, NULL) < 0)
		return 77;
	if (path_remove_tree(work_fd, "tree", &err) >= 0)
		return 1;
	if (!is_there("other/a"))
		return 2;
	/* Nor if it is itself one. */
	if (path_remove_tree(work_fd, "tree/a/mount", &err) >= 0)
		return 3;
	return is_there("other/a") ? 0 : 4;
}

test(what_is_mounted_in_a_tree_stays)
{
	int status;
	pid_t pid;

	assert_int_equal(path_make_dirs(work_fd, "tree/a/mount", 0755, &err), 0);
	assert_int_equal(path_make_dir(work_fd, "other", 0755, &err), 0);
	make_file("other/a");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(remove_with_mount());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

test(attributes_are_those_of_a_link_itself)
{
	autofree char *target = NULL;
	struct stat st;

	make_link("nowhere", "link");
	assert_int_equal(path_stat(work_fd, "link", &st, &err), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(path_read_link(work_fd, "link", &target, &err), 0);
	assert_string_equal(target, "nowhere");
	assert_int_equal(path_stat(work_fd, "nowhere", &st, &err), -ENOENT);
}

test(a_list_has_all_names_and_no_dots)
{
	autoclear(strv) names = {0};

	make_file("a");
	make_file(".b");
	assert_int_equal(path_make_dir(work_fd, "c", 0755, &err), 0);
	assert_int_equal(path_list(work_fd, ".", &names, &err), 0);
	strv_sort(&names);
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], ".b");
	assert_string_equal(names.items[2], "c");
	assert_int_equal(path_list(work_fd, "a", &names, &err), -ENOTDIR);
}

test(touching_sets_the_time_to_now)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	struct stat touched, made;

	make_file("a");
	assert_int_equal(utimensat(work_fd, "a", old, 0), 0);
	assert_int_equal(path_touch(work_fd, "a", &err), 0);
	make_file("b");
	assert_int_equal(path_stat(work_fd, "a", &touched, &err), 0);
	assert_int_equal(path_stat(work_fd, "b", &made, &err), 0);
	assert_true(touched.st_mtim.tv_sec > 1000);
	assert_true(touched.st_mtim.tv_sec <= made.st_mtim.tv_sec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(our_own_files_are_below_and_behind_no_link),
		unit_with_work(within_an_image_links_resolve_within_it),
		unit_with_work(within_an_image_no_magic_link_resolves),
		unit_with_work(what_the_administrator_typed_resolves_as_on_the_host),
		unit_with_work(what_is_missing_can_be_told_apart),
		unit_with_work(descriptors_do_not_outlive_an_exec),
		unit_with_work(creating_is_for_what_is_not_there),
		unit_with_work(directories_are_made_with_their_parents),
		unit_with_work(a_second_name_is_the_same_file),
		unit_with_work(renaming_replaces_or_refuses_as_asked),
		unit_with_work(removing_a_tree_removes_all_and_follows_no_link),
		unit_with_work(a_tree_deeper_than_there_are_descriptors_is_removed),
		unit_with_work(names_in_the_way_keep_no_tree_alive),
		unit_with_work(what_is_mounted_in_a_tree_stays),
		unit_with_work(attributes_are_those_of_a_link_itself),
		unit_with_work(a_list_has_all_names_and_no_dots),
		unit_with_work(touching_sets_the_time_to_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
