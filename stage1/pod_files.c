/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/pod_files.h"

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/pod/pod.h"
#include "common/pod/pod_mounts.h"
#include "common/pod/stage1_abi.h"

static int take_image_app(struct pod_app *app, struct error *err)
{
	autofree char *path = memory_format(POD_APP_MANIFEST, app->name);
	struct image_manifest image = {0};
	autoclear(buf) text = {0};

	if (file_read_at(AT_FDCWD, path, SCHEMA_DOCUMENT_MAX, &text, err) < 0)
		return err->code;
	if (image_manifest_decode(text.data, text.len, &image, err) < 0)
		return error_wrap(err, "manifest of the image");
	app->app = take(image.app);
	image_manifest_clear(&image);
	if (!app->app)
		return error_set(err, -EINVAL,
		                 "neither pod nor image says what to execute");
	return 0;
}

int pod_files_read(struct pod_manifest *pod, struct error *err)
{
	autoclear(buf) text = {0};

	if (file_read_at(AT_FDCWD, POD_MANIFEST, SCHEMA_DOCUMENT_MAX, &text, err) < 0)
		return err->code;
	if (pod_manifest_decode(text.data, text.len, pod, err) < 0)
		return error_wrap(err, "pod manifest");
	for (size_t i = 0; i < pod->apps.count; i++)
		if (!pod->apps.items[i].app &&
		    take_image_app(&pod->apps.items[i], err) < 0)
			return error_wrap(err, "app '%s'", pod->apps.items[i].name);
	/* Nothing is to be added to a manifest that gantry has made. */
	for (size_t i = 0; i < pod->apps.count; i++)
		pod_mounts_complete(pod, i, pod->apps.items[i].app, false);
	return 0;
}

int pod_files_lock(struct error *err)
{
	const char *text = getenv(STAGE1_LOCK_FD);
	char *end;
	long fd = text ? strtol(text, &end, 10) : -1;

	if (!text || end == text || *end || fd < 3 ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(err, -EBADF,
		                 "%s is not the descriptor of the pod's lock",
		                 STAGE1_LOCK_FD);
	return (int)fd;
}
