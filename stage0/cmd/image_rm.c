/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"
#include "common/log.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/host.h"
#include "stage0/store/store.h"

static int remove_one(struct store *store, const char *text, struct error *err)
{
	autoclear(buf) line = {0};
	struct image_id id;
	int r;

	if (finder_resolve(store, text, &id, err) < 0)
		return err->code;
	r = store_remove(store, &id, err);
	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "image '%s' is gone", text);
	if (r < 0)
		return r;
	buf_format(&line, "successfully removed aci for image: \"%s\"\n", id.text);
	return file_write(STDOUT_FILENO, line.data, line.len, err);
}

/* Every image is tried. The last failure is the command's, those before are told here. */
static int run_image_rm(struct host *host, int argc, char **argv, struct error *err)
{
	struct store *store;
	struct error failure;
	int removed = 0, failed = 0;

	if (argc < 1)
		return error_set(err, USAGE_ERROR, "takes at least one image");
	if (host_store(host, &store, err) < 0)
		return err->code;
	for (int i = 0; i < argc; i++) {
		if (remove_one(store, argv[i], &failure) >= 0) {
			removed++;
			continue;
		}
		if (failed++)
			log_error(err);
		*err = failure;
	}
	if (removed)
		log_warning("%d image(s) successfully removed", removed);
	return failed ? err->code : 0;
}

const struct command cmd_image_rm = {
	.name = "image rm",
	.args = "IMAGE...",
	.summary = "remove images from the store",
	.about = "Removes images from the store. Pods made of them are not harmed: they "
		 "use "
		 "the image's files, which stay until 'image gc' finds that no pod needs "
		 "them any more.",
	.run = run_image_rm,
};
