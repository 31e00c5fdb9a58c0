/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/supervisor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "common/report.h"
#include "stage1/init.h"
#include "stage1/relay.h"

struct supervisor {
	const struct pod_plan *plan;
	struct relay relay;
	int status;  /* of the first app to fail; 0 while none has */
	bool failed; /* the pod could not be set up, and the user has been told */
};

static int make_specs(const struct pod_plan *plan, struct app_spec *specs,
                      struct error *err)
{
	for (size_t i = 0; i < plan->apps.count; i++) {
		const struct app_plan *app = &plan->apps.items[i];
		autoclose int root_fd = path_open(AT_FDCWD, app->root, PATH_OURS,
		                                  O_PATH | O_DIRECTORY, err);

		if (root_fd < 0 || app_spec_make(&specs[i], plan, app, root_fd, err) < 0)
			return error_wrap(err, "app '%s'", app->name);
	}
	return 0;
}

/* Process 1 keeps no descriptor that leads back to the host. */
static int start_init(struct supervisor *s, struct init *init, int lock_fd,
                      struct error *err)
{
	struct clone_args args = {.flags = s->plan->namespaces, .exit_signal = SIGCHLD};
	autofree char *dir = NULL;

	if (stage2_program_dir(&dir, err) < 0)
		return err->code;
	init->stage2_dir = dir;
	s->relay.pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (s->relay.pid < 0)
		return error_errno(err, "cannot make the pod's namespaces");
	if (s->relay.pid == 0) {
		close(lock_fd);
		close(s->relay.report_fd);
		close(s->relay.signal_fd);
		_exit(init_run(init));
	}
	relay_started(&s->relay);
	return 0;
}

/* Writes the report's number to the file in DIR that has the app's name. */
static int write_number(const struct supervisor *s, const char *dir,
                        const struct report *report, struct error *err)
{
	autofree char *path = memory_format("%s/%s", dir,
	                                    s->plan->apps.items[report->app].name);
	char text[16];

	snprintf(text, sizeof(text), "%d\n", report->number);
	return file_create_at(AT_FDCWD, path, 0644, text, err);
}

static int handle_report(void *owner, const struct report *report, struct error *err)
{
	struct supervisor *s = owner;
	char text[16];

	if (report->app >= (int)s->plan->apps.count)
		return 0;
	switch (report->kind) {
	case REPORT_TERMINAL:
		return 0;
	case REPORT_UP:
		snprintf(text, sizeof(text), "%d\n", (int)s->relay.pid);
		return file_replace_at(AT_FDCWD, POD_PID, 0644, text, err);
	case REPORT_FAILED:
		*err = report->error;
		if (report->app >= 0)
			(void)!error_wrap(err, "app '%s'",
			                  s->plan->apps.items[report->app].name);
		s->failed = true;
		log_error(err);
		return 0;
	case REPORT_STARTED:
		return write_number(s, POD_APP_PIDS, report, err);
	case REPORT_STATUS:
		if (report->number && !s->status)
			s->status = report->number;
		/* A full disk is no reason to end the apps that still run. */
		if (write_number(s, POD_STATUS, report, err) < 0)
			log_error(err);
		return 0;
	}
	return 0;
}

static int run_with(const struct pod_plan *plan, struct app_spec *specs, int lock_fd,
                    struct error *err)
{
	struct supervisor s = {.plan = plan};
	struct init init = {.plan = plan, .specs = specs};
	int status;

	if (make_specs(plan, specs, err) < 0 || relay_open(&s.relay, err) < 0)
		return err->code;
	init.report_fd = s.relay.child_fd;
	init.outputs = s.relay.outputs;
	if (start_init(&s, &init, lock_fd, err) < 0)
		return err->code;
	status = relay_run(&s.relay, handle_report, &s, err);
	if (status < 0 || s.failed)
		return status < 0 ? status : 254;
	return s.status ? s.status : status;
}

int supervisor_run(const struct pod_plan *plan, int lock_fd, struct error *err)
{
	autofree struct app_spec *specs = memory_zeroed(plan->apps.count, sizeof(*specs));
	int status = run_with(plan, specs, lock_fd, err);

	for (size_t i = 0; i < plan->apps.count; i++)
		app_spec_clear(&specs[i]);
	return status;
}
