/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/memory.h"
#include "stage1/mount_target.h"
#include "tests/unit/temporary.h"

/* Opens PATH in the root "root" of the work directory, whose ground is GROUND. */
static int open_on(const char *path, bool directory, enum ground ground)
{
	autoclear(grounds) grounds = {0};
	struct mount_target target = {
		.path = path, .directory = directory, .image = true};
	int fd;

	target.root_fd = path_open_dir(work_fd, "root", &err);
	assert_true(target.root_fd >= 0);
	assert_int_equal(grounds_add(&grounds, target.root_fd, ground, &err), 0);
	fd = mount_target_open(&target, &grounds, &err);
	close(target.root_fd);
	return fd;
}

static void make_root(void)
{
	assert_int_equal(path_make_dirs(work_fd, "root/dir/sub", 0755, &err), 0);
	assert_int_equal(path_make_dir(work_fd, "outside", 0755, &err), 0);
}

static void link_to(const char *target)
{
	struct error ignored;

	(void)!path_remove(work_fd, "root/link", &ignored);
	assert_int_equal(path_make_symlink(target, work_fd, "root/link", &err), 0);
}

static void assert_leads(const char *path, bool directory, const char *to)
{
	autoclose int fd = open_on(path, directory, GROUND_OURS);
	struct stat found, wanted;

	if (fd < 0)
		fail_msg("%s: %s", path, err.text);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(path_stat(work_fd, to, &wanted, &err), 0);
	assert_int_equal(found.st_ino, wanted.st_ino);
}

static void assert_refused(const char *path, bool directory, enum ground ground,
                           const char *why)
{
	assert_true(open_on(path, directory, ground) < 0);
	assert_string_equal(err.text, why);
}

/* ACE-31, ACE-36 */
test(what_is_missing_is_made)
{
	struct stat st;
	mode_t before = umask(0);

	make_root();
	assert_leads("a/b/c", true, "root/a/b/c");
	assert_leads("a/f/file", false, "root/a/f/file");
	assert_int_equal(path_stat(work_fd, "root/a/b/c", &st, &err), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(path_stat(work_fd, "root/a/f/file", &st, &err), 0);
	assert_true(S_ISREG(st.st_mode));
	umask(before);
}

/* ACE-37 */
test(nothing_is_made_on_the_hosts_ground)
{
	make_root();
	assert_refused("dir/new", true, GROUND_HOST,
	               "'new' is not there, and nothing is made on the host");
	assert_refused("dir/new", false, GROUND_HOST,
	               "'new' is not there, and nothing is made on the host");
}

test(nothing_is_mounted_where_the_host_would_see_it)
{
	make_root();
	assert_refused("dir", true, GROUND_SHARED,
	               "lies on a recursive volume of the host's: what is mounted there "
	               "is mounted on the host too");
}

test(links_lead_on_within_the_root)
{
	autofree char *outside = memory_format("%s/outside", work);
	autofree char *inside = memory_format("root/%s", outside);

	make_root();
	link_to("/dir");
	assert_leads("link/sub", true, "root/dir/sub");
	assert_leads("link", true, "root/dir");
	assert_int_equal(path_make_symlink("/dir/sub", work_fd, "root/dir/up", &err), 0);
	assert_leads("dir/up", true, "root/dir/sub");
	link_to("../../../dir/../dir/./sub");
	assert_leads("link", true, "root/dir/sub");
	link_to("../outside");
	assert_leads("link", true, "root/outside");
	link_to(outside);
	assert_leads("link", true, inside);
	link_to("new/file");
	assert_leads("link", false, "root/new/file");
}

test(links_that_lead_astray_are_refused)
{
	static const struct {
		const char *link, *why;
	} rows[] = {
		{"link", "too many symbolic links"},
		{"/", "leads to the root: it would be hidden"},
		{"dir/sub/../..", "leads to the root: it would be hidden"},
		{"../../..", "leads to the root: it would be hidden"},
		{"dir/../proc/self", "leads to '/proc', which is the kernel's"},
		{"../../sys", "leads to '/sys', which is the kernel's"},
		{"/dev/x", "leads to '/dev', which is the kernel's"},
	};

	make_root();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		link_to(rows[i].link);
		assert_refused("link", true, GROUND_OURS, rows[i].why);
	}
}

test(a_target_is_of_the_volumes_kind)
{
	autoclose int fd = -1;

	make_root();
	fd = path_create(work_fd, "root/file", 0644, &err);
	assert_true(fd >= 0);
	assert_refused("file", true, GROUND_OURS, "'file' is no directory");
	assert_refused("file/x", true, GROUND_OURS, "'file' is no directory");
	assert_refused("dir", false, GROUND_OURS,
	               "'dir' is a directory, the volume is a file");
	assert_leads("file", false, "root/file");
}

/* Exchanges a directory for a link that leads out, until it is killed. */
static pid_t start_swapping(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		if (path_exchange(work_fd, "root/a", work_fd, "root/b", &err) < 0)
			_exit(1);
}

/* Threat class 1: another pod may swap entries of a volume while we walk over it. */
test(nothing_is_made_outside_of_the_root_while_entries_are_swapped)
{
	autofree char *out = memory_format("%s/outside", work);
	autoclear(strv) names = {0};
	unsigned made = 0;
	pid_t pid;

	make_root();
	assert_int_equal(path_make_dir(work_fd, "root/a", 0755, &err), 0);
	assert_int_equal(path_make_symlink("../../outside", work_fd, "root/b", &err), 0);
	assert_int_equal(path_make_symlink(out, work_fd, "root/a/link", &err), 0);
	pid = start_swapping();
	assert_true(pid > 0);
	for (unsigned i = 0; i < 3000; i++) {
		autofree char *path = memory_format("a/%s%u/in",
		                                    i % 2 ? "" : "../b/link/", i);
		autoclose int fd = open_on(path, true, GROUND_OURS);

		made += fd >= 0;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(made > 0);
	assert_int_equal(path_list(work_fd, "outside", &names, &err), 0);
	assert_int_equal(names.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(what_is_missing_is_made),
		unit_with_work(nothing_is_made_on_the_hosts_ground),
		unit_with_work(nothing_is_mounted_where_the_host_would_see_it),
		unit_with_work(links_lead_on_within_the_root),
		unit_with_work(links_that_lead_astray_are_refused),
		unit_with_work(a_target_is_of_the_volumes_kind),
		unit_with_work(
			nothing_is_made_outside_of_the_root_while_entries_are_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
