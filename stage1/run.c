/* SPDX-License-Identifier: Apache-2.0 */

/* stage1 native's run entry point: from the pod's directory to a running pod (rkt 7.2). */

#include <sys/stat.h>

#include "common/log.h"
#include "stage1/pod_files.h"
#include "stage1/supervisor.h"

static int run(char **argv, struct error *err)
{
	autoclear(pod_manifest) pod = {0};
	autoclear(pod_plan) plan = {0};
	struct stage1_run args = {0};
	autoclear(buf) text = {0};
	int lock_fd;

	if (stage1_run_decode(argv + 1, &args, err) < 0)
		return err->code;
	log_set_debug(args.debug);
	lock_fd = pod_files_lock(err);
	if (lock_fd < 0 || pod_files_read(&pod, err) < 0 ||
	    pod_plan_make(&plan, &pod, &args, err) < 0)
		return err->code;
	if (args.debug) {
		pod_plan_print(&plan, &text);
		log_debug_lines(&text);
	}
	return supervisor_run(&plan, lock_fd, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	int status;

	(void)argc;
	log_set_prefix("stage1");
	umask(022);
	status = run(argv, &err);
	if (status >= 0)
		return status;
	log_error(&err);
	return 254;
}
