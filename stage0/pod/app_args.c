/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/app_args.h"

#include <string.h>

#include "common/memory.h"

static void clear_pairs(void *list)
{
	LIST_OF(struct name_value) *pairs = list;

	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].name);
		free(pairs->items[i].value);
	}
	free(pairs->items);
}

static void clear_mounts(void *list)
{
	LIST_OF(struct mount) *mounts = list;

	for (size_t i = 0; i < mounts->count; i++) {
		free(mounts->items[i].volume);
		free(mounts->items[i].path);
	}
	free(mounts->items);
}

static void clear_app(struct app_request *app)
{
	strv_clear(&app->args);
	free(app->supplementary_gids.items);
	clear_mounts(&app->mounts);
	clear_pairs(&app->annotations);
	clear_pairs(&app->user_annotations);
	clear_pairs(&app->user_labels);
	clear_pairs(&app->environment);
	clear_pairs(&app->isolators); /* a name and a value, too */
	limits_clear(&app->limits);
}

void pod_request_clear(struct pod_request *request)
{
	for (size_t i = 0; i < request->apps.count; i++)
		clear_app(&request->apps.items[i]);
	free(request->apps.items);
	clear_app(&request->app);
	clear_mounts(&request->mounts);
	limits_clear(&request->limits);
	for (size_t i = 0; i < request->volumes.count; i++) {
		free(request->volumes.items[i].name);
		free(request->volumes.items[i].kind);
		free(request->volumes.items[i].source);
		free(request->volumes.items[i].mode);
	}
	free(request->volumes.items);
	for (size_t i = 0; i < request->ports.count; i++) {
		free(request->ports.items[i].name);
		free(request->ports.items[i].host_ip);
	}
	free(request->ports.items);
	clear_pairs(&request->set_environment);
	clear_pairs(&request->file_environment);
	strv_clear(&request->net);
	*request = (struct pod_request){0};
}

/* What has been read so far is complete: a new part begins. */
static void end_app(struct pod_request *request)
{
	if (request->app.image) {
		*list_add(&request->apps) = request->app;
	} else {
		/* Of the options of an app only these may stand before an image. */
		request->mounts.items = request->app.mounts.items;
		request->mounts.count = request->app.mounts.count;
		request->limits = request->app.limits;
	}
	request->app = (struct app_request){0};
}

/* Takes the words between "--" and "---" as they are. */
static int take_args(struct app_request *app, char **argv, int *at, struct error *err)
{
	app->has_args = true;
	for (; argv[*at]; ++*at) {
		if (!strcmp(argv[*at], "---")) {
			++*at;
			return 0;
		}
		if (schema_check_text(argv[*at]))
			return error_set(err, -EINVAL, "argument '%s' must be UTF-8",
			                 argv[*at]);
		strv_add(&app->args, argv[*at]);
	}
	return 0;
}

static int begin_args(struct app_request *app, char **argv, int *at, struct error *err)
{
	if (!app->image)
		return error_set(err, -EINVAL,
		                 "an image is required before any app arguments");
	if (app->has_args)
		return error_set(err, -EINVAL,
		                 "only one set of app arguments allowed per image");
	++*at;
	return take_args(app, argv, at, err);
}

/* Takes the words at *AT that are no options, or the options there. */
static int take_words(struct pod_request *request, const struct option_tables *tables,
                      char **argv, int *at, struct error *err)
{
	const char *word = argv[*at];

	if (!*word || !strcmp(word, "---")) {
		++*at;
		return 0;
	}
	if (!strcmp(word, "--"))
		return begin_args(&request->app, argv, at, err);
	if (word[0] == '-' && word[1])
		return options_take(tables, argv, at, err);
	end_app(request);
	request->app.image = word;
	++*at;
	return 0;
}

int app_args_parse(const struct option_tables *tables, char **argv, struct error *err)
{
	struct option_tables after_image = *tables;
	int at = 0;

	while (argv[at]) {
		after_image.has_image = pod_asked.app.image;
		if (take_words(&pod_asked, &after_image, argv, &at, err) < 0)
			return error_wrap(err, "error parsing app image arguments");
	}
	end_app(&pod_asked);
	return 0;
}
