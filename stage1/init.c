/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "common/process.h"
#include "stage1/mount_apply.h"
#include "stage1/network.h"
#include "stage1/report_socket.h"
#include "stage1/signals.h"
#include "stage1/terminal.h"

enum {
	GRACE_SECONDS = 90, /* from the stop signal to SIGKILL, as rkt's systemd had it */
	APP_UMASK = 022,
	START_STACK = 64 << 10, /* of an app until it has become stage2 */
};

/* A running app; its place in the array is its index in the plan. */
struct child {
	pid_t pid; /* 0 when it has ended */
};

struct state {
	const struct init *init;
	struct child *children;
	size_t running;
	int stop_signal; /* 0 while nobody has asked the pod to stop */
	bool killed;     /* what was still there has been sent SIGKILL */
	struct timespec kill_at;
};

/* When the supervisor is gone there is nobody to tell, and process 1 goes too. */
static void tell(const struct init *init, const struct report *report)
{
	struct error ignored;

	(void)!report_send(init->report_fd, report, -1, &ignored);
}

/* The pod goes with its supervisor, also when that was killed before we could ask for it. */
static int tie_to_supervisor(const struct init *init, struct error *err)
{
	struct pollfd end = {.fd = init->report_fd};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "cannot tie process 1 to its supervisor");
	if (poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR)))
		return error_set(err, -ECANCELED, "the supervisor is gone");
	/* Out of the caller's terminal session: it would signal us beside the supervisor. */
	setsid();
	return 0;
}

static int set_up_namespaces(const struct pod_plan *plan, struct error *err)
{
	if (sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return error_errno(err, "cannot set host name '%s'", plan->hostname);
	return plan->own_network ? network_loopback_up(err) : 0;
}

/* What an app's start needs, and what came of it: the child runs in our memory. */
struct start {
	const struct init *init;
	size_t app;
	bool own_root; /* the root is set up in the child, not by process 1 */
	int dev_fd;    /* /dev, unless OWN_ROOT */
	bool failed;   /* with ERROR */
	struct error error;
};

static int enter_root(const struct init *init, size_t app, int *dev_fd, struct error *err)
{
	const struct app_plan *plan = &init->plan->apps.items[app];
	const char *shared = init->plan->apps.count > 1 ? POD_SHARED : NULL;

	return mount_plan_apply(&plan->mounts, plan->root, shared, &init->volumes[app],
	                        dev_fd, err);
}

/* Descriptors 0, 1 and 2: a terminal of its own, or nothing to read, and the pipes. */
static int take_streams(const struct init *init, uid_t user, int dev_fd,
                        struct error *err)
{
	autoclose int fd = -1;

	if (init->plan->interactive) {
		if (terminal_make(dev_fd, user, init->report_fd, &fd, err) < 0 ||
		    mount_console(dev_fd, fd, err) < 0)
			return err->code;
		return terminal_take(fd, false, err);
	}
	fd = path_open(dev_fd, "null", PATH_OURS, O_RDWR, err);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return error_errno(err, "cannot take /dev/null");
	return output_take(init->outputs, user, err);
}

/* In /proc as we have just mounted it; nobody else has run here yet (threat class 2). */
static int set_oom_score(const struct app_plan *plan, struct error *err)
{
	autoclose int fd = -1;
	char text[16];

	if (!plan->has_oom_score_adj)
		return 0;
	fd = path_open(AT_FDCWD, "proc/self/oom_score_adj", PATH_IMAGE, O_WRONLY, err);
	if (fd < 0)
		return err->code;
	snprintf(text, sizeof(text), "%d", plan->oom_score_adj);
	if (file_write(fd, text, strlen(text), err) < 0)
		return error_wrap(err, "cannot set oom_score_adj to %s", text);
	return 0;
}

/* Becomes stage2. Returns only to fail. */
static int become_stage2(struct start *start, struct error *err)
{
	const struct init *init = start->init;
	const struct app_spec *spec = &init->specs[start->app];
	struct exec_spec exec = spec->spec;
	autoclear(strv) argv = {0};

	setsid();
	if (start->own_root && enter_root(init, start->app, &start->dev_fd, err) < 0)
		return err->code;
	if (take_streams(init, exec.uid, start->dev_fd, err) < 0 ||
	    set_oom_score(&init->plan->apps.items[start->app], err) < 0)
		return err->code;
	umask(APP_UMASK);
	exec.app = (int)start->app;
	exec.report_fd = fcntl(init->report_fd, F_DUPFD, 3);
	exec.filter_fd = init->plan->filter ? fcntl(init->stage2.filter_fd, F_DUPFD, 3)
	                                    : -1;
	exec_spec_encode(&exec, &argv);
	syscall(SYS_execveat, init->stage2.program_fd, "", strv_items(&argv),
	        strv_items(&spec->environment), AT_EMPTY_PATH);
	return error_errno(err, "cannot start stage2");
}

/* The child, on a stack of its own in the parent's memory, which waits for the exec. */
static int start_child(void *data)
{
	struct start *start = data;

	start->failed = become_stage2(start, &start->error) < 0;
	return 254;
}

static int start_app(struct state *state, size_t app, bool own_root, int dev_fd,
                     struct error *err)
{
	struct start start = {state->init, app, own_root, dev_fd, false, {0}};
	autofree char *stack = memory_zeroed(START_STACK, 1);
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD | (own_root ? CLONE_NEWNS : 0);
	pid_t pid = clone(start_child, stack + START_STACK, flags, &start);

	if (pid < 0)
		return error_errno(err, "cannot start a process");
	state->children[app].pid = pid;
	state->running++;
	if (start.failed) {
		*err = start.error;
		return error_wrap(err, "app '%s'",
		                  state->init->plan->apps.items[app].name);
	}
	return 0;
}

/* One app shares its root with process 1; several have each a mount namespace of their own,
 * and process 1 keeps to what they share. */
static int start_apps(struct state *state, struct error *err)
{
	const struct init *init = state->init;
	autoclose int dev_fd = -1, shared_fd = -1;

	if (init->plan->apps.count == 1) {
		if (enter_root(init, 0, &dev_fd, err) < 0)
			return error_wrap(err, "app '%s'",
			                  init->plan->apps.items[0].name);
		return start_app(state, 0, false, dev_fd, err);
	}
	if (path_make_dir(AT_FDCWD, POD_SHARED, 0755, err) < 0 ||
	    path_make_dir(AT_FDCWD, POD_APP_PIDS, 0755, err) < 0 ||
	    mount_shared_make(POD_SHARED, err) < 0)
		return error_wrap(err, "what the apps share");
	for (size_t i = 0; i < init->plan->apps.count; i++) {
		struct report report = {.kind = REPORT_STARTED, .app = (int)i};

		if (start_app(state, i, true, -1, err) < 0)
			return err->code;
		report.number = state->children[i].pid;
		tell(init, &report);
	}
	shared_fd = path_open(AT_FDCWD, POD_SHARED, PATH_OURS, O_PATH | O_DIRECTORY, err);
	return shared_fd < 0 ? err->code : mount_pivot(shared_fd, err);
}

static void signal_apps(struct state *state, int signal)
{
	for (size_t i = 0; i < state->init->plan->apps.count; i++)
		if (state->children[i].pid)
			kill(state->children[i].pid, signal);
}

static void kill_all(struct state *state)
{
	state->killed = true;
	kill(-1, SIGKILL);
}

/* The first request stops the apps, a second one kills all there is. */
static void stop(struct state *state, int signal)
{
	if (state->stop_signal) {
		kill_all(state);
		return;
	}
	state->stop_signal = signal;
	clock_gettime(CLOCK_MONOTONIC, &state->kill_at);
	state->kill_at.tv_sec += GRACE_SECONDS;
	signal_apps(state, signal);
}

/* An app that was running when the stop began has ended well, whatever it exits with, or if
 * it is by the very signal it was stopped with (rkt 7.6). */
static int app_status(const struct state *state, int wait_status)
{
	if (state->stop_signal &&
	    (WIFEXITED(wait_status) || WTERMSIG(wait_status) == state->stop_signal))
		return 0;
	return process_exit_status(wait_status);
}

static void reap(struct state *state)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		for (size_t i = 0; i < state->init->plan->apps.count; i++) {
			struct report report = {.kind = REPORT_STATUS, .app = (int)i};

			if (state->children[i].pid != pid)
				continue;
			state->children[i].pid = 0;
			state->running--;
			report.number = app_status(state, wait_status);
			tell(state->init, &report);
			if (report.number != 0 && !state->stop_signal)
				stop(state, SIGTERM);
		}
	}
}

