/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/wait.h"

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "common/kernel.h"
#include "common/path.h"
#include "common/process.h"

static const int64_t ns_per_second = 1000000000, ns_per_ms = 1000000;

/* A stage1 made for rkt says that it is up in a place that cannot be watched. */
static const int64_t look_again = 100 * ns_per_ms;

/* In all of these someone holds the lock. */
static const bool is_locked[] = {
	[POD_PREPARING] = true, [POD_RUNNING] = true,  [POD_EXITED_DELETING] = true,
	[POD_DELETING] = true,  [POD_GARBAGE] = false, /* the last */
};

/* flock(2) knows no time limit and wakes no poll(2): a child waits for the lock in our
 * stead, and its end is what we see. */
struct watch {
	int changes_fd; /* inotify */
	pid_t child;    /* 0: none */
	int child_fd;   /* its pidfd */
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * ns_per_second + t.tv_nsec;
}

static int watch_begin(struct watch *watch, const struct pod *pod, struct error *err)
{
	*watch = (struct watch){.child_fd = -1};
	watch->changes_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->changes_fd < 0)
		return error_errno(err, "cannot wait for changes");
	return path_watch(watch->changes_fd, pod_fd(pod),
	                  IN_MOVE_SELF | IN_DELETE_SELF | IN_MOVED_TO | IN_CREATE, err);
}

static _Noreturn void wait_for_lock(int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent && flock(fd, LOCK_SH) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int watch_lock(struct watch *watch, const struct pod *pod, struct error *err)
{
	pid_t parent = getpid();

	watch->child = fork();
	if (watch->child == 0)
		wait_for_lock(pod_fd(pod), parent);
	if (watch->child < 0) {
		watch->child = 0;
		return error_errno(err, "cannot wait for the lock");
	}
	watch->child_fd = kernel_pidfd_open(watch->child);
	return watch->child_fd < 0 ? error_errno(err, "cannot wait for the lock") : 0;
}

/* The lock that the child got is on our descriptor too. */
static void watch_drop_lock(struct watch *watch, const struct pod *pod)
{
	struct error ignored;

	if (!watch->child)
		return;
	kill(watch->child, SIGKILL);
	(void)!process_wait(watch->child, &ignored);
	if (watch->child_fd >= 0)
		close(watch->child_fd);
	lock_drop(pod_fd(pod));
	watch->child = 0;
	watch->child_fd = -1;
}

static void watch_end(struct watch *watch, const struct pod *pod)
{
	watch_drop_lock(watch, pod);
	if (watch->changes_fd >= 0)
		close(watch->changes_fd);
}

/* Forgets the changes seen: what they mean is looked at afresh. */
static void watch_drain(const struct watch *watch)
{
	char events[4096];

	while (read(watch->changes_fd, events, sizeof(events)) > 0)
		;
}

/* Waits until something happens, at most LEFT nanoseconds. */
static int watch_next(struct watch *watch, const struct pod *pod, int64_t left,
                      struct error *err)
{
	struct pollfd fds[2] = {{.fd = watch->changes_fd, .events = POLLIN}};
	struct timespec limit = {left / ns_per_second, left % ns_per_second};

	if (is_locked[pod_state(pod)] && !watch->child && watch_lock(watch, pod, err) < 0)
		return err->code;
	fds[1] = (struct pollfd){.fd = watch->child_fd, .events = POLLIN};
	if (ppoll(fds, 2, left < 0 ? NULL : &limit, NULL) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait");
	if (fds[1].revents)
		watch_drop_lock(watch, pod);
	watch_drain(watch);
	return 0;
}

bool pod_is_finished(enum pod_state state)
{
	return state != POD_PREPARING && state != POD_PREPARED && state != POD_RUNNING &&
	       state != POD_EXITED_DELETING && state != POD_DELETING;
}

enum wait_for { FOR_END, FOR_READY };

/* 1 if what is waited for is there, 0 if it may come yet. */
static int has_come(const struct pod *pod, enum wait_for what, struct error *err)
{
	enum pod_state state = pod_state(pod);

	if (what == FOR_END)
		return pod_is_finished(state);
	if (pod_is_ready(pod))
		return 1;
	if (state == POD_PREPARING || state == POD_PREPARED || state == POD_RUNNING)
		return 0;
	return error_set(err, -ESRCH, "pod \"%s\" ended before it was ready",
	                 pod_uuid(pod));
}

/* How long to wait for the next change: until DEADLINE, or less if it may go unseen. */
static int64_t next_look(const struct pod *pod, enum wait_for what, int64_t deadline)
{
	int64_t left = WAIT_FOREVER;

	if (deadline >= 0) {
		left = deadline - now();
		left = left < 0 ? 0 : left;
	}
	if (what == FOR_READY && pod_started(pod) && (left < 0 || left > look_again))
		return look_again;
	return left;
}

static int wait_until(struct pod *pod, enum wait_for what, int64_t timeout,
                      struct error *err)
{
	int64_t deadline = WAIT_FOREVER;
	struct watch watch;
	int r = watch_begin(&watch, pod, err);

	if (timeout >= 0 && __builtin_add_overflow(now(), timeout, &deadline))
		deadline = WAIT_FOREVER;
	while (r == 0) {
		r = pod_refresh(pod, err);
		if (r == 0)
			r = has_come(pod, what, err);
		if (r != 0)
			break;
		if (deadline >= 0 && now() >= deadline)
			break;
		r = watch_next(&watch, pod, next_look(pod, what, deadline), err);
	}
	watch_end(&watch, pod);
	if (r < 0)
		return r;
	return r > 0 ? WAIT_DONE : WAIT_TIMED_OUT;
}

int pod_wait_end(struct pod *pod, int64_t timeout, struct error *err)
{
	return wait_until(pod, FOR_END, timeout, err);
}

int pod_wait_ready(struct pod *pod, int64_t timeout, struct error *err)
{
	return wait_until(pod, FOR_READY, timeout, err);
}
