/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The enter entry point: a command in a running app's place, as confined as the app itself
 * (threat class 5): the same root, namespaces, user, groups, capabilities and filter, made
 * by the same function.
 */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage1/app_spec.h"
#include "stage1/flavor.h"
#include "stage1/pod_files.h"
#include "stage1/relay.h"
#include "stage1/stage2_program.h"
#include "stage1/target.h"

struct enter {
	struct pod_manifest pod;
	struct pod_plan plan;
	struct app_plan *app;
	struct app_spec spec;
	struct stage2_program stage2;
	struct target target;
	struct relay relay;
};

/* The plan of the pod as it was started, so that the command is confined by the same. */
static int read_plan(struct enter *e, const char *app, struct error *err)
{
	autoclear(strv) words = {0};
	struct stage1_run args = {0};

	if (pod_files_read(&e->pod, err) < 0)
		return err->code;
	if (flavor.confined && target_run_args(&e->target, &words, &args, err) < 0)
		return err->code;
	args.disable_capabilities |= !flavor.confined;
	args.disable_seccomp |= !flavor.confined;
	args.disable_paths |= !flavor.confined;
	args.net = "host";
	args.interactive = false;
	if (pod_plan_make(&e->plan, &e->pod, &args, err) < 0)
		return err->code;
	for (size_t i = 0; i < e->plan.apps.count; i++)
		if (!app || strcmp(e->plan.apps.items[i].name, app) == 0)
			e->app = &e->plan.apps.items[i];
	if (!e->app || (!app && e->plan.apps.count > 1))
		return error_set(err, -ENOENT, "the pod has no app '%s'", app ? app : "");
	/* What the app was not given it has from process 1, and our caller is another. */
	return limits_complete_by(&e->app->limits, e->target.pid, err);
}

/* Puts this process, and the children it will have, where the app is. */
static int join(struct enter *e, struct error *err)
{
	autofree char *root = memory_format("/proc/%d/root", (int)e->target.pid);
	autoclose int root_fd = path_open(AT_FDCWD, root, PATH_HOST, O_PATH | O_DIRECTORY,
	                                  err);

	if (root_fd < 0)
		return err->code;
	if (setns(e->target.fd, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
	                                CLONE_NEWNET | CLONE_NEWCGROUP) < 0)
		return error_errno(err, "cannot join the pod's namespaces");
	if (path_change_root(root_fd, err) < 0)
		return err->code;
	return app_spec_make(&e->spec, &e->plan, e->app, root_fd, err);
}

/* In the child: the caller's descriptors, unless they are a terminal, which a pod must
 * never have: then a pty of the pod's own. */
static int become(struct enter *e, char **command, bool terminal, struct error *err)
{
	struct exec_spec *spec = &e->spec.spec;
	autoclear(strv) argv = {0};
	autoclose int dev_fd = -1, slave_fd = -1;

	setsid();
	if (terminal) {
		dev_fd = path_open(AT_FDCWD, "dev", PATH_OURS, O_PATH | O_DIRECTORY, err);
		if (dev_fd < 0 ||
		    terminal_make(dev_fd, spec->uid, e->relay.child_fd, &slave_fd, err) <
		            0 ||
		    terminal_take(slave_fd, true, err) < 0)
			return err->code;
	} else if (output_take(e->relay.outputs, spec->uid, err) < 0) {
		return err->code;
	}
	spec->argv = command;
	spec->report_fd = fcntl(e->relay.child_fd, F_DUPFD, 3);
	spec->filter_fd = e->plan.filter ? fcntl(e->stage2.filter_fd, F_DUPFD, 3) : -1;
	exec_spec_encode(spec, &argv);
	syscall(SYS_execveat, e->stage2.program_fd, "", strv_items(&argv),
	        strv_items(&e->spec.environment), AT_EMPTY_PATH);
	return error_errno(err, "cannot start stage2");
}

static int handle_report(void *owner, const struct report *report, struct error *err)
{
	bool *failed = owner;

	(void)err;
	if (report->kind != REPORT_FAILED)
		return 0;
	log_error(&report->error);
	*failed = true;
	return 0;
}

static int run_command(struct enter *e, char **command, struct error *err)
{
	bool terminal = isatty(STDIN_FILENO), failed = false;
	int status;

	e->relay.pid = fork();
	if (e->relay.pid < 0)
		return error_errno(err, "cannot start a process");
	if (e->relay.pid == 0) {
		if (become(e, command, terminal, err) < 0)
			log_error(err);
		_exit(254);
	}
	relay_started(&e->relay);
	status = relay_run(&e->relay, handle_report, &failed, err);
	return failed ? 254 : status;
}

static int enter(char **argv, struct error *err)
{
	static struct enter e;
	struct stage1_enter args = {0};
	autofree char *dir = NULL;

	/* What is in the pod already may not look into us on our way there. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "cannot make the process undumpable");
	if (stage1_enter_decode(argv + 1, &args, err) < 0 ||
	    target_find(&e.target, args.pid, err) < 0 || read_plan(&e, args.app, err) < 0)
		return err->code;
	if (e.plan.apps.count > 1 && target_find_app(&e.target, args.app, err) < 0)
		return err->code;
	if (stage2_program_dir(&dir, err) < 0 ||
	    stage2_program_open(&e.stage2, dir, false, err) < 0 ||
	    relay_open(&e.relay, err) < 0 || join(&e, err) < 0)
		return err->code;
	return run_command(&e, args.command, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	int status;

	(void)argc;
	log_set_prefix("enter");
	status = enter(argv, &err);
	if (status < 0)
		log_error(&err);
	/* Half in the pod by now: nothing more is run on the way out. */
	_exit(status < 0 ? 254 : status);
}
