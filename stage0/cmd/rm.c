/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "stage0/command.h"
#include "stage0/pod/gc.h"

static const char *uuid_file;

static const struct option_spec options[] = {
	OPTION_VALUE("uuid-file", "FILE", option_text, &uuid_file,
                     "read the UUID from FILE"),
	{0},
};

/* What a pod is in the midst of, and must not be removed from. */
static const char *const busy[] = {
	[POD_PREPARING] = "being prepared",
	[POD_RUNNING] = "running",
	[POD_EXITED_DELETING] = "being deleted",
	[POD_DELETING] = "being deleted",
	[POD_GARBAGE] = NULL,
};

/* Moves the pod to where it can be deleted from. It may come to run meanwhile, or be moved
 * by someone else: it moves only ahead, so that this ends. */
static int put_aside(struct pod *pod, struct error *err)
{
	while (gc_kind(pod_state(pod))) {
		int r;

		if (pod_state(pod) != POD_EXITED)
			log_warning("moving %s \"%s\" to garbage",
			            gc_kind(pod_state(pod)), pod_uuid(pod));
		r = gc_mark(pod, err);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r < 0 && pod_refresh(pod, err) < 0)
			return err->code;
	}
	if (busy[pod_state(pod)])
		return error_set(err, -EBUSY, "pod \"%s\" is currently %s", pod_uuid(pod),
		                 busy[pod_state(pod)]);
	return 0;
}

static int remove_pod(struct host *host, const char *text, const char *file,
                      struct error *err)
{
	autoptr(pod) pod = NULL;
	int data_fd = host_data_dir(host, false, err);

	if (data_fd < 0 || pod_open_by(&pod, data_fd, text, file, err) < 0)
		return error_wrap(err, "cannot get pod");
	if (put_aside(pod, err) < 0 || pod_lock(pod, true, err) < 0)
		return err->code;
	if (pod_state(pod) != POD_GONE && gc_delete(pod, host, err) < 0)
		return err->code;
	printf("\"%s\"\n", pod_uuid(pod));
	return 0;
}

static int run_rm(struct host *host, int argc, char **argv, struct error *err)
{
	bool failed = false;

	if ((argc == 0) == (uuid_file == NULL))
		return error_set(err, USAGE_ERROR, "takes UUIDs or --uuid-file");
	for (int i = 0; i < (uuid_file ? 1 : argc); i++) {
		struct error failure;

		if (remove_pod(host, argv[i], uuid_file, &failure) >= 0)
			continue;
		log_warning("%s", failure.text);
		failed = true;
	}
	if (failed)
		return error_set(err, -EIO, "failed to remove one or more pods");
	return 0;
}

const struct command cmd_rm = {
	.name = "rm",
	.args = "UUID...",
	.summary = "remove pods",
	.about = "Removes the pods that the UUIDs, or prefixes of some, name, with all "
		 "that "
		 "they wrote, and prints the UUID of each. A pod that runs is refused: "
		 "'stop' ends it.",
	.options = options,
	.needs = NEEDS_ROOT,
	.run = run_rm,
};
