/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/launch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "common/process.h"
#include "stage0/pod/overlay.h"

/* The stage1 image's own files, as the store has them. */
#define STAGE1_TREE_ROOT POD_STAGE1_TREE "/rootfs"

static int read_stage1(int pod_fd, struct image_manifest *manifest, struct error *err)
{
	autoclear(buf) text = {0};

	if (file_read_at(pod_fd, POD_STAGE1_MANIFEST, SCHEMA_DOCUMENT_MAX, &text, err) <
	    0)
		return err->code;
	if (image_manifest_decode(text.data, text.len, manifest, err) < 0)
		return error_wrap(err, "manifest of stage1");
	return 0;
}

/* Whether NAME is a file of the stage1 image: no link, and no "..", leads to the host's. */
static int check_entry(int pod_fd, const char *name, struct error *err)
{
	autoclose int tree_fd = path_open(pod_fd, STAGE1_TREE_ROOT, PATH_HOST,
	                                  O_PATH | O_DIRECTORY, err);
	autoclose int fd = tree_fd < 0 ? -1
	                               : path_open(tree_fd, name, PATH_OURS, O_PATH, err);

	return fd < 0 ? err->code : 0;
}

/* The entry point's path in ROOT, relative to the pod's directory POD_FD; *PATH is the
 * caller's. */
static int entry_point(int pod_fd, const struct image_manifest *stage1,
                       const char *annotation, const char *root, char **path,
                       struct error *err)
{
	const char *value = image_manifest_annotation(stage1, annotation);

	if (!value)
		return error_set(err, -ENOENT, "stage1 '%s' has no annotation '%s'",
		                 stage1->name, annotation);
	if (*value != '/')
		return error_set(err, -EINVAL,
		                 "stage1 '%s': '%s' is not an absolute path",
		                 stage1->name, value);
	if (check_entry(pod_fd, value + 1, err) < 0)
		return error_wrap(err, "stage1 '%s'", stage1->name);
	*path = memory_format("%s%s", root, value);
	return 0;
}

/* Everything but 0, 1, 2 and KEEP_FD, which becomes 3, goes with the exec. */
static int keep_only(int keep_fd, struct error *err)
{
	int first = 3;

	if (keep_fd >= 0) {
		if (keep_fd != 3 && dup3(keep_fd, 3, 0) < 0)
			return error_errno(err, "cannot keep the pod's lock");
		fcntl(3, F_SETFD, 0);
		first = 4;
	}
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_errno(err, "cannot mark descriptors close-on-exec");
	return 0;
}

static int become(const char *path, struct strv *argv, struct error *err)
{
	execv(path, argv->items);
	return error_errno(err, "cannot execute '%s' of the pod", path);
}

int pod_launch(int pod_fd, const struct image_manifest *stage1,
               const struct stage1_run *args, const struct strv *shared,
               struct error *err)
{
	autoclear(image_manifest) read = {0};
	autoclear(strv) argv = {0};
	autoclear(strv) dropped = {0};
	autofree char *path = NULL;
	int version;

	if (!stage1 && read_stage1(pod_fd, &read, err) < 0)
		return err->code;
	stage1 = stage1 ? stage1 : &read;
	if (entry_point(pod_fd, stage1, STAGE1_ANNOTATION_RUN, POD_STAGE1_ROOT, &path,
	                err) < 0)
		return err->code;
	version = stage1_version(stage1, err);
	if (version < 0)
		return version;
	strv_add(&argv, path);
	stage1_run_encode(args, version, &argv, &dropped);
	for (size_t i = 0; i < dropped.count; i++)
		log_warning("stage1 '%s' does not know %s: it has no effect",
		            stage1->name, dropped.items[i]);
	if (fchdir(pod_fd) < 0)
		return error_errno(err, "cannot enter the pod's directory");
	if (overlay_leave_host(shared, err) < 0 || overlay_mount_all(AT_FDCWD, err) < 0 ||
	    keep_only(pod_fd, err) < 0)
		return err->code;
	setenv(STAGE1_LOCK_FD, "3", 1);
	return become(path, &argv, err);
}

int pod_call_stage1(int pod_fd, const char *annotation, const struct strv *argv,
                    struct error *err)
{
	autoclear(image_manifest) stage1 = {0};
	autoclear(strv) words = {0};
	autofree char *path = NULL;
	autoclose int program_fd = -1;
	const int fds[] = {0, 1, 2};
	pid_t pid;

	if (read_stage1(pod_fd, &stage1, err) < 0 ||
	    entry_point(pod_fd, &stage1, annotation, STAGE1_TREE_ROOT, &path, err) < 0)
		return err->code;
	program_fd = path_open(pod_fd, path, PATH_HOST, O_PATH, err);
	if (program_fd < 0)
		return err->code;
	strv_add(&words, path);
	strv_extend(&words, argv);
	if (process_spawn(program_fd, words.items, pod_fd, fds, 3, &pid, err) < 0)
		return err->code;
	return process_wait(pid, err);
}

int pod_become_stage1(int pod_fd, const char *annotation, const struct strv *argv,
                      struct error *err)
{
	autoclear(image_manifest) stage1 = {0};
	autoclear(strv) words = {0};
	autofree char *path = NULL;

	if (read_stage1(pod_fd, &stage1, err) < 0 ||
	    entry_point(pod_fd, &stage1, annotation, STAGE1_TREE_ROOT, &path, err) < 0)
		return err->code;
	strv_add(&words, path);
	strv_extend(&words, argv);
	if (fchdir(pod_fd) < 0)
		return error_errno(err, "cannot enter the pod's directory");
	if (keep_only(-1, err) < 0)
		return err->code;
	return become(path, &words, err);
}
