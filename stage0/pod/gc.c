/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/gc.h"

#include <errno.h>
#include <time.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "common/pod/stage1_abi.h"
#include "stage0/pod/launch.h"

static const struct {
	const char *kind;
	const char *to;
} marks[] = {
	[POD_ABORTED_PREPARE] = {"failed prepare", "garbage"},
	[POD_PREPARED] = {"expired prepared pod", "garbage"},
	[POD_EXITED] = {"pod", "exited-garbage"},
	[POD_GARBAGE] = {0},
};

const char *gc_kind(enum pod_state state)
{
	return marks[state].kind;
}

int gc_mark(struct pod *pod, struct error *err)
{
	return pod_move(pod, marks[pod_state(pod)].to, err);
}

int gc_age(const struct pod *pod, int64_t *age, struct error *err)
{
	const int64_t ns_per_second = 1000000000;
	struct timespec now;
	struct stat st;

	if (fstat(pod_fd(pod), &st) < 0)
		return error_errno(err, "cannot look at pod '%s'", pod_uuid(pod));
	clock_gettime(CLOCK_REALTIME, &now);
	*age = (now.tv_sec - st.st_ctim.tv_sec) * ns_per_second + now.tv_nsec -
	       st.st_ctim.tv_nsec;
	return 0;
}

/* The interface version of the pod's stage1; -ENOENT if there is no stage1 any more. */
static int read_version(const struct pod *pod, struct error *err)
{
	autoclear(image_manifest) stage1 = {0};
	autoclear(buf) text = {0};
	int r = file_read_at(pod_fd(pod), POD_STAGE1_MANIFEST, SCHEMA_DOCUMENT_MAX, &text,
	                     err);

	if (r < 0)
		return r;
	if (image_manifest_decode(buf_string(&text), text.len, &stage1, err) < 0)
		return error_wrap(err, "stage1's manifest");
	return stage1_version(&stage1, err);
}

/* Lets stage1 undo what it made outside of the pod. */
static int call_stage1(const struct pod *pod, struct host *host, struct error *err)
{
	const struct stage1_gc args = {
		.debug = host_debug(host),
		.local_config = host_local_config(host),
		.uuid = pod_uuid(pod),
	};
	autoclear(strv) argv = {0};
	int r = read_version(pod, err);

	if (r < 0)
		return r;
	stage1_gc_encode(&args, r, &argv);
	r = pod_call_stage1(pod_fd(pod), STAGE1_ANNOTATION_GC, &argv, err);
	if (r > 0)
		return error_set(err, -EIO, "it ended with exit status %d", r);
	return r;
}

int gc_delete(struct pod *pod, struct host *host, struct error *err)
{
	autofree char *path = memory_format("pods/garbage/%s", pod_uuid(pod));
	struct error failure;
	int r;

	if (pod_state(pod) == POD_EXITED_GARBAGE) {
		r = call_stage1(pod, host, &failure);
		if (r == -ENOENT)
			log_debug("pod \"%s\" has no stage1 to call", pod_uuid(pod));
		else if (r < 0)
			log_warning("pod \"%s\": stage1's gc: %s", pod_uuid(pod),
			            failure.text);
		if (pod_move(pod, "garbage", err) < 0)
			return err->code;
	}
	if (path_remove_tree(host_data_dir(host, false, err), path, err) < 0)
		return error_wrap(err, "cannot remove pod \"%s\"", pod_uuid(pod));
	return 0;
}
