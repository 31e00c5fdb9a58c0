/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/pod_json.h"

#include <errno.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/pod/pod.h"

enum { NET_INFO_MAX = 1 << 20 };

static const int64_t ns_per_second = 1000000000;

#define NETWORK(member) offsetof(struct pod_network, member)
#define MOUNT(member)   offsetof(struct mount_object, member)
#define APP(member)     offsetof(struct app_object, member)
#define POD(member)     offsetof(struct pod_object, member)

static const struct field network_fields[] = {
	{"netName", FIELD_TEXT, FIELD_KEEP, NETWORK(name)},
	{"netConf", FIELD_TEXT, FIELD_KEEP, NETWORK(configuration)},
	{"pluginPath", FIELD_TEXT, FIELD_KEEP, NETWORK(plugin)},
	{"ifName", FIELD_TEXT, FIELD_KEEP, NETWORK(interface)},
	{"ip", FIELD_TEXT, FIELD_KEEP, NETWORK(ip)},
	{"args", FIELD_TEXT, FIELD_KEEP, NETWORK(arguments)},
	{"mask", FIELD_TEXT, FIELD_KEEP, NETWORK(mask)},
	{0},
};
static const struct schema network_schema = {sizeof(struct pod_network), network_fields};

static const struct field networks_fields[] = {
	{"networks", FIELD_LIST, 0, offsetof(struct pod_networks, items),
         .of = &network_schema},
	{0},
};
static const struct schema networks_schema = {sizeof(struct pod_networks),
                                              networks_fields};

static const struct field mount_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEEP, MOUNT(name)},
	{"container_path", FIELD_TEXT, FIELD_KEEP, MOUNT(container_path)},
	{"host_path", FIELD_TEXT, FIELD_KEEP, MOUNT(host_path)},
	{"read_only", FIELD_BOOL, FIELD_KEEP, MOUNT(read_only)},
	{0},
};
static const struct schema mount_schema = {sizeof(struct mount_object), mount_fields};

static const struct field app_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEEP, APP(name)},
	{"state", FIELD_TEXT, FIELD_KEEP, APP(state)},
	{"created_at", FIELD_INT, 0, APP(created_at)},
	{"started_at", FIELD_INT, 0, APP(started_at)},
	{"finished_at", FIELD_INT, 0, APP(finished_at)},
	{"exit_code", FIELD_RAW, 0, APP(exit_code)},
	{"image_id", FIELD_TEXT, FIELD_KEEP, APP(image_id)},
	{"mounts", FIELD_LIST, 0, APP(mounts), .of = &mount_schema},
	{"user_annotations", FIELD_MAP, 0, APP(user_annotations)},
	{"user_labels", FIELD_MAP, 0, APP(user_labels)},
	{0},
};
static const struct schema app_object_schema = {sizeof(struct app_object), app_fields};

static const struct field pod_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEEP, POD(name)},
	{"state", FIELD_TEXT, FIELD_KEEP, POD(state)},
	{"networks", FIELD_LIST, 0, POD(networks), .of = &network_schema},
	{"app_names", FIELD_TEXTS, 0, POD(app_names)},
	{"apps", FIELD_LIST, 0, POD(apps), .of = &app_object_schema},
	{"created_at", FIELD_INT, 0, POD(created_at)},
	{"started_at", FIELD_INT, 0, POD(started_at)},
	{"user_annotations", FIELD_MAP, 0, POD(user_annotations)},
	{"user_labels", FIELD_MAP, 0, POD(user_labels)},
	{0},
};
static const struct schema pod_object_schema = {sizeof(struct pod_object), pod_fields};

/* What an app without an exit status is, by the state of its pod. */
static const char *const app_states[] = {
	[POD_GONE] = "unknown",
	[POD_PREPARING] = "unknown",
	[POD_ABORTED_PREPARE] = "unknown",
	[POD_PREPARED] = "created",
	[POD_RUNNING] = "running",
	[POD_EXITED] = "exited",
	[POD_EXITED_DELETING] = "exited",
	[POD_EXITED_GARBAGE] = "exited",
	[POD_DELETING] = "exited",
	[POD_GARBAGE] = "exited",
};

void pod_object_clear(struct pod_object *object)
{
	schema_clear(&pod_object_schema, object);
}

void pod_networks_clear(struct pod_networks *networks)
{
	schema_clear(&networks_schema, networks);
}

int pod_networks_read(const struct pod *pod, struct pod_networks *networks,
                      struct error *err)
{
	autoclear(buf) text = {0};
	int r;

	if (pod_state(pod) != POD_RUNNING && pod_state(pod) != POD_EXITED)
		return 0;
	buf_text(&text, "{\"networks\":");
	r = file_read_at(pod_fd(pod), POD_NET_INFO, NET_INFO_MAX, &text, err);
	if (r == -ENOENT)
		return 0;
	buf_char(&text, '}');
	if (r >= 0)
		r = schema_decode(&networks_schema, text.data, text.len, networks, err);
	if (r < 0)
		return error_wrap(err, "%s of pod '%s'", POD_NET_INFO, pod_uuid(pod));
	return 0;
}

