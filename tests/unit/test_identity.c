/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/path.h"
#include "stage1/identity.h"
#include "tests/unit/unit.h"

static char dir[] = "/tmp/gantry-identity-XXXXXX";
static int root_fd = -1;

/* An image whose names are traps: a login that is all digits, a line that is cut, one that
 * has no number, and the real ones. */
static const char passwd[] = "root:x:0:0:root:/root:/bin/ash\n"
			     "1000:x:0:0:trap:/:/bin/sh\n"
			     "short:x:7\n"
			     "words:x:seven:7::/:/bin/sh\n"
			     "huge:x:4294967296:7::/:/bin/sh\n"
			     "nginx:x:101:102:nginx:/var/cache/nginx:/sbin/nologin\n";
static const char group[] = "root:x:0:\nwww:x:33:nginx\n";

static int make_image(void **state)
{
	struct error err;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	root_fd = path_open(AT_FDCWD, dir, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	return root_fd < 0 || path_make_dir(root_fd, "etc", 0755, &err) < 0 ||
	       file_create_at(root_fd, "etc/passwd", 0644, passwd, &err) < 0 ||
	       file_create_at(root_fd, "etc/group", 0644, group, &err) < 0;
}

static int remove_image(void **state)
{
	struct error err;

	(void)state;
	close(root_fd);
	return path_remove_tree(AT_FDCWD, dir, &err);
}

static void assert_ids(const char *user, const char *group_text, uid_t uid, gid_t gid)
{
	struct identity identity = {0};
	struct error err;

	assert_int_equal(identity_resolve(root_fd, user, group_text, &identity, &err), 0);
	assert_int_equal(identity.uid, uid);
	assert_int_equal(identity.gid, gid);
	identity_clear(&identity);
}

static void assert_refused(const char *user, const char *why)
{
	struct identity identity = {0};
	struct error err;

	assert_true(identity_resolve(root_fd, user, "0", &identity, &err) < 0);
	assert_string_equal(err.text, why);
	identity_clear(&identity);
}

test(digits_are_a_number_whatever_passwd_says)
{
	assert_ids("1000", "1000", 1000, 1000);
	assert_ids("0000", "007", 0, 7);
	assert_ids("4294967294", "0", 4294967294u, 0);
	assert_refused("4294967295", "user '4294967295' is larger than 4294967294");
	assert_refused("4294967296", "user '4294967296' is larger than 4294967294");
	assert_refused("99999999999999999999",
	               "user '99999999999999999999' is larger than 4294967294");
}

test(odd_forms_are_names_and_no_numbers)
{
	assert_refused("+0", "user '+0' is not in '/etc/passwd' of the image");
	assert_refused("-1", "user '-1' is not in '/etc/passwd' of the image");
	assert_refused("1e3", "user '1e3' is not in '/etc/passwd' of the image");
	assert_refused(" 0", "user ' 0' is not in '/etc/passwd' of the image");
	assert_refused("", "the user is empty");
}

test(a_name_is_looked_up_in_the_image)
{
	struct identity identity = {0};
	struct error err;

	assert_int_equal(identity_resolve(root_fd, "nginx", "www", &identity, &err), 0);
	assert_int_equal(identity.uid, 101);
	assert_int_equal(identity.gid, 33);
	assert_string_equal(identity.home, "/var/cache/nginx");
	assert_string_equal(identity.shell, "/sbin/nologin");
	identity_clear(&identity);
}

test(a_damaged_line_is_no_user)
{
	assert_refused("short", "user 'short' is not in '/etc/passwd' of the image");
	assert_refused("words", "user 'words' has no number in '/etc/passwd'");
	assert_refused("huge", "user '4294967296' is larger than 4294967294");
}

test(a_path_means_its_owner)
{
	assert_ids("/etc/passwd", "/etc/passwd", getuid(), getgid());
	assert_refused("/none",
	               "user '/none': cannot open '/none': No such file or directory");
}

test(the_path_cannot_leave_the_image)
{
	struct error err;

	assert_int_equal(path_make_symlink("../../../../../../etc", root_fd, "out", &err),
	                 0);
	/* In the image, so the image's own file, not the host's. */
	assert_ids("/out/passwd", "0", getuid(), 0);
	assert_refused("/out/hostname",
	               "user '/out/hostname': cannot open '/out/hostname': "
	               "No such file or directory");
}

test(a_database_that_is_no_file_is_refused)
{
	struct error err;

	assert_int_equal(path_rename(root_fd, "etc/passwd", root_fd, "etc/p", &err), 0);
	assert_int_equal(path_make_node(root_fd, "etc/passwd", S_IFIFO | 0644, 0, &err),
	                 0);
	assert_refused("nginx", "'/etc/passwd' of the image is not a regular file");
	assert_int_equal(path_remove(root_fd, "etc/passwd", &err), 0);
	assert_refused("nginx", "user 'nginx' is not in '/etc/passwd' of the image");
	assert_ids("root", "0", 0, 0);
	assert_int_equal(path_rename(root_fd, "etc/p", root_fd, "etc/passwd", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_a_number_whatever_passwd_says),
		cmocka_unit_test(odd_forms_are_names_and_no_numbers),
		cmocka_unit_test(a_name_is_looked_up_in_the_image),
		cmocka_unit_test(a_damaged_line_is_no_user),
		cmocka_unit_test(a_path_means_its_owner),
		cmocka_unit_test(the_path_cannot_leave_the_image),
		cmocka_unit_test(a_database_that_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_image, remove_image);
}
