/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/volume_plan.h"

#include <linux/mount.h>
#include <string.h>

#include "common/memory.h"

static const struct place {
	const char *path;
	bool below;       /* and all that is below it */
	bool if_protects; /* only if the kernel's paths are protected */
	const char *why;
} places[] = {
	{"", false, false, "it would hide the image"},
	{"proc", true, false, "what is there is the kernel's"},
	{"sys", true, true,
         "what is there is the kernel's: it takes --insecure-options=paths"},
	{"dev", false, true,
         "what is there is the pod's own: it takes --insecure-options=paths"},
	{"dev/null", true, false, "what is there is the pod's own"},
	{"dev/zero", true, false, "what is there is the pod's own"},
	{"dev/full", true, false, "what is there is the pod's own"},
	{"dev/random", true, false, "what is there is the pod's own"},
	{"dev/urandom", true, false, "what is there is the pod's own"},
	{"dev/tty", true, false, "what is there is the pod's own"},
	{"dev/console", true, false, "what is there is the pod's own"},
	{"dev/ptmx", true, false, "what is there is the pod's own"},
	{"dev/pts", true, false, "what is there is the pod's own"},
	{"dev/fd", true, false, "what is there is the pod's own"},
	{"dev/stdin", true, false, "what is there is the pod's own"},
	{"dev/stdout", true, false, "what is there is the pod's own"},
	{"dev/stderr", true, false, "what is there is the pod's own"},
};

static bool is_in(const char *target, const char *path)
{
	size_t len = strlen(path);

	return strncmp(target, path, len) == 0 && (!target[len] || target[len] == '/');
}

/* A volume there would be in the way of what makes the pod (threat class 2). */
static int check_target(const char *target, bool protect, struct error *err)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct place *place = &places[i];

		if ((protect || !place->if_protects) &&
		    (place->below ? is_in(target, place->path)
		                  : strcmp(target, place->path) == 0))
			return error_set(err, -EPERM, "no volume can be on '/%s': %s",
			                 target, place->why);
	}
	return 0;
}

/* The volume has the last word, and else the mount point that it is for (rkt 7.8). */
static bool is_read_only(const struct app *app, const struct mount *mount,
                         const char *target, const struct volume *volume)
{
	bool read_only = false;

	if (volume->read_only != CHOICE_UNSET)
		return volume->read_only == CHOICE_YES;
	for (size_t i = 0; i < app->mount_points.count; i++) {
		const struct mount_point *point = &app->mount_points.items[i];
		autofree char *path = pod_mounts_path(point->path);

		if (strcmp(path + 1, target) == 0 ||
		    strcmp(point->name, mount->volume) == 0)
			read_only |= point->read_only;
	}
	return read_only;
}

static int plan_mount(struct volume_mount *to, const struct pod_manifest *pod,
                      const struct app *app, const struct mount *mount, bool protect,
                      struct error *err)
{
	const struct volume *volume = pod_mounts_volume(pod, mount);
	autofree char *path = pod_mounts_path(mount->path);

	if (!volume)
		return error_set(err, -EINVAL,
		                 "dangling mount point \"%s\": volume \"%s\" not found",
		                 path, mount->volume);
	to->volume = volume;
	to->target = memory_text(path + 1);
	if (check_target(to->target, protect, err) < 0)
		return err->code;
	to->late = is_in(to->target, "dev") || is_in(to->target, "sys");
	to->read_only = is_read_only(app, mount, to->target, volume);
	if (!pod_volume_is_host(volume)) {
		to->source = memory_format(POD_VOLUME, volume->name);
		to->attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
		return 0;
	}
	to->source = memory_text(volume->source);
	to->shared = pod_volume_is_shared(volume) && !to->read_only;
	to->attr = protect ? MOUNT_ATTR_NODEV : 0;
	return 0;
}

/* A path is before all that is below it. */
static int compare(const void *a, const void *b)
{
	const struct volume_mount *left = a, *right = b;

	return strcmp(left->target, right->target);
}

int volume_plan_make(struct volume_plan *plan, const struct pod_manifest *pod, size_t at,
                     bool protect, struct error *err)
{
	const struct pod_app *app = &pod->apps.items[at];

	for (size_t i = 0; i < app->mounts.count; i++)
		if (plan_mount(list_add(&plan->mounts), pod, app->app,
		               &app->mounts.items[i], protect, err) < 0)
			return err->code;
	if (plan->mounts.count)
		qsort(plan->mounts.items, plan->mounts.count, sizeof(*plan->mounts.items),
		      compare);
	for (size_t i = 1; i < plan->mounts.count; i++)
		if (compare(&plan->mounts.items[i - 1], &plan->mounts.items[i]) == 0)
			return error_set(err, -EEXIST, "two mounts on '/%s'",
			                 plan->mounts.items[i].target);
	return 0;
}

void volume_plan_print(const struct volume_plan *plan, bool late, struct buf *out)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct volume_mount *mount = &plan->mounts.items[i];

		if (mount->late == late)
			buf_format(out, "volume /%s %s %s%s%s\n", mount->target,
			           mount->volume->name, mount->source,
			           mount->read_only ? " read-only" : "",
			           mount->shared ? " shared" : "");
	}
}

void volume_plan_clear(struct volume_plan *plan)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		free(plan->mounts.items[i].source);
		free(plan->mounts.items[i].target);
	}
	free(plan->mounts.items);
	*plan = (struct volume_plan){0};
}