void pod_networks_text(const struct pod_networks *networks, struct buf *out)
{
	for (size_t i = 0; i < networks->items.count; i++) {
		const struct pod_network *network = &networks->items.items[i];

		buf_format(out, "%s%s:ip4=%s", i ? ", " : "",
		           network->name ? network->name : "",
		           network->ip ? network->ip : "");
	}
}

/* Copies a list of names and values into another field of that kind. */
static void copy_values(const void *from, void *to)
{
	const LIST_OF(struct name_value) *in = from;
	LIST_OF(struct name_value) *out = to;

	for (size_t i = 0; i < in->count; i++)
		*list_add(out) = (struct name_value){memory_text(in->items[i].name),
		                                     memory_text(in->items[i].value)};
}

static const struct volume *find_volume(const struct pod_manifest *manifest,
                                        const struct mount *mount)
{
	if (mount->app_volume)
		return mount->app_volume;
	for (size_t i = 0; i < manifest->volumes.count; i++)
		if (strcmp(manifest->volumes.items[i].name, mount->volume) == 0)
			return &manifest->volumes.items[i];
	return NULL;
}

static void add_mounts(const struct pod_manifest *manifest, const struct pod_app *app,
                       struct app_object *object)
{
	for (size_t i = 0; i < app->mounts.count; i++) {
		const struct mount *mount = &app->mounts.items[i];
		const struct volume *volume = find_volume(manifest, mount);

		*list_add(&object->mounts) = (struct mount_object){
			.name = memory_text(mount->volume),
			.container_path = memory_text(mount->path),
			.host_path = memory_text(volume ? volume->source : NULL),
			.read_only = volume && volume->read_only == CHOICE_YES,
		};
	}
}

static void add_app(const struct pod *pod, const struct pod_manifest *manifest,
                    const struct pod_app *app, struct pod_object *to)
{
	struct app_object *object = list_add(&to->apps);
	int status = pod_app_status(pod, app->name);

	object->name = memory_text(app->name);
	object->state = memory_text(status < 0 ? app_states[pod_state(pod)] : "exited");
	object->created_at = pod_created(pod);
	object->started_at = pod_started(pod);
	if (status >= 0) {
		object->exit_code = memory_format("%d", status);
		object->finished_at = pod_app_finished(pod, app->name);
	}
	object->image_id = memory_text(app->image.id);
	add_mounts(manifest, app, object);
	if (!app->app)
		return;
	copy_values(&app->app->user_annotations, &object->user_annotations);
	copy_values(&app->app->user_labels, &object->user_labels);
}

static void fill(const struct pod *pod, const struct pod_manifest *manifest,
                 struct pod_object *object)
{
	object->name = memory_text(pod_uuid(pod));
	object->state = memory_text(pod_state_name(pod_state(pod)));
	object->created_at = pod_created(pod) / ns_per_second;
	object->started_at = pod_started(pod) / ns_per_second;
	for (size_t i = 0; i < manifest->apps.count; i++) {
		strv_add(&object->app_names, manifest->apps.items[i].name);
		add_app(pod, manifest, &manifest->apps.items[i], object);
	}
	copy_values(&manifest->user_annotations, &object->user_annotations);
	copy_values(&manifest->user_labels, &object->user_labels);
}

int pod_object_read(const struct pod *pod, struct pod_object *object, struct error *err)
{
	autoclear(pod_manifest) manifest = {0};

	if (pod_state(pod) == POD_PREPARING || pod_state(pod) == POD_ABORTED_PREPARE)
		return error_set(err, -ENODATA, "pod '%s' (%s) has no time of creation",
		                 pod_uuid(pod), pod_state_name(pod_state(pod)));
	if (pod_read_manifest(pod, &manifest, err) < 0)
		return err->code;
	if (pod_networks_read(pod, &object->networks, err) < 0)
		return err->code;
	fill(pod, &manifest, object);
	return 0;
}

void pod_object_encode(const struct pod_object *object, enum schema_style style,
                       struct buf *out)
{
	schema_encode(&pod_object_schema, object, style, out);
}

int pod_objects_encode(const struct pod_object *objects, size_t count,
                       enum schema_style style, struct buf *out, struct error *err)
{
	autoclear(buf) text = {0};

	for (size_t i = 0; i < count; i++) {
		buf_char(&text, i ? ',' : '[');
		schema_encode(&pod_object_schema, &objects[i], SCHEMA_COMPACT, &text);
	}
	buf_text(&text, count ? "]" : "null");
	return schema_reformat(text.data, text.len, style, out, err);
}
