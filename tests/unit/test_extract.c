/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/import/image/entry_name.h"
#include "stage0/import/image/extract.h"
#include "stage0/import/image/inode_set.h"
#include "stage0/import/image/xattr_policy.h"
#include "tests/unit/unit.h"

test(a_name_is_cleaned_of_what_means_nothing)
{
	static const char *const cases[][2] = {
		{"rootfs/a", "rootfs/a"},
		{"./rootfs//a/", "rootfs/a"},
		{".", ""},
		{"./", ""},
		{"././/.", ""},
		{"rootfs/./.a/..b", "rootfs/.a/..b"},
		{"rootfs/...", "rootfs/..."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autofree char *clean = NULL;
		struct error err;

		assert_int_equal(entry_name_clean(cases[i][0], &clean, &err), 0);
		assert_string_equal(clean, cases[i][1]);
	}
}

test(a_name_that_could_lead_anywhere_is_refused)
{
	static const char *const cases[][2] = {
		{"", "an entry's name is empty"},
		{"/rootfs/a", "'/rootfs/a': the name is absolute"},
		{"..", "'..': the name has a '..'"},
		{"rootfs/..", "'rootfs/..': the name has a '..'"},
		{"rootfs/../a", "'rootfs/../a': the name has a '..'"},
		{"a/./..//b", "'a/./..//b': the name has a '..'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *clean = NULL;
		struct error err;

		assert_true(entry_name_clean(cases[i][0], &clean, &err) < 0);
		assert_string_equal(err.text, cases[i][1]);
		assert_null(clean);
	}
}

test(a_name_has_a_longest_length)
{
	autofree char *name = memory_zeroed(ACI_NAME_MAX + 2, 1);
	autofree char *clean = NULL;
	char *none = NULL;
	struct error err;

	memset(name, 'a', ACI_NAME_MAX);
	assert_int_equal(entry_name_clean(name, &clean, &err), 0);
	name[ACI_NAME_MAX] = 'a';
	assert_true(entry_name_clean(name, &none, &err) < 0);
	assert_non_null(strstr(err.text, "longer than 4096 bytes"));
}

test(extended_attributes_are_restored_dropped_or_refused)
{
	enum { REFUSED = -EBADMSG };
	static const struct {
		const char *name;
		bool file_or_directory;
		int verdict;
	} cases[] = {
		{"security.capability", true, XATTR_RESTORE},
		{"security.capability", false, REFUSED},
		{"security.capability2", true, REFUSED},
		{"user.a", true, XATTR_RESTORE},
		{"user.a", false, REFUSED},
		{"user.overlay.opaque", true, REFUSED},
		{"trusted.overlay.opaque", true, REFUSED},
		{"trusted.a", true, REFUSED},
		{"system.posix_acl_access", true, REFUSED},
		{"security.selinux", true, XATTR_DROP},
		{"security.selinux", false, XATTR_DROP},
		{"security.ima", true, XATTR_DROP},
		{"security.apparmor", true, REFUSED},
		{"", true, REFUSED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err;

		assert_int_equal(
			xattr_policy(cases[i].name, cases[i].file_or_directory, &err),
			cases[i].verdict);
	}
}

test(a_set_of_inodes_has_what_was_added_until_it_is_removed)
{
	autoclear(inode_set) set = {0};

	assert_false(inode_set_remove(&set, 1));
	for (uint64_t i = 1; i <= 10000; i++)
		inode_set_add(&set, i * 4096);
	for (uint64_t i = 1; i <= 10000; i += 2)
		assert_true(inode_set_remove(&set, i * 4096));
	for (uint64_t i = 1; i <= 10000; i++)
		assert_int_equal(inode_set_remove(&set, i * 4096), i % 2 == 0);
	assert_false(inode_set_remove(&set, 5));
}

static char top[] = "/tmp/gantry-extract-XXXXXX";
static int top_fd;

static int make_top(void **state)
{
	struct error err;

	(void)state;
	memset(top + sizeof(top) - 7, 'X', 6);
	if (!mkdtemp(top))
		return -1;
	top_fd = path_open(AT_FDCWD, top, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	return top_fd < 0 ? -1 : 0;
}

static int remove_top(void **state)
{
	struct error err;

	(void)state;
	close(top_fd);
	return path_remove_tree(AT_FDCWD, top, &err);
}

static bool is_there(const char *name)
{
	struct stat st;
	struct error err;

	return path_stat(top_fd, name, &st, &err) == 0;
}

test(a_whitelist_keeps_what_it_names_and_the_way_there)
{
	static const char *const directories[] = {"rootfs/a/b/c", "rootfs/empty",
	                                          "rootfs/kept", "rootfs/none/deep"};
	static const char *const files[] = {"rootfs/a/b/c/file", "rootfs/a/b/c/other",
	                                    "rootfs/a/x",        "rootfs/none/deep/file",
	                                    "rootfs/kept/file",  "rootfs/-"};
	static const struct timespec times[2] = {{1000, 5}, {2000, 7}};
	static char *list[] = {"/a//b/../b/c/file", "/kept/", "/not-there", "-", NULL};
	const struct strv whitelist = {list, 4};
	int64_t size = 60;
	struct stat st;
	struct error err;

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		assert_int_equal(path_make_dirs(top_fd, directories[i], 0755, &err), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert_int_equal(
			file_create_at(top_fd, files[i], 0644, "0123456789", &err), 0);
	assert_int_equal(path_make_link(top_fd, "rootfs/a/x", top_fd, "rootfs/-2", &err),
	                 0);
	assert_int_equal(path_make_symlink("/etc", top_fd, "rootfs/a/etc", &err), 0);
	assert_int_equal(path_set_times(top_fd, "rootfs/a/b", times, &err), 0);
	assert_int_equal(path_set_times(top_fd, "rootfs/a", times, &err), 0);

	assert_int_equal(extract_prune(top_fd, &whitelist, &size, &err), 0);
	assert_true(is_there("rootfs/a/b/c/file"));
	assert_true(is_there("rootfs/kept"));
	assert_true(is_there("rootfs/-"));
	assert_false(is_there("rootfs/-2"));
	assert_false(is_there("rootfs/kept/file"));
	assert_false(is_there("rootfs/a/b/c/other"));
	assert_false(is_there("rootfs/a/x"));
	assert_false(is_there("rootfs/a/etc"));
	assert_false(is_there("rootfs/empty"));
	assert_false(is_there("rootfs/none"));
	assert_int_equal(size, 20);
	assert_int_equal(path_stat(top_fd, "rootfs/a", &st, &err), 0);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_cleaned_of_what_means_nothing),
		cmocka_unit_test(a_name_that_could_lead_anywhere_is_refused),
		cmocka_unit_test(a_name_has_a_longest_length),
		cmocka_unit_test(extended_attributes_are_restored_dropped_or_refused),
		cmocka_unit_test(a_set_of_inodes_has_what_was_added_until_it_is_removed),
		cmocka_unit_test_setup_teardown(
			a_whitelist_keeps_what_it_names_and_the_way_there, make_top,
			remove_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
