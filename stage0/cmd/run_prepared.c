/* SPDX-License-Identifier: Apache-2.0 */
#include "common/lock.h"
#include "common/memory.h"
#include "common/pod/pod_mounts.h"
#include "stage0/command.h"
#include "stage0/pod/assemble.h"
#include "stage0/pod/launch.h"
#include "stage0/pod/pods.h"
#include "stage0/pod/served.h"

/* Takes the pod's lock, and looks again: another run-prepared may have been first. */
static int take_pod(struct pod *pod, struct error *err)
{
	if (pod_state(pod) == POD_PREPARED) {
		int r = pod_lock(pod, false, err);

		if (r < 0 || pod_refresh(pod, err) < 0)
			return err->code;
		if (r == LOCK_TAKEN && pod_state(pod) == POD_PREPARED)
			return 0;
	}
	return error_set(err, -EBUSY, "pod \"%s\" is not prepared", pod_uuid(pod));
}

/* The images were judged when the pod was prepared. */
static int check_pod(const struct pod *pod, struct strv *shared, struct error *err)
{
	autoclear(pod_manifest) manifest = {0};

	if (pod_read_manifest(pod, &manifest, err) < 0)
		return err->code;
	if (pod_asked.interactive && manifest.apps.count > 1)
		return error_set(err, -EINVAL,
		                 "interactive option only supports pods "
		                 "with one app");
	pod_mounts_shared(&manifest, shared);
	return served_pod(&manifest, NULL, err);
}

static int run_prepared(struct host *host, int argc, char **argv, struct error *err)
{
	autoptr(pod) pod = NULL;
	autofree char *hostname = NULL;
	autoclear(strv) shared = {0};
	struct stage1_run args;
	int data_fd;

	if (argc != 1)
		return error_set(err, USAGE_ERROR, "must be given one UUID");
	if (served_request(&pod_asked, err) < 0 ||
	    served_net(&pod_asked.net, &args.net, err) < 0)
		return err->code;
	data_fd = host_data_dir(host, false, err);
	if (data_fd < 0)
		return data_fd;
	if (pod_open_by(&pod, data_fd, argv[0], NULL, err) < 0)
		return error_wrap(err, "problem retrieving pod");
	if (take_pod(pod, err) < 0 || check_pod(pod, &shared, err) < 0 ||
	    assemble_stage1_run(host, pod_uuid(pod), &hostname, &args, err) < 0 ||
	    pod_move(pod, "run", err) < 0)
		return err->code;
	return pod_launch(pod_fd(pod), NULL, &args, &shared, err);
}

const struct command cmd_run_prepared = {
	.name = "run-prepared",
	.args = "[OPTIONS] UUID",
	.summary = "run a prepared pod",
	.about = "Becomes the pod that prepare made. UUID may be shortened as far as it "
		 "is "
		 "unambiguous.",
	.options = run_prepared_options,
	.needs = NEEDS_ROOT,
	.run = run_prepared,
};
