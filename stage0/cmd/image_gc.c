/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/image_gc.h"
#include "common/file.h"
#include "common/log.h"
#include "stage0/command.h"
#include "stage0/time_text.h"

static uint64_t grace_period = UINT64_C(24) * 60 * 60 * 1000000000;

static const struct option_spec options[] = {
	OPTION_INITIAL("grace-period", "TIME", "24h0m0s", option_time, &grace_period,
                       "how long an unused image is kept"),
	{0},
};

static int run_image_gc(struct host *host, int argc, char **argv, struct error *err)
{
	autoclear(strv) images = {0}, trees = {0};
	autoclear(buf) lines = {0};
	struct error failure;
	int r;

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	/* What was removed is told also when it was not all. */
	r = image_gc(host, time_now() - (int64_t)grace_period, &images, &trees, err);
	for (size_t i = 0; i < trees.count; i++)
		log_warning("removed treestore \"%s\"", trees.items[i]);
	for (size_t i = 0; i < images.count; i++)
		buf_format(&lines, "successfully removed aci for image: \"%s\"\n",
		           images.items[i]);
	if (images.count)
		log_warning("%zu image(s) successfully removed", images.count);
	if (file_write(STDOUT_FILENO, lines.data, lines.len, &failure) < 0 && r >= 0) {
		*err = failure;
		r = failure.code;
	}
	return r;
}

const struct command cmd_image_gc = {
	.name = "image gc",
	.args = "[OPTIONS]",
	.summary = "remove images and trees that are not used",
	.about = "Removes the images that have not been used for a while, and the files "
		 "that "
		 "no pod and no image needs. An image that a pod is made of is kept, "
		 "whether "
		 "the pod runs, waits to, or has ended.",
	.options = options,
	.run = run_image_gc,
};