/* The next signal, or 0 when the grace period is over. */
static int next_signal(const struct state *state, const sigset_t *signals)
{
	struct timespec left = {0}, now;
	int signal;

	if (!state->stop_signal || state->killed)
		return sigwaitinfo(signals, NULL);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (state->kill_at.tv_sec > now.tv_sec)
		left.tv_sec = state->kill_at.tv_sec - now.tv_sec;
	signal = sigtimedwait(signals, NULL, &left);
	return signal < 0 && errno == EAGAIN ? 0 : signal;
}

static void look_after(struct state *state)
{
	sigset_t signals;

	signals_watched(&signals);
	while (state->running) {
		int signal = next_signal(state, &signals);

		if (signal == 0)
			kill_all(state);
		else if (signal == SIGCHLD)
			reap(state);
		else if (signal > 0 && signals_stop(signal))
			stop(state, signal);
		else if (signal > 0)
			signal_apps(state, signal);
	}
}

/* While the host's paths can be seen, and what is mounted there is still the host's. */
static int open_volumes(struct init *init, struct error *err)
{
	init->volumes = memory_zeroed(init->plan->apps.count, sizeof(*init->volumes));
	for (size_t i = 0; i < init->plan->apps.count; i++) {
		const struct app_plan *app = &init->plan->apps.items[i];

		if (volume_mounts_open(&init->volumes[i], &app->mounts.volumes, true,
		                       err) < 0)
			return error_wrap(err, "app '%s'", app->name);
	}
	return 0;
}

static void close_volumes(struct init *init)
{
	for (size_t i = 0; i < init->plan->apps.count; i++)
		volume_mounts_clear(&init->volumes[i]);
	free(init->volumes);
}

int init_run(struct init *init)
{
	struct state state = {.init = init};
	struct report report = {.kind = REPORT_FAILED, .app = -1};

	/* What we make in the pod has the modes we say. */
	umask(0);
	state.children = memory_zeroed(init->plan->apps.count, sizeof(*state.children));
	if (tie_to_supervisor(init, &report.error) < 0 ||
	    open_volumes(init, &report.error) < 0 ||
	    mount_keep_from_host(&report.error) < 0 ||
	    set_up_namespaces(init->plan, &report.error) < 0 ||
	    stage2_program_open(&init->stage2, init->stage2_dir, true, &report.error) <
	            0 ||
	    start_apps(&state, &report.error) < 0) {
		tell(init, &report);
		return 254;
	}
	close(init->stage2.program_fd);
	close(init->stage2.filter_fd);
	close_volumes(init);
	report.kind = REPORT_UP;
	tell(init, &report);
	look_after(&state);
	return 0;
}
