/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/pod/launch.h"
#include "stage0/pod/wait.h"

/* rkt's for a --uuid-file that cannot be read (rkt 1.5). */
enum { EXIT_NO_UUID_FILE = 1 };

static bool force;
static const char *uuid_file;

static const struct option_spec options[] = {
	OPTION_FLAG("force", &force, "kill the pod at once"),
	OPTION_VALUE("uuid-file", "FILE", option_text, &uuid_file,
                     "read the UUID from FILE"),
	{0},
};

static bool is_after_run(enum pod_state state)
{
	return state >= POD_EXITED || state == POD_GONE;
}

static int already_stopped(const struct pod *pod)
{
	printf("pod \"%s\" is already stopped\n", pod_uuid(pod));
	return 0;
}

static int call_stop(struct pod *pod, struct error *err)
{
	const struct stage1_stop args = {.force = force, .uuid = pod_uuid(pod)};
	autoclear(strv) argv = {0};
	struct error ignored;
	int r;

	(void)!pod_wait_ready(pod, WAIT_START, &ignored);
	stage1_stop_encode(&args, &argv);
	r = pod_call_stage1(pod_fd(pod), STAGE1_ANNOTATION_STOP, &argv, err);
	if (r > 0)
		return error_set(err, -EIO, "stage1's stop ended with exit status %d", r);
	return r;
}

static int stop_pod(struct host *host, const char *text, struct error *err)
{
	int data_fd = host_data_dir(host, false, err);
	autoptr(pod) pod = NULL;
	struct error ignored;

	if (data_fd < 0 || pod_open_by(&pod, data_fd, text, NULL, err) < 0)
		return error_wrap(err, "cannot get pod");
	if (is_after_run(pod_state(pod)))
		return already_stopped(pod);
	if (pod_state(pod) != POD_RUNNING)
		return error_set(err, -ESRCH, "pod \"%s\" is not running", pod_uuid(pod));
	if (call_stop(pod, err) < 0) {
		/* It may have ended by itself just then. */
		if (pod_refresh(pod, &ignored) == 0 && is_after_run(pod_state(pod)))
			return already_stopped(pod);
		return error_wrap(err, "error stopping \"%s\"", pod_uuid(pod));
	}
	printf("\"%s\"\n", pod_uuid(pod));
	return 0;
}

static int run_stop(struct host *host, int argc, char **argv, struct error *err)
{
	autofree char *from_file = NULL;
	char *words[] = {NULL};
	int failed = 0;

	if ((argc == 0) == (uuid_file == NULL))
		return error_set(err, USAGE_ERROR, "takes UUIDs or --uuid-file");
	if (uuid_file) {
		if (pods_read_uuid(uuid_file, &from_file, err) < 0) {
			log_warning("unable to resolve UUID from file: %s", err->text);
			return EXIT_NO_UUID_FILE;
		}
		words[0] = from_file;
		argv = words;
		argc = 1;
	}
	for (int i = 0; i < argc; i++) {
		struct error failure;

		if (stop_pod(host, argv[i], &failure) >= 0)
			continue;
		log_warning("%s", failure.text);
		failed++;
	}
	if (failed)
		return error_set(err, -EIO, "failed to stop %d pod(s)", failed);
	return 0;
}

const struct command cmd_stop = {
	.name = "stop",
	.args = "UUID...",
	.summary = "stop running pods",
	.about = "Asks the pods that the UUIDs, or prefixes of some, name to end, and "
		 "does "
		 "not wait for it: 'status --wait' does. A pod that has ended already is "
		 "no error.",
	.options = options,
	.run = run_stop,
};
