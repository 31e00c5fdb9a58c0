/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/image_gc.h"

#include <fcntl.h>
#include <string.h>

#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "stage0/pod/pods.h"
#include "stage0/pod/prepare_lock.h"
#include "stage0/store/remote.h"

#define TREE_PREFIX "deps-sha512-"

/* Seconds for which a killed download is worth to be gone on with. */
enum { PARTIAL_KEPT = 24 * 60 * 60 };

static const char *const places[] = {"prepare", "prepared", "run", "exited-garbage",
                                     "garbage"};

/* The name of the tree in the target of a link to it; NULL if it is no such link. */
static char *tree_of(const char *target)
{
	const char *name = strstr(target, TREE_PREFIX);

	return name ? memory_bytes(name, strcspn(name, "/")) : NULL;
}

/* Adds the tree that the link PATH leads to. One that is not there adds nothing: the pod
 * was killed while it was made. */
static int add_link(int dir_fd, const char *path, struct strv *trees, struct error *err)
{
	autofree char *target = NULL;
	char *tree;
	int r = path_read_link(dir_fd, path, &target, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	tree = tree_of(target);
	if (tree)
		strv_take(trees, tree);
	return 0;
}

static int add_app_trees(int pod_fd, struct strv *trees, struct error *err)
{
	autoclear(strv) apps = {0};
	int r = path_list(pod_fd, POD_APPS, &apps, err);

	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; r >= 0 && i < apps.count; i++) {
		autofree char *link = memory_format(POD_APP_TREE, apps.items[i]);

		r = add_link(pod_fd, link, trees, err);
	}
	return r;
}

static int add_pod(int data_fd, const char *place, const char *uuid, struct strv *trees,
                   struct error *err)
{
	autofree char *path = memory_format("pods/%s/%s", place, uuid);
	autoclose int fd = path_open_dir(data_fd, path, err);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (add_link(fd, POD_STAGE1_TREE, trees, err) < 0 ||
	    add_app_trees(fd, trees, err) < 0)
		return error_wrap(err, "pod %s", uuid);
	return 0;
}

/* In the order in which pods move on: one that moves meanwhile is seen once at least. */
static int collect_trees(int data_fd, struct strv *trees, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(places) / sizeof(*places); i++) {
		autoclear(strv) uuids = {0};

		r = pods_list_in(data_fd, places[i], &uuids, err);
		for (size_t k = 0; r >= 0 && k < uuids.count; k++)
			r = add_pod(data_fd, places[i], uuids.items[k], trees, err);
	}
	return r;
}

int image_gc_find_user(int data_fd, const struct tree_id *tree, char **uuid,
                       struct error *err)
{
	autoclear(strv) uuids = {0};
	int r = pods_list_in(data_fd, "run", &uuids, err);

	for (size_t i = 0; r >= 0 && i < uuids.count; i++) {
		autoclear(strv) trees = {0};
		autoptr(pod) pod = NULL;

		r = add_pod(data_fd, "run", uuids.items[i], &trees, err);
		if (r < 0 || !strv_has(&trees, tree->text))
			continue;
		r = pod_open(&pod, data_fd, uuids.items[i], err);
		if (r == -ENOENT)
			r = 0;
		if (r >= 0 && pod && pod_state(pod) == POD_RUNNING) {
			*uuid = memory_text(uuids.items[i]);
			return true;
		}
	}
	return r < 0 ? r : false;
}

/* Whether a pod is made of the image: uses its tree. */
static int is_needed(struct store *store, const struct store_image *image,
                     const struct strv *used, struct error *err)
{
	autofree char *link = memory_format("%s/tree", image->id.text);
	autoclear(strv) own = {0};

	if (add_link(store_images_fd(store), link, &own, err) < 0)
		return err->code;
	return own.count && strv_has(used, own.items[0]);
}

/* Marks the images that those marked in KEEP depend on. Returns whether there was one more. */
static bool mark_dependencies(const struct store_image *images, size_t count, bool *keep)
{
	bool more = false;

	for (size_t i = 0; i < count; i++) {
		const struct strv *dependencies = &images[i].info.dependencies;

		for (size_t k = 0; keep[i] && k < count; k++) {
			if (keep[k] || !strv_has(dependencies, images[k].id.text))
				continue;
			keep[k] = true;
			more = true;
		}
	}
	return more;
}

/* Marks what is used, and all that it depends on: a tree may be made anew of that. */
static int mark(struct store *store, const struct store_image *images, size_t count,
                int64_t unused_since, const struct strv *used, bool *keep,
                struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		keep[i] = images[i].info.last_used > unused_since;
		if (keep[i])
			continue;
		r = is_needed(store, &images[i], used, err);
		keep[i] = r > 0;
	}
	while (r >= 0 && mark_dependencies(images, count, keep))
		;
	return r < 0 ? r : 0;
}

static int collect_images(struct store *store, int64_t unused_since,
                          const struct strv *used, struct strv *removed,
                          struct error *err)
{
	autofree bool *keep = NULL;
	struct store_image *images;
	size_t count;
	int r = store_list(store, &images, &count, err);

	if (r < 0)
		return r;
	keep = memory_zeroed(count, sizeof(*keep));
	r = mark(store, images, count, unused_since, used, keep, err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (keep[i])
			continue;
		r = store_remove(store, &images[i].id, err);
		if (r == STORE_OK)
			strv_add(removed, images[i].id.text);
	}
	store_images_free(images, count);
	return r < 0 ? r : 0;
}

int image_gc(struct host *host, int64_t unused_since, struct strv *images,
             struct strv *trees, struct error *err)
{
	autoclear(strv) used = {0};
	autoclose int lock = -1;
	struct store *store;
	int data_fd;

	if (host_store(host, &store, err) < 0)
		return err->code;
	data_fd = host_data_dir(host, true, err);
	if (data_fd < 0)
		return data_fd;
	lock = prepare_lock(host, LOCK_EXCLUSIVE, err);
	if (lock < 0)
		return lock;
	if (collect_trees(data_fd, &used, err) < 0 ||
	    collect_images(store, unused_since, &used, images, err) < 0)
		return err->code;
	if (store_remove_trees(store, &used, trees, err) < 0)
		return err->code;
	return remote_sweep(store, PARTIAL_KEPT, err);
}
