/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "common/pod/pod.h"
#include "tests/unit/pod_place.h"

#define STATUS_OF_ROOT  POD_STAGE1_ROOT "/" STAGE1_STATUS
#define STATUS_OF_UPPER POD_STAGE1_UPPER "/" STAGE1_STATUS

static int64_t time_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

/* Writes CONTENT where a stage1 made of links has the app's status, and reads it. */
static int status_of(const char *content)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);
	int status;

	make_dirs(fd, STATUS_OF_ROOT);
	write_file(fd, STATUS_OF_ROOT "/app", content);
	status = pod_app_status(pod, "app");
	assert_int_equal(path_remove_tree(data_fd, "pods/run/" UUID_A, &err), 0);
	return status;
}

test(an_exit_status_is_a_number_and_a_line_end_and_nothing_else)
{
	assert_int_equal(status_of("0\n"), 0);
	assert_int_equal(status_of("137\n"), 137);
	assert_int_equal(status_of("255"), 255);
	assert_int_equal(status_of(""), -1);
	assert_int_equal(status_of("\n"), -1);
	assert_int_equal(status_of("256\n"), -1);
	assert_int_equal(status_of("-1\n"), -1);
	assert_int_equal(status_of("+1\n"), -1);
	assert_int_equal(status_of(" 1\n"), -1);
	assert_int_equal(status_of("1\n\n"), -1);
	assert_int_equal(status_of("1 \n"), -1);
	assert_int_equal(status_of("0x1\n"), -1);
	assert_int_equal(status_of("4294967297\n"), -1);
	assert_int_equal(status_of("00000000000000000000000000000000000001\n"), -1);
}

test(the_status_of_a_stage1_in_an_overlay_is_read_from_its_upper_layer)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);

	make_dirs(fd, STATUS_OF_ROOT);
	write_file(fd, STATUS_OF_ROOT "/app", "1\n");
	assert_int_equal(pod_app_status(pod, "app"), 1);
	make_dirs(fd, STATUS_OF_UPPER);
	assert_int_equal(pod_app_status(pod, "app"), -1);
	write_file(fd, STATUS_OF_UPPER "/app", "2\n");
	assert_int_equal(pod_app_status(pod, "app"), 2);
	assert_true(pod_app_finished(pod, "app") > 0);
	assert_int_equal(pod_app_finished(pod, "other"), 0);
}

test(a_file_of_a_pod_that_is_a_link_or_a_fifo_is_not_read)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);
	autoclear(pod_manifest) manifest = {0};

	write_file(data_fd, "elsewhere", "7\n");
	make_dirs(fd, POD_STAGE1_ROOT "/rkt");
	assert_int_equal(path_make_symlink("../../../../..", fd, POD_STATUS, &err), 0);
	assert_int_equal(pod_app_status(pod, "elsewhere"), -1);
	assert_int_equal(path_make_symlink("../../../elsewhere", fd, POD_PID, &err), 0);
	assert_int_equal(pod_pid(pod), 0);
	assert_int_equal(pod_started(pod), 0);
	assert_int_equal(mkfifoat(fd, POD_MANIFEST, 0600), 0);
	assert_true(pod_read_manifest(pod, &manifest, &err) < 0);
	assert_string_equal(err.text,
	                    "manifest of pod '" UUID_A "': 'pod' is not a regular file");
}

test(the_pid_is_that_of_pid_or_else_of_ppid)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);

	assert_int_equal(pod_pid(pod), 0);
	write_file(fd, POD_PPID, "12\n");
	assert_int_equal(pod_pid(pod), 12);
	write_file(fd, POD_PID, "34\n");
	assert_int_equal(pod_pid(pod), 34);
	assert_int_equal(file_replace_at(fd, POD_PID, 0640, "-1\n", &err), 0);
	assert_int_equal(pod_pid(pod), 12);
	assert_int_equal(file_replace_at(fd, POD_PPID, 0640, "2147483648\n", &err), 0);
	assert_int_equal(pod_pid(pod), 0);
}

test(the_times_of_a_pod_are_those_of_its_files)
{
	autoclose int fd = make_pod("run", UUID_A), pod_file = -1, pid_file = -1;
	autoptr(pod) pod = open_pod(UUID_A);

	assert_int_equal(pod_created(pod), 0);
	assert_int_equal(pod_started(pod), 0);
	pod_file = path_create(fd, POD_MANIFEST, 0640, &err);
	pid_file = path_create(fd, POD_PPID, 0640, &err);
	assert_int_equal(pod_created(pod), time_of(pod_file));
	assert_int_equal(pod_started(pod), time_of(pid_file));
}

test(a_pod_in_preparation_has_no_time_of_creation)
{
	autoclose int fd = make_pod("prepare", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);

	write_file(fd, POD_MANIFEST, "{}");
	assert_int_equal(pod_created(pod), 0);
}

test(a_manifest_that_is_missing_or_wrong_says_whose_it_is)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);
	autoclear(pod_manifest) manifest = {0};

	assert_int_equal(pod_read_manifest(pod, &manifest, &err), -ENOENT);
	assert_string_equal(err.text, "manifest of pod '" UUID_A
	                              "': cannot open 'pod': No such file or directory");
	write_file(fd, POD_MANIFEST, "{}");
	assert_true(pod_read_manifest(pod, &manifest, &err) < 0);
	assert_non_null(strstr(err.text, "manifest of pod '" UUID_A "': ."));
}

test(a_pod_is_ready_when_it_runs_and_stage1_said_so)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = NULL;

	hold_lock(fd);
	pod = open_pod(UUID_A);
	assert_false(pod_is_ready(pod));
	write_file(fd, POD_PPID, "12\n");
	assert_false(pod_is_ready(pod));
	make_dirs(fd, POD_STAGE1_ROOT "/rkt");
	assert_int_equal(path_make_symlink("ready", fd,
	                                   POD_STAGE1_ROOT "/rkt/supervisor-status",
	                                   &err),
	                 0);
	assert_true(pod_is_ready(pod));
	assert_int_equal(path_remove(fd, POD_STAGE1_ROOT "/rkt/supervisor-status", &err),
	                 0);
	write_file(fd, POD_PID, "34\n");
	assert_true(pod_is_ready(pod));
	lock_drop(fd);
	assert_int_equal(pod_refresh(pod, &err), 0);
	assert_false(pod_is_ready(pod));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_data(
			an_exit_status_is_a_number_and_a_line_end_and_nothing_else),
		unit_with_data(
			the_status_of_a_stage1_in_an_overlay_is_read_from_its_upper_layer),
		unit_with_data(a_file_of_a_pod_that_is_a_link_or_a_fifo_is_not_read),
		unit_with_data(the_pid_is_that_of_pid_or_else_of_ppid),
		unit_with_data(the_times_of_a_pod_are_those_of_its_files),
		unit_with_data(a_pod_in_preparation_has_no_time_of_creation),
		unit_with_data(a_manifest_that_is_missing_or_wrong_says_whose_it_is),
		unit_with_data(a_pod_is_ready_when_it_runs_and_stage1_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
