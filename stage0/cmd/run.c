/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/pod/assemble.h"
#include "stage0/pod/launch.h"

static int save_uuid(const char *path, const char *uuid, struct error *err)
{
	autoclose int fd = path_create_host(path, 0644, err);

	if (fd < 0)
		return err->code;
	if (file_write(fd, uuid, UUID_LENGTH, err) < 0)
		return error_wrap(err, "'%s'", path);
	return 0;
}

/* Publishes the pod and becomes it. Returns only to fail. */
static int become(struct host *host, struct pod_draft *draft, struct error *err)
{
	autofree char *hostname = NULL;
	struct stage1_run args;
	int fd;

	if (assemble_stage1_run(host, pod_draft_uuid(draft), &hostname, &args, err) < 0 ||
	    pod_draft_publish(draft, "run", err) < 0)
		return err->code;
	fd = pod_draft_take_fd(draft);
	return pod_launch(fd, pod_draft_stage1(draft), &args, pod_draft_shared(draft),
	                  err);
}

static int run(struct host *host, int argc, char **argv, struct error *err)
{
	autoptr(pod_draft) draft = NULL;

	(void)argc;
	if (assemble_request(host, run_options, argv, true, err) < 0 ||
	    assemble_pod(host, &draft, err) < 0)
		return err->code;
	if (pod_asked.uuid_file_save &&
	    save_uuid(pod_asked.uuid_file_save, pod_draft_uuid(draft), err) < 0)
		return err->code;
	return become(host, draft, err);
}

const struct command cmd_run = {
	.name = "run",
	.args = "[OPTIONS] IMAGE [APP-OPTIONS] [-- ARGS...] [---] [IMAGE ...]",
	.summary = "run images in a pod",
	.about = "Runs a pod of one app for each image: prepares it and becomes it. The "
		 "exit "
		 "status is that of the first app to fail, or 0.\n\n"
		 "An image is a name, a file, a URL or an image ID. Options of an app "
		 "follow "
		 "its image; arguments for it stand between '--' and '---'.",
	.options = run_options,
	.needs = NEEDS_ROOT | NEEDS_CONFIG | WORDS_LAST,
	.run = run,
};
