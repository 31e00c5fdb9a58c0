/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/number.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "stage0/pod/pods.h"

/* What is longer than this is no number. */
enum { NUMBER_FILE_MAX = 32, CHILDREN_MAX = 1 << 16 };

/* A pod that has not been prepared has times of files, but none of its own (rkt 2.10). */
static bool is_prepared(const struct pod *pod)
{
	return pod_state(pod) != POD_PREPARING && pod_state(pod) != POD_ABORTED_PREPARE;
}

static bool has_run(const struct pod *pod)
{
	return is_prepared(pod) && pod_state(pod) != POD_PREPARED;
}

/* The time of the last change of the regular file PATH, 0 if there is none. */
static int64_t file_time(const struct pod *pod, const char *path)
{
	struct error err;
	autoclose int fd = path_open(pod_fd(pod), path, PATH_OURS, O_PATH | O_NOFOLLOW,
	                             &err);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_mtim.tv_sec < 0)
		return 0;
	return st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

/* Reads a file that holds a number from 0 to MAX, perhaps a line end, and nothing else; -1 if
 * it does not. */
static int read_number(const struct pod *pod, const char *path, int max)
{
	autoclear(buf) text = {0};
	struct error err;
	int64_t number;

	if (file_read_at(pod_fd(pod), path, NUMBER_FILE_MAX, &text, &err) < 0)
		return -1;
	if (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	if (strlen(buf_string(&text)) != text.len ||
	    number_parse(buf_string(&text), 0, max, &number, &err) < 0)
		return -1;
	return (int)number;
}

int pod_read_manifest(const struct pod *pod, struct pod_manifest *manifest,
                      struct error *err)
{
	autoclear(buf) text = {0};

	if (file_read_at(pod_fd(pod), POD_MANIFEST, SCHEMA_DOCUMENT_MAX, &text, err) <
	            0 ||
	    pod_manifest_decode(buf_string(&text), text.len, manifest, err) < 0)
		return error_wrap(err, "manifest of pod '%s'", pod_uuid(pod));
	return 0;
}

int pod_read_image(const struct pod *pod, const char *app,
                   struct image_manifest *manifest, struct error *err)
{
	autofree char *path = memory_format(POD_APP_MANIFEST, app);
	autoclear(buf) text = {0};

	if (file_read_at(pod_fd(pod), path, SCHEMA_DOCUMENT_MAX, &text, err) < 0 ||
	    image_manifest_decode(buf_string(&text), text.len, manifest, err) < 0)
		return error_wrap(err, "pod '%s': image manifest of app '%s'",
		                  pod_uuid(pod), app);
	return 0;
}

int64_t pod_created(const struct pod *pod)
{
	return is_prepared(pod) ? file_time(pod, POD_MANIFEST) : 0;
}

int64_t pod_started(const struct pod *pod)
{
	int64_t started = has_run(pod) ? file_time(pod, POD_PID) : 0;

	return started || !has_run(pod) ? started : file_time(pod, POD_PPID);
}

pid_t pod_pid(const struct pod *pod)
{
	int pid = read_number(pod, POD_PID, INT_MAX);

	if (pid <= 0)
		pid = read_number(pod, POD_PPID, INT_MAX);
	return pid > 0 ? pid : 0;
}

/* Finds the only child of PID. */
static int find_child(pid_t pid, pid_t *child, struct error *err)
{
	autofree char *path = memory_format("/proc/%d/task/%d/children", (int)pid,
	                                    (int)pid);
	autoclear(buf) text = {0};
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY, err);
	int64_t number;

	if (fd < 0 || file_read(fd, CHILDREN_MAX, &text, err) < 0)
		return err->code;
	text.data[strcspn(text.data, " ")] = '\0';
	if (number_parse(text.data, 1, INT_MAX, &number, err) < 0)
		return error_set(err, -ESRCH, "process %d has no child", (int)pid);
	*child = (pid_t)number;
	return 0;
}

int pod_find_init(const struct pod *pod, pid_t *pid, struct error *err)
{
	int parent;

	*pid = read_number(pod, POD_PID, INT_MAX);
	if (*pid > 0)
		return 0;
	parent = read_number(pod, POD_PPID, INT_MAX);
	if (parent > 0)
		return find_child(parent, pid, err);
	return error_set(err, -ESRCH,
	                 "pod \"%s\" does not say which process is its first",
	                 pod_uuid(pod));
}

/* Where the file called NAME below the stage1 root lies, as it can be seen from here: an
 * overlay is mounted in the pod's own namespace only, but its upper layer is not hidden. */
static char *stage1_file(const struct pod *pod, const char *name)
{
	struct stat st;
	struct error err;
	const char *root = POD_STAGE1_ROOT;

	if (path_stat(pod_fd(pod), POD_STAGE1_UPPER, &st, &err) == 0)
		root = POD_STAGE1_UPPER;
	return memory_format("%s/%s", root, name);
}

static char *status_file(const struct pod *pod, const char *app)
{
	autofree char *name = memory_format(STAGE1_STATUS "/%s", app);

	return stage1_file(pod, name);
}

int pod_app_status(const struct pod *pod, const char *app)
{
	autofree char *path = status_file(pod, app);

	return read_number(pod, path, 255);
}

int64_t pod_app_finished(const struct pod *pod, const char *app)
{
	autofree char *path = status_file(pod, app);

	return file_time(pod, path);
}

/* A stage1 made for rkt that starts a supervisor has `ppid` at once, and says "ready" by a
 * link; ours, and rkt's without one, have `pid` when the app starts. */
bool pod_is_ready(const struct pod *pod)
{
	autofree char *path = stage1_file(pod, "rkt/supervisor-status");
	autofree char *status = NULL;
	struct error err;

	if (pod_state(pod) != POD_RUNNING)
		return false;
	return file_time(pod, POD_PID) ||
	       (path_read_link(pod_fd(pod), path, &status, &err) == 0 &&
	        strcmp(status, "ready") == 0);
}
