/* SPDX-License-Identifier: Apache-2.0 */

/*
 * stage1 fly's run entry point: a chroot and nothing else (rkt 7.13). One app, the host's
 * namespaces, devices and network, all its capabilities; for what must see the host as it
 * is. The process becomes the app, and the pod's lock stays open in it: it is what shows
 * that the pod is alive.
 */

#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/appc/isolator.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "stage1/app_spec.h"
#include "stage1/mount.h"
#include "stage1/pod_files.h"
#include "stage1/stage2_program.h"
#include "stage1/volume_mount.h"

/* What rkt's fly accepts and does not act on, and what it would have been asked for. */
static int check_args(const struct stage1_run *args, struct error *err)
{
	if (args->private_users || args->mutable_pod || args->ipc)
		return error_set(
			err, -ENOTSUP,
			"fly has no isolation: --private-users, --mutable and --ipc "
			"need another stage1");
	if (args->hostname)
		log_warning("fly shares the host's name: --hostname has no effect");
	return 0;
}

/* The plan of an app that nothing is taken from, whatever the arguments say. */
static int make_plan(struct pod_plan *plan, struct pod_manifest *pod,
                     struct stage1_run *args, struct error *err)
{
	static const char *const no_effect[] = {
		"os/linux/capabilities-remove-set",
		"os/linux/capabilities-retain-set",
		"os/linux/oom-score-adj",
	};

	if (pod_files_read(pod, err) < 0)
		return err->code;
	if (pod->apps.count > 1)
		return error_set(err, -ENOTSUP,
		                 "fly only supports 1 application per Pod for now");
	args->net = "host";
	args->interactive = false;
	args->disable_capabilities = args->disable_seccomp = args->disable_paths = true;
	if (pod_plan_make(plan, pod, args, err) < 0)
		return err->code;
	for (size_t i = 0; i < sizeof(no_effect) / sizeof(*no_effect); i++)
		if (isolator_find(plan->apps.items[0].app->isolators.items,
		                  plan->apps.items[0].app->isolators.count, no_effect[i]))
			log_warning("fly has no isolation: '%s' has no effect",
			            no_effect[i]);
	return 0;
}

static int bind_host(int root_fd, const char *name, struct error *err)
{
	autofree char *path = memory_format("/%s", name);
	autoclose int source_fd = path_open(AT_FDCWD, path, PATH_HOST, O_PATH, err);
	autoclose int target_fd = -1, fd = -1;

	if (source_fd < 0)
		return err->code;
	target_fd = mount_open_top(root_fd, name, err);
	fd = target_fd < 0 ? -1 : mount_clone(source_fd, err);
	return fd < 0 ? err->code : mount_attach(fd, target_fd, err);
}

static int make_tmp(int root_fd, struct grounds *grounds, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "1777"}, {0}};
	autoclose int target_fd = mount_open_top(root_fd, "tmp", err);
	autoclose int fd = target_fd < 0 ? -1 : mount_make("tmpfs", options, 0, err);

	if (fd < 0 || mount_attach(fd, target_fd, err) < 0)
		return err->code;
	return grounds_add(grounds, fd, GROUND_OURS, err);
}

/* Without "recursive" what is mounted below a volume stays where it is (rkt 7.13). */
static int mount_volumes(int root_fd, const struct volume_plan *plan,
                         struct grounds *grounds, struct error *err)
{
	autoclear(volume_mounts) mounts = {0};

	if (grounds_add(grounds, root_fd, GROUND_OURS, err) < 0 ||
	    volume_mounts_open(&mounts, plan, false, err) < 0)
		return err->code;
	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct mount_target target = {
			.root_fd = root_fd,
			.path = plan->mounts.items[i].target,
		};

		if (volume_mounts_attach(&mounts, plan, i, &target, grounds, err) < 0)
			return err->code;
	}
	return 0;
}

/* The host's devices, processes and kernel, a /tmp of its own, and volumes. */
static int set_up_root(int root_fd, const struct volume_plan *volumes, struct error *err)
{
	autoclear(grounds) grounds = {0};
	static const char *const names[] = {"dev", "proc", "sys"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (bind_host(root_fd, names[i], err) < 0)
			return error_wrap(err, "'/%s'", names[i]);
	if (make_tmp(root_fd, &grounds, err) < 0)
		return error_wrap(err, "'/tmp'");
	return mount_volumes(root_fd, volumes, &grounds, err);
}

/* As in a pod of its own: what the caller reads from is not the app's. */
static int take_no_input(struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, "/dev/null", PATH_HOST, O_RDWR, err);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return error_errno(err, "cannot take /dev/null");
	return 0;
}

/* Becomes the app. Returns only to fail. */
static int become(const struct app_spec *spec, int root_fd, struct error *err)
{
	struct stage2_program stage2 = {-1, -1};
	autoclear(strv) argv = {0};
	autofree char *dir = NULL;

	if (stage2_program_dir(&dir, err) < 0 ||
	    stage2_program_open(&stage2, dir, false, err) < 0 ||
	    path_change_root(root_fd, err) < 0)
		return err->code;
	exec_spec_encode(&spec->spec, &argv);
	syscall(SYS_execveat, stage2.program_fd, "", strv_items(&argv),
	        strv_items(&spec->environment), AT_EMPTY_PATH);
	return error_errno(err, "cannot start stage2");
}

static int run(char **argv, struct error *err)
{
	autoclear(pod_manifest) pod = {0};
	autoclear(pod_plan) plan = {0};
	autoclear(app_spec) spec = {0};
	struct stage1_run args = {0};
	int lock_fd, root_fd;
	bool interactive;
	char text[16];

	if (stage1_run_decode(argv + 1, &args, err) < 0)
		return err->code;
	log_set_debug(args.debug);
	interactive = args.interactive;
	if (check_args(&args, err) < 0 || make_plan(&plan, &pod, &args, err) < 0)
		return err->code;
	lock_fd = pod_files_lock(err);
	root_fd = lock_fd < 0 ? lock_fd
	                      : path_open(AT_FDCWD, plan.apps.items[0].root, PATH_OURS,
	                                  O_PATH | O_DIRECTORY, err);
	if (root_fd < 0 ||
	    set_up_root(root_fd, &plan.apps.items[0].mounts.volumes, err) < 0 ||
	    (pod.apps.items[0].read_only_rootfs &&
	     mount_set(root_fd, MOUNT_ATTR_RDONLY, 0, err) < 0) ||
	    app_spec_make(&spec, &plan, &plan.apps.items[0], root_fd, err) < 0 ||
	    (!interactive && take_no_input(err) < 0))
		return err->code;
	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (file_replace_at(AT_FDCWD, POD_PID, 0644, text, err) < 0)
		return err->code;
	/* From here on it is the app that holds the lock. */
	spec.spec.keep_fd = lock_fd;
	if (fcntl(lock_fd, F_SETFD, 0) < 0)
		return error_errno(err, "cannot hand on the pod's lock");
	return become(&spec, root_fd, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};

	(void)argc;
	log_set_prefix("run");
	(void)!run(argv, &err);
	log_error(&err);
	return 254;
}
