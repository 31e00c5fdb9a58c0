/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "common/pod/pod.h"
#include "stage0/pod/wait.h"
#include "tests/unit/pod_place.h"

/* What happens while the test waits. */
struct event {
	int fd;
	void (*happen)(int fd);
};

static void *later(void *arg)
{
	struct event *event = arg;

	event->happen(event->fd);
	return NULL;
}

static pthread_t start(struct event *event)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, later, event), 0);
	return thread;
}

static void end_it(int fd)
{
	lock_drop(fd);
}

static void come_up(int fd)
{
	struct error ignored;

	(void)!file_replace_at(fd, POD_PID, 0640, "12\n", &ignored);
}

static void be_run_and_end(int fd)
{
	struct error ignored;

	(void)!lock_wait(fd, LOCK_EXCLUSIVE, &ignored);
	(void)!path_rename(data_fd, "pods/prepared/" UUID_A, data_fd, "pods/run/" UUID_A,
	                   &ignored);
	lock_drop(fd);
}

test(a_pod_that_has_ended_is_not_waited_for)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);

	assert_int_equal(pod_wait_end(pod, WAIT_FOREVER, &err), WAIT_DONE);
	assert_int_equal(pod_wait_end(pod, 0, &err), WAIT_DONE);
}

test(the_end_of_a_pod_is_the_end_of_its_lock)
{
	autoclose int fd = make_pod("run", UUID_A);
	struct event event = {fd, end_it};
	autoptr(pod) pod = NULL;
	pthread_t thread;

	hold_lock(fd);
	pod = open_pod(UUID_A);
	thread = start(&event);
	assert_int_equal(pod_wait_end(pod, WAIT_FOREVER, &err), WAIT_DONE);
	assert_int_equal(pod_state(pod), POD_EXITED);
	pthread_join(thread, NULL);
	hold_lock(fd); /* whoever waited kept none */
}

test(a_prepared_pod_is_waited_for_until_it_has_run)
{
	autoclose int fd = make_pod("prepared", UUID_A);
	struct event event = {fd, be_run_and_end};
	autoptr(pod) pod = open_pod(UUID_A);
	pthread_t thread = start(&event);

	assert_int_equal(pod_wait_end(pod, WAIT_FOREVER, &err), WAIT_DONE);
	assert_int_equal(pod_state(pod), POD_EXITED);
	pthread_join(thread, NULL);
}

test(waiting_ends_with_its_time)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = NULL;

	hold_lock(fd);
	pod = open_pod(UUID_A);
	assert_int_equal(pod_wait_end(pod, 0, &err), WAIT_TIMED_OUT);
	assert_int_equal(pod_wait_end(pod, 1000000, &err), WAIT_TIMED_OUT);
	assert_int_equal(pod_wait_ready(pod, 1000000, &err), WAIT_TIMED_OUT);
	assert_int_equal(pod_state(pod), POD_RUNNING);
	write_file(fd, POD_PPID, "12\n");
	assert_int_equal(pod_wait_ready(pod, 1000000, &err), WAIT_TIMED_OUT);
	lock_drop(fd);
	hold_lock(fd);
}

test(a_pod_is_up_when_its_pid_appears)
{
	autoclose int fd = make_pod("run", UUID_A);
	struct event event = {fd, come_up};
	autoptr(pod) pod = NULL;
	pthread_t thread;

	hold_lock(fd);
	pod = open_pod(UUID_A);
	thread = start(&event);
	assert_int_equal(pod_wait_ready(pod, WAIT_FOREVER, &err), WAIT_DONE);
	pthread_join(thread, NULL);
}

test(a_pod_that_ends_before_it_is_up_never_will_be)
{
	autoclose int fd = make_pod("run", UUID_A);
	struct event event = {fd, end_it};
	autoptr(pod) pod = NULL;
	pthread_t thread;

	hold_lock(fd);
	pod = open_pod(UUID_A);
	thread = start(&event);
	assert_int_equal(pod_wait_ready(pod, WAIT_FOREVER, &err), -ESRCH);
	assert_string_equal(err.text, "pod \"" UUID_A "\" ended before it was ready");
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_data(a_pod_that_has_ended_is_not_waited_for),
		unit_with_data(the_end_of_a_pod_is_the_end_of_its_lock),
		unit_with_data(a_prepared_pod_is_waited_for_until_it_has_run),
		unit_with_data(waiting_ends_with_its_time),
		unit_with_data(a_pod_is_up_when_its_pid_appears),
		unit_with_data(a_pod_that_ends_before_it_is_up_never_will_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
