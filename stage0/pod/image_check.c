/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/image_check.h"

#include "common/log.h"
#include "stage0/pod/image_gc.h"
#include "stage0/pod/prepare_lock.h"

struct image {
	struct host *host;
	const char *text;
};

/* The first time something is wrong is without the lock, and only counts. */
static int wait_for_lock(void *context, const struct tree_id *tree,
                         const char *difference, struct error *err)
{
	(void)context;
	return error_set(err, -EAGAIN, "tree '%s': %s", tree->text, difference);
}

/* A tree that a running pod uses stays: its files would go from under the pod. */
static int agree(void *context, const struct tree_id *tree, const char *difference,
                 struct error *err)
{
	const struct image *image = context;
	autofree char *uuid = NULL;
	int data_fd = host_data_dir(image->host, true, err);
	int r = data_fd < 0 ? data_fd : image_gc_find_user(data_fd, tree, &uuid, err);

	if (r > 0)
		return error_set(
			err, -EBUSY,
			"its tree is in a bad state: %s; it is not rebuilt while "
			"the pod %s runs",
			difference, uuid);
	if (r == 0)
		log_warning("warning: tree of image \"%s\" is in a bad state: %s. "
		            "Rebuilding...",
		            image->text, difference);
	return r;
}

int image_check(struct host *host, struct store *store, const struct image_id *id,
                const char *text, struct error *err)
{
	struct image image = {host, text};
	autoclose int lock = -1;
	int r = check_image(store, id, wait_for_lock, NULL, err);

	if (r != -EAGAIN)
		return r;
	r = lock = prepare_lock(host, LOCK_EXCLUSIVE, err);
	return r < 0 ? r : check_image(store, id, agree, &image, err);
}
