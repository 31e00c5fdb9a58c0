/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pod/pod_mounts.h"

#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"

#define DEFAULT_MODE "0755"

char *pod_mounts_path(const char *path)
{
	char *clean = memory_zeroed(strlen(path) + 2, 1);
	size_t len = 0;

	while (*path) {
		size_t part = strcspn(path, "/");

		if (part > 0 && !(part == 1 && *path == '.')) {
			clean[len++] = '/';
			memcpy(clean + len, path, part);
			len += part;
		}
		path += part + (path[part] == '/');
	}
	if (len == 0)
		*clean = '/';
	return clean;
}

static bool same_path(const char *a, const char *b)
{
	autofree char *clean_a = pod_mounts_path(a);
	autofree char *clean_b = pod_mounts_path(b);

	return strcmp(clean_a, clean_b) == 0;
}

static bool has_volume(const struct pod_manifest *pod, const char *name)
{
	for (size_t i = 0; i < pod->volumes.count; i++)
		if (strcmp(pod->volumes.items[i].name, name) == 0)
			return true;
	return false;
}

static void add_empty(struct pod_manifest *pod, const char *name)
{
	struct volume *volume = list_add(&pod->volumes);

	volume->name = memory_text(name);
	volume->kind = memory_text("empty");
	volume->mode = memory_text(DEFAULT_MODE);
}

/* The name of the volume for the mount point POINT, which exists when this returns. */
static char *volume_for(struct pod_manifest *pod, const char *app,
                        const struct mount_point *point, bool warn)
{
	autofree char *name = NULL;

	if (has_volume(pod, point->name))
		return memory_text(point->name);
	name = memory_format("%s-%s", app, point->name);
	if (has_volume(pod, name))
		return take(name);
	if (warn)
		log_warning("no volume specified for mount point \"%s\": implicitly "
		            "creating an \"empty\" volume, which goes with the pod",
		            point->name);
	add_empty(pod, name);
	return take(name);
}

void pod_mounts_complete(struct pod_manifest *pod, size_t at, const struct app *app,
                         bool warn)
{
	struct pod_app *self = &pod->apps.items[at];

	for (size_t i = 0; i < app->mount_points.count; i++) {
		const struct mount_point *point = &app->mount_points.items[i];
		struct mount *mount;
		bool served = false;

		for (size_t k = 0; k < self->mounts.count && !served; k++)
			served = same_path(self->mounts.items[k].path, point->path);
		if (served)
			continue;
		mount = list_add(&self->mounts);
		mount->volume = volume_for(pod, self->name, point, warn);
		mount->path = pod_mounts_path(point->path);
	}
}

const struct volume *pod_mounts_volume(const struct pod_manifest *pod,
                                       const struct mount *mount)
{
	if (mount->app_volume)
		return mount->app_volume;
	for (size_t i = 0; i < pod->volumes.count; i++)
		if (strcmp(pod->volumes.items[i].name, mount->volume) == 0)
			return &pod->volumes.items[i];
	return NULL;
}

const struct mount_point *pod_mounts_implicit(const struct pod_app *self,
                                              const struct app *app,
                                              const struct volume *volume)
{
	size_t len = strlen(self->name);

	if (pod_volume_is_host(volume) || strcmp(volume->mode, DEFAULT_MODE) != 0 ||
	    volume->uid || volume->gid || strncmp(volume->name, self->name, len) != 0 ||
	    volume->name[len] != '-')
		return NULL;
	for (size_t i = 0; i < app->mount_points.count; i++)
		if (strcmp(app->mount_points.items[i].name, volume->name + len + 1) == 0)
			return &app->mount_points.items[i];
	return NULL;
}

bool pod_volume_is_host(const struct volume *volume)
{
	return strcmp(volume->kind, "host") == 0;
}

bool pod_volume_is_shared(const struct volume *volume)
{
	return pod_volume_is_host(volume) && volume->recursive == CHOICE_YES &&
	       volume->read_only != CHOICE_YES;
}

void pod_mounts_shared(const struct pod_manifest *pod, struct strv *sources)
{
	for (size_t i = 0; i < pod->apps.count; i++) {
		const struct pod_app *app = &pod->apps.items[i];

		for (size_t k = 0; k < app->mounts.count; k++) {
			const struct volume *volume = pod_mounts_volume(
				pod, &app->mounts.items[k]);

			if (volume && pod_volume_is_shared(volume) &&
			    !same_path(volume->source, "/") &&
			    !strv_has(sources, volume->source))
				strv_add(sources, volume->source);
		}
	}
}

int pod_volume_make(int pod_fd, const struct volume *volume, struct error *err)
{
	autofree char *path = memory_format(POD_VOLUME, volume->name);
	int r = path_make_dir(pod_fd, POD_VOLUMES, 0700, err);

	if (r < 0 && r != -EEXIST)
		return r;
	r = path_make_dir(pod_fd, path, 0700, err);
	if (r == -EEXIST)
		return 0;
	if (r < 0 ||
	    path_set_owner(pod_fd, path, (uid_t)volume->uid, (gid_t)volume->gid, err) < 0)
		return err->code;
	return path_set_mode(pod_fd, path, (mode_t)strtoul(volume->mode, NULL, 8), err);
}
