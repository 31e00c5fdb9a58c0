/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/volumes.h"

#include <fcntl.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod_mounts.h"
#include "stage0/store/tree_copy.h"

/* What docker2aci leaves in an image's manifest. */
#define DOCKER_ANNOTATION "appc.io/docker/repository"

static int check_volume(const struct volume *volume, struct error *err)
{
	autoclose int fd = -1;

	if (!pod_volume_is_host(volume))
		return 0;
	fd = path_open(AT_FDCWD, volume->source, PATH_HOST, O_PATH, err);
	return fd < 0 ? error_wrap(err, "volume '%s'", volume->name) : 0;
}

int volumes_check(const struct pod_manifest *pod, struct error *err)
{
	for (size_t i = 0; i < pod->volumes.count; i++)
		if (check_volume(&pod->volumes.items[i], err) < 0)
			return err->code;
	for (size_t i = 0; i < pod->apps.count; i++)
		for (size_t k = 0; k < pod->apps.items[i].mounts.count; k++) {
			const struct mount *mount = &pod->apps.items[i].mounts.items[k];

			if (mount->app_volume && check_volume(mount->app_volume, err) < 0)
				return err->code;
		}
	return 0;
}

/* The directory that the image has at PATH; a link there leads nowhere but into the image. */
static int open_image_dir(struct store *store, const struct image_id *image,
                          const char *path, struct error *err)
{
	struct tree_id tree;
	autofree char *root = NULL;
	autoclose int root_fd = -1;

	if (store_tree(store, image, &tree, err) != 0)
		return error_set(err, -ENOENT, "the image has no tree");
	root = memory_format("%s/rootfs", tree.text);
	root_fd = path_open_dir(store_trees_fd(store), root, err);
	return root_fd < 0 ? root_fd
	                   : path_open(root_fd, path, PATH_IMAGE, O_RDONLY | O_DIRECTORY,
	                               err);
}

static int copy_up(struct store *store, int pod_fd, const struct image_id *image,
                   const struct mount_point *point, const struct volume *volume,
                   struct error *err)
{
	autofree char *to = memory_format(POD_VOLUME, volume->name);
	autoclose int from_fd = open_image_dir(store, image, point->path, err);
	int r;

	if (from_fd == -ENOENT || from_fd == -ENOTDIR)
		return pod_volume_make(pod_fd, volume, err);
	if (from_fd < 0)
		return from_fd;
	log_warning("image converted from Docker's: volume \"%s\" begins with what the "
	            "image has at '%s'",
	            volume->name, point->path);
	r = path_make_dir(pod_fd, POD_VOLUMES, 0700, err);
	if (r < 0 && r != -EEXIST)
		return r;
	return tree_copy(from_fd, ".", pod_fd, to, err);
}

static int make(struct store *store, int pod_fd, const struct pod_plan *plan, size_t at,
                const struct mount *mount, struct error *err)
{
	const struct pod_app *self = &plan->manifest->apps.items[at];
	const struct volume *volume = pod_mounts_volume(plan->manifest, mount);
	const struct app *app = manifest_app(plan->manifest, plan->found, at);
	const struct mount_point *point;

	if (!volume || pod_volume_is_host(volume))
		return 0;
	point = pod_mounts_implicit(self, app, volume);
	if (point &&
	    image_manifest_annotation(&plan->found[at].manifest, DOCKER_ANNOTATION))
		return copy_up(store, pod_fd, &plan->images[at], point, volume, err);
	return pod_volume_make(pod_fd, volume, err);
}

int volumes_make(struct store *store, int pod_fd, const struct pod_plan *plan,
                 struct error *err)
{
	for (size_t i = 0; i < plan->manifest->apps.count; i++) {
		const struct pod_app *app = &plan->manifest->apps.items[i];

		for (size_t k = 0; k < app->mounts.count; k++)
			if (make(store, pod_fd, plan, i, &app->mounts.items[k], err) < 0)
				return error_wrap(err, "volume '%s'",
				                  app->mounts.items[k].volume);
	}
	return 0;
}
