/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "stage0/command.h"
#include "stage0/pod/assemble.h"

static int prepare(struct host *host, int argc, char **argv, struct error *err)
{
	autoptr(pod_draft) draft = NULL;
	int data_fd;

	(void)argc;
	if (assemble_request(host, prepare_options, argv, false, err) < 0 ||
	    assemble_pod(host, &draft, err) < 0)
		return err->code;
	/* A prepared pod is a promise: it is there after a crash of the machine, too. */
	data_fd = host_data_dir(host, false, err);
	if (data_fd < 0)
		return data_fd;
	if (syncfs(data_fd) < 0)
		return error_errno(err, "cannot write the pod to disk");
	if (pod_draft_publish(draft, "prepared", err) < 0)
		return err->code;
	printf("%s\n", pod_draft_uuid(draft));
	return 0;
}

const struct command cmd_prepare = {
	.name = "prepare",
	.args = "[OPTIONS] IMAGE [APP-OPTIONS] [-- ARGS...] [---] [IMAGE ...]",
	.summary = "prepare a pod, to be run later",
	.about = "Makes a pod of one app for each image and prints its UUID, for "
		 "run-prepared. "
		 "A pod that is not run within a day is removed by gc.",
	.options = prepare_options,
	.needs = NEEDS_ROOT | NEEDS_CONFIG | WORDS_LAST,
	.run = prepare,
};
