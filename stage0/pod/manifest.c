/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/manifest.h"

#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/pod/pod_mounts.h"

#define MUTABLE_ANNOTATION "coreos.com/rkt/stage1/mutable"

/* Sets in *LIST, a LIST_OF(struct name_value), all COUNT of FROM. */
static void merge_pairs(void *list, const struct name_value *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		name_value_set(list, from[i].name, from[i].value);
}

/* Adds what the caller's environment has and the app's has not. */
static void inherit_environment(struct app *app, char *const *environment)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		autofree char *name = NULL;

		if (!equals)
			continue;
		name = memory_bytes(*environment, (size_t)(equals - *environment));
		if (name_check_environment(name) || schema_check_text(equals + 1))
			log_warning("variable '%s' is not inherited: a manifest cannot "
			            "hold it",
			            name);
		else if (!name_value_find(app->environment.items, app->environment.count,
		                          name))
			name_value_set(&app->environment, name, equals + 1);
	}
}

static void replace_text(char **text, const char *with)
{
	if (!with)
		return;
	free(*text);
	*text = memory_text(with);
}

/* Only one of these families is meant when an option names one of it. The rest, as memory,
 * is added: the last one holds. */
static const char *const isolator_families[] = {
	"os/linux/capabilities-",
	"os/linux/seccomp-",
	"os/linux/cpu-shares",
	"os/linux/oom-score-adj",
};

static const char *isolator_family(const char *name)
{
	for (size_t i = 0; i < sizeof(isolator_families) / sizeof(*isolator_families);
	     i++)
		if (!strncmp(name, isolator_families[i], strlen(isolator_families[i])))
			return isolator_families[i];
	return NULL;
}

static void drop_family(struct app *app, const char *family)
{
	size_t kept = 0;

	for (size_t i = 0; i < app->isolators.count; i++) {
		struct isolator *isolator = &app->isolators.items[i];

		if (strncmp(isolator->name, family, strlen(family)) != 0) {
			app->isolators.items[kept++] = *isolator;
			continue;
		}
		free(isolator->name);
		free(isolator->value);
	}
	app->isolators.count = kept;
}

static void merge_isolators(struct app *app, const struct app_request *asked)
{
	for (size_t i = 0; i < asked->isolators.count; i++) {
		const char *family = isolator_family(asked->isolators.items[i].name);

		if (family)
			drop_family(app, family);
	}
	for (size_t i = 0; i < asked->isolators.count; i++) {
		struct isolator *isolator = list_add(&app->isolators);

		isolator->name = memory_text(asked->isolators.items[i].name);
		isolator->value = memory_text(asked->isolators.items[i].value);
	}
}

static void merge_command(struct app *app, const struct app_request *asked)
{
	if (asked->exec) {
		strv_clear(&app->exec);
		strv_add(&app->exec, asked->exec);
	}
	strv_extend(&app->exec, &asked->args);
}

static void merge_gids(struct app *app, const struct app_request *asked)
{
	if (!asked->has_supplementary_gids)
		return;
	app->supplementary_gids.count = 0;
	for (size_t i = 0; i < asked->supplementary_gids.count; i++)
		*list_add(&app->supplementary_gids) = asked->supplementary_gids.items[i];
}

/* The weakest first (rkt 2.3). */
static void merge_environment(struct app *app, const struct app_request *asked,
                              const struct pod_request *request, char *const *environment)
{
	merge_pairs(&app->environment, asked->environment.items,
	            asked->environment.count);
	merge_pairs(&app->environment, request->file_environment.items,
	            request->file_environment.count);
	merge_pairs(&app->environment, request->set_environment.items,
	            request->set_environment.count);
	if (request->inherit_environment)
		inherit_environment(app, environment);
}

static void override_app(struct app *app, const struct app_request *asked,
                         const struct pod_request *request, char *const *environment)
{
	merge_command(app, asked);
	replace_text(&app->user, asked->user);
	replace_text(&app->group, asked->group);
	replace_text(&app->working_directory, asked->working_directory);
	merge_gids(app, asked);
	merge_environment(app, asked, request, environment);
	merge_isolators(app, asked);
	merge_pairs(&app->user_annotations, asked->user_annotations.items,
	            asked->user_annotations.count);
	merge_pairs(&app->user_labels, asked->user_labels.items,
	            asked->user_labels.count);
}

/* The first mount on a path is the one that holds (rkt 2.5). */
static void add_mounts(struct pod_app *app, const struct mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		autofree char *path = pod_mounts_path(mounts[i].path);
		struct mount *mount;
		bool taken = false;

		for (size_t k = 0; k < app->mounts.count; k++)
			taken = taken || !strcmp(app->mounts.items[k].path, path);
		if (taken)
			continue;
		mount = list_add(&app->mounts);
		mount->volume = memory_text(mounts[i].volume);
		mount->path = take(path);
	}
}

