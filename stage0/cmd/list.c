/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/listing.h"
#include "stage0/pod/pod_json.h"
#include "stage0/table.h"
#include "stage0/time_text.h"

enum { UUID_SHORT = 8, IMAGE_ID_SHORT = 19 };

static bool full, no_legend;
static enum listing_format format;

static const struct option_spec options[] = {
	OPTION_FLAG("full", &full, "whole UUIDs, image IDs, and times as dates"),
	OPTION_FLAG("no-legend", &no_legend, "no header"),
	OPTION_VALUE("format", "FORMAT", option_format, &format,
                     "'json' or 'json-pretty' instead of columns"),
	{0},
};

/* What is gathered before anything is printed. */
struct listing {
	struct table table;
	LIST_OF(struct pod_object) pods;
	struct strv problems;
	int64_t now;
};

static void add_problem(struct listing *list, const struct error *err)
{
	strv_add(&list->problems, err->text);
}

static void add_header(struct listing *list)
{
	struct strv row = {0};

	if (no_legend)
		return;
	strv_split(&row,
	           full ? "UUID,APP,IMAGE NAME,IMAGE ID,STATE,CREATED,STARTED,NETWORKS"
	                : "UUID,APP,IMAGE NAME,STATE,CREATED,STARTED,NETWORKS",
	           ',');
	table_take(&list->table, &row);
}

static char *time_text(const struct listing *list, int64_t time)
{
	return full ? time_full(time) : time_relative(time, list->now);
}

static char *networks_text(struct listing *list, const struct pod *pod)
{
	autoclear(pod_networks) networks = {0};
	autoclear(buf) text = {0};
	struct error err;

	if (pod_networks_read(pod, &networks, &err) < 0)
		add_problem(list, &err);
	pod_networks_text(&networks, &text);
	return buf_take(&text);
}

/* "NAME" or "NAME:VERSION" of the app's image, from what the pod keeps of it. */
static char *image_name(struct listing *list, const struct pod *pod,
                        const struct pod_app *app)
{
	autoclear(image_manifest) image = {0};
	struct error err;
	int r = pod_read_image(pod, app->name, &image, &err);

	if (r == 0)
		return image_manifest_title(&image);
	if (r != -ENOENT || !app->image.name) {
		add_problem(list, &err);
		return memory_text("--");
	}
	for (size_t i = 0; i < app->image.labels.count; i++)
		if (strcmp(app->image.labels.items[i].name, "version") == 0)
			return memory_format("%s:%s", app->image.name,
			                     app->image.labels.items[i].value);
	return memory_text(app->image.name);
}

/* One app's row, or that of a pod without any; only a pod's first says what is the pod's. */
static void add_row(struct listing *list, const struct pod *pod,
                    const struct pod_app *app, bool first)
{
	int64_t started = pod_started(pod);
	struct strv row = {0};

	strv_add_format(&row, "%.*s", first ? full ? UUID_LENGTH : UUID_SHORT : 0,
	                pod_uuid(pod));
	strv_add(&row, app ? app->name : "-");
	strv_take(&row, app ? image_name(list, pod, app) : memory_text("-"));
	if (full)
		strv_add_format(&row, "%.*s", IMAGE_ID_SHORT, app ? app->image.id : "-");
	strv_add(&row, first ? pod_state_name(pod_state(pod)) : "");
	strv_take(&row, first ? time_text(list, pod_created(pod)) : memory_text(""));
	strv_take(&row, first && started ? time_text(list, started) : memory_text(""));
	strv_take(&row, first ? networks_text(list, pod) : memory_text(""));
	table_take(&list->table, &row);
}

static void add_rows(struct listing *list, const struct pod *pod)
{
	autoclear(pod_manifest) manifest = {0};
	enum pod_state state = pod_state(pod);
	struct error err;

	/* One that is not prepared may have none yet. */
	if (state != POD_PREPARING && state != POD_ABORTED_PREPARE &&
	    pod_read_manifest(pod, &manifest, &err) < 0)
		add_problem(list, &err);
	for (size_t i = 0; i < manifest.apps.count; i++)
		add_row(list, pod, &manifest.apps.items[i], i == 0);
	if (!manifest.apps.count)
		add_row(list, pod, NULL, true);
}

static void add_object(struct listing *list, const struct pod *pod)
{
	struct pod_object object = {0};
	struct error err;

	if (pod_object_read(pod, &object, &err) < 0)
		add_problem(list, &err);
	else
		*list_add(&list->pods) = object;
}

/* A pod that went meanwhile is not missed. */
static void add_pod(struct listing *list, int data_fd, const char *uuid)
{
	autoptr(pod) pod = NULL;
	struct error err;
	int r = pod_open(&pod, data_fd, uuid, &err);

	if (r == -ENOENT)
		return;
	if (r < 0)
		add_problem(list, &err);
	else if (format == LISTING_TEXT)
		add_rows(list, pod);
	else
		add_object(list, pod);
}

static int gather(struct listing *list, struct host *host, struct error *err)
{
	autoclear(strv) uuids = {0}, foreign = {0};
	int data_fd = host_data_dir(host, false, err);

	if (data_fd == -ENOENT)
		return 0;
	if (data_fd < 0 || pods_list(data_fd, &uuids, err) < 0 ||
	    pods_list_foreign(data_fd, &foreign, err) < 0)
		return err->code;
	for (size_t i = 0; i < uuids.count; i++)
		add_pod(list, data_fd, uuids.items[i]);
	for (size_t i = 0; i < foreign.count; i++)
		strv_add_format(&list->problems, "'%s' is no pod", foreign.items[i]);
	return 0;
}

static int print_list(const struct listing *list, struct error *err)
{
	autoclear(buf) text = {0};

	if (format == LISTING_TEXT)
		return table_print(&list->table, err);
	if (pod_objects_encode(list->pods.items, list->pods.count,
	                       format == LISTING_JSON ? SCHEMA_COMPACT : SCHEMA_PRETTY,
	                       &text, err) < 0)
		return err->code;
	return listing_print(format, &text, err);
}

static void listing_clear(struct listing *list)
{
	table_clear(&list->table);
	for (size_t i = 0; i < list->pods.count; i++)
		pod_object_clear(&list->pods.items[i]);
	free(list->pods.items);
	strv_clear(&list->problems);
}

static int run_list(struct host *host, int argc, char **argv, struct error *err)
{
	autoclear(listing) list = {.now = time_now()};

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	add_header(&list);
	if (gather(&list, host, err) < 0 || print_list(&list, err) < 0)
		return err->code;
	listing_print_problems(host, "listing pods", &list.problems);
	return 0;
}

const struct command cmd_list = {
	.name = "list",
	.args = "[OPTIONS]",
	.summary = "list the pods",
	.about =
		"Lists the pods, a line for each app. What is the same for all apps of a "
		"pod stands on its first line. With --format, prints an array of objects "
		"instead.",
	.options = options,
	.run = run_list,
};
