/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/pod/launch.h"
#include "stage0/pod/wait.h"

static const char *app_name;

static const struct option_spec options[] = {
	OPTION_VALUE("app", "NAME", option_text, &app_name,
                     "the app to enter, if the pod has several"),
	{0},
};

/* Chooses the app to enter. */
static int find_app(struct host *host, const struct pod_manifest *manifest,
                    const char **app, struct error *err)
{
	for (size_t i = 0; app_name && i < manifest->apps.count; i++)
		if (strcmp(manifest->apps.items[i].name, app_name) == 0) {
			*app = app_name;
			return 0;
		}
	if (app_name)
		return error_set(err, -ENOENT, "pod contains no app '%s'", app_name);
	if (manifest->apps.count == 0)
		return error_set(err, -ENOENT, "pod contains zero apps");
	*app = manifest->apps.items[0].name;
	if (manifest->apps.count == 1)
		return 0;
	log_warning("pod contains multiple apps:");
	for (size_t i = 0; i < manifest->apps.count; i++)
		log_warning("\t%s", manifest->apps.items[i].name);
	return error_set(err, -EINVAL, "specify app using \"%s enter --app= ...\"",
	                 host_program(host));
}

/* Whether PATH is a file in the directory ROOT of the pod. */
static bool has_file(const struct pod *pod, const char *root, const char *path)
{
	struct error err;
	struct stat st;
	autoclose int root_fd = path_open(pod_fd(pod), root, PATH_HOST,
	                                  O_PATH | O_DIRECTORY, &err);
	autoclose int fd = -1;

	if (root_fd >= 0)
		fd = path_open(root_fd, path, PATH_IMAGE, O_PATH, &err);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* rkt takes /bin/bash, whether it is there or not. */
static char *choose_shell(const struct pod *pod, const char *app)
{
	autofree char *upper = memory_format(POD_APP_UPPER, app);
	autofree char *tree = memory_format(POD_APP_TREE "/rootfs", app);
	bool bash = has_file(pod, upper, "bin/bash") || has_file(pod, tree, "bin/bash");
	char *shell = memory_text(bash ? "/bin/bash" : "/bin/sh");

	log_warning("no command specified, assuming \"%s\"", shell);
	return shell;
}

/* Becomes COMMAND, inside of the app. Returns only to fail. */
static int enter_app(struct pod *pod, const char *app, char **command, struct error *err)
{
	autofree char *shell = NULL;
	autofree char *pid_text = NULL;
	autoclear(strv) argv = {0};
	char *shell_command[] = {NULL, NULL};
	struct stage1_enter args = {.app = app, .command = command};
	pid_t pid;

	if (!*command) {
		shell_command[0] = shell = choose_shell(pod, app);
		args.command = shell_command;
	}
	if (pod_wait_ready(pod, WAIT_START, err) < 0 || pod_find_init(pod, &pid, err) < 0)
		return err->code;
	args.pid = pid_text = memory_format("%d", (int)pid);
	stage1_enter_encode(&args, &argv);
	return pod_become_stage1(pod_fd(pod), STAGE1_ANNOTATION_ENTER, &argv, err);
}

static int run_enter(struct host *host, int argc, char **argv, struct error *err)
{
	autoclear(pod_manifest) manifest = {0};
	autoptr(pod) pod = NULL;
	const char *app = NULL;
	int data_fd;

	if (argc < 1)
		return error_set(err, USAGE_ERROR, "takes a UUID");
	data_fd = host_data_dir(host, false, err);
	if (data_fd < 0 || pod_open_by(&pod, data_fd, argv[0], NULL, err) < 0)
		return error_wrap(err, "problem retrieving pod");
	if (pod_state(pod) != POD_RUNNING)
		return error_set(err, -ESRCH, "pod \"%s\" isn't currently running",
		                 pod_uuid(pod));
	if (pod_read_manifest(pod, &manifest, err) < 0)
		return err->code;
	if (find_app(host, &manifest, &app, err) < 0)
		return error_wrap(err, "unable to determine app name");
	return enter_app(pod, app, argv + 1, err);
}

const struct command cmd_enter = {
	.name = "enter",
	.args = "[--app=NAME] UUID [COMMAND [ARGS...]]",
	.summary = "run a command inside of a running pod",
	.about =
		"Runs COMMAND inside of an app of the pod that UUID, or a prefix of one, "
		"names: with the app's namespaces, root and confinement. Without COMMAND "
		"it is /bin/bash if the image has that, else /bin/sh. The exit status is "
		"the command's.",
	.options = options,
	.needs = NEEDS_ROOT | WORDS_LAST,
	.run = run_enter,
};