static int make_name(struct pod_app *app, const struct app_request *asked,
                     const struct image_manifest *image, struct error *err)
{
	const char *slash = strrchr(image->name, '/');

	if (asked->name) {
		app->name = memory_text(asked->name);
		return 0;
	}
	if (name_sanitize(slash ? slash + 1 : image->name, &app->name, err) < 0)
		return error_wrap(err, "image '%s': give its app a --name", image->name);
	return 0;
}

/* An image that has no app section can be given a command (rkt 2.6). */
static int make_app(struct pod_app *app, const struct app_request *asked,
                    struct found_image *image, struct error *err)
{
	app->app = take(image->manifest.app);
	if (app->app)
		return 0;
	if (!asked->exec)
		return error_set(err, -EINVAL,
		                 "image %s has no app section and --exec argument is "
		                 "not provided",
		                 image->id.text);
	app->app = memory_zeroed(1, sizeof(*app->app));
	app->app->user = memory_format("%u", getuid());
	app->app->group = memory_format("%u", getgid());
	return 0;
}

/* What was asked for the app itself, and else for all apps. */
static int add_limits(struct pod_app *app, const struct app_request *asked,
                      const struct pod_request *request, struct error *err)
{
	autoclear(limits) limits = {0};
	autoclear(buf) text = {0};

	limits_complete(&limits, &asked->limits);
	limits_complete(&limits, &request->limits);
	if (limits.count == 0)
		return 0;
	if (name_value_find(app->annotations.items, app->annotations.count,
	                    POD_APP_ULIMIT))
		return error_set(err, -EINVAL,
		                 "app '%s': --ulimit and --annotation=" POD_APP_ULIMIT
		                 " exclude each other",
		                 app->name);
	limits_format(&limits, &text);
	name_value_set(&app->annotations, POD_APP_ULIMIT, buf_string(&text));
	return 0;
}

static int add_app(const struct pod_request *request, const struct app_request *asked,
                   struct found_image *image, char *const *environment,
                   struct pod_manifest *pod, struct error *err)
{
	struct pod_app *app = list_add(&pod->apps);

	if (make_name(app, asked, &image->manifest, err) < 0 ||
	    make_app(app, asked, image, err) < 0)
		return err->code;
	override_app(app->app, asked, request, environment);
	app->image.name = memory_text(image->manifest.name);
	app->image.id = memory_text(image->id.text);
	merge_pairs(&app->image.labels, image->manifest.labels.items,
	            image->manifest.labels.count);
	app->read_only_rootfs = asked->read_only_rootfs == CHOICE_YES;
	add_mounts(app, asked->mounts.items, asked->mounts.count);
	add_mounts(app, request->mounts.items, request->mounts.count);
	merge_pairs(&app->annotations, asked->annotations.items,
	            asked->annotations.count);
	return add_limits(app, asked, request, err);
}

static void add_volumes(const struct pod_request *request, struct pod_manifest *pod)
{
	for (size_t i = 0; i < request->volumes.count; i++) {
		struct volume *volume = list_add(&pod->volumes);

		*volume = request->volumes.items[i];
		volume->name = memory_text(volume->name);
		volume->kind = memory_text(volume->kind);
		volume->source = memory_text(volume->source);
		volume->mode = memory_text(volume->mode);
	}
}

static void add_ports(const struct pod_request *request, struct pod_manifest *pod)
{
	for (size_t i = 0; i < request->ports.count; i++) {
		struct exposed_port *port = list_add(&pod->ports);

		*port = request->ports.items[i];
		port->name = memory_text(port->name);
		port->host_ip = memory_text(port->host_ip);
	}
}

int manifest_make(const struct pod_request *request, struct found_image *images,
                  char *const *environment, struct pod_manifest *pod, struct error *err)
{
	pod->ac_version = memory_text(APPC_VERSION);
	pod->ac_kind = memory_text("PodManifest");
	for (size_t i = 0; i < request->apps.count; i++)
		if (add_app(request, &request->apps.items[i], &images[i], environment,
		            pod, err) < 0)
			return err->code;
	add_volumes(request, pod);
	add_ports(request, pod);
	name_value_set(&pod->annotations, MUTABLE_ANNOTATION, "false");
	return 0;
}

const struct app *manifest_app(const struct pod_manifest *pod,
                               const struct found_image *images, size_t at)
{
	const struct app *own = pod->apps.items[at].app;

	return own ? own : images[at].manifest.app;
}
