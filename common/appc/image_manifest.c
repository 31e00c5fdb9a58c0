/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/image_manifest.h"

#include <string.h>

#include "common/appc/isolator.h"
#include "common/memory.h"

#define GID_MAX  ((int64_t)UINT32_MAX - 1)
#define PORT_MAX 65535

static const struct field name_value_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct name_value, name),
         .check = name_check_environment},
	{"value", FIELD_TEXT, FIELD_KEEP, offsetof(struct name_value, value)},
	{0},
};
const struct schema name_value_schema = {sizeof(struct name_value), name_value_fields,
                                         NULL};

static const struct field label_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct name_value, name),
         .check = name_check_identifier},
	{"value", FIELD_TEXT, FIELD_KEEP, offsetof(struct name_value, value)},
	{0},
};

static int check_label(void *value, struct error *err)
{
	const struct name_value *label = value;

	if (strcmp(label->name, "name") == 0)
		return error_set(err, -EBADMSG, ".name: must not be 'name'");
	return 0;
}

const struct schema label_schema = {sizeof(struct name_value), label_fields, check_label};

/* Only these have a type (appc 1.6.2). */
static const struct {
	const char *name;
	field_check *check;
} typed_annotations[] = {
	{"created", name_check_timestamp},
	{"homepage", name_check_url},
	{"documentation", name_check_url},
};

static int check_annotation(void *value, struct error *err)
{
	const struct name_value *annotation = value;
	size_t count = sizeof(typed_annotations) / sizeof(typed_annotations[0]);

	for (size_t i = 0; i < count; i++) {
		const char *wrong;

		if (strcmp(annotation->name, typed_annotations[i].name) != 0)
			continue;
		wrong = typed_annotations[i].check(annotation->value);
		if (wrong)
			return error_set(err, -EBADMSG, ".value: %s", wrong);
	}
	return 0;
}

const struct schema annotation_schema = {sizeof(struct name_value), label_fields,
                                         check_annotation};

static const char *check_event(const char *text)
{
	if (strcmp(text, "pre-start") == 0 || strcmp(text, "post-stop") == 0)
		return NULL;
	return "must be pre-start or post-stop";
}

static const struct field event_handler_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct event_handler, name),
         .check = check_event},
	{"exec", FIELD_TEXTS, FIELD_NULL, offsetof(struct event_handler, exec)},
	{0},
};
static const struct schema event_handler_schema = {sizeof(struct event_handler),
                                                   event_handler_fields, NULL};

static const struct field mount_point_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct mount_point, name),
         .check = name_check_name},
	{"path", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct mount_point, path),
         .check = name_check_mount_path},
	{"readOnly", FIELD_BOOL, 0, offsetof(struct mount_point, read_only)},
	{0},
};
static const struct schema mount_point_schema = {sizeof(struct mount_point),
                                                 mount_point_fields, NULL};

static const struct field port_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct port, name),
         .check = name_check_name},
	{"protocol", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct port, protocol)},
	{"port", FIELD_INT, FIELD_REQUIRED, offsetof(struct port, port), .min = 1,
         .max = PORT_MAX},
	{"count", FIELD_INT, FIELD_KEEP, offsetof(struct port, count), .max = PORT_MAX},
	{"socketActivated", FIELD_BOOL, FIELD_KEEP,
         offsetof(struct port, socket_activated)},
	{0},
};

static int check_port(void *value, struct error *err)
{
	struct port *port = value;

	if (port->count == 0)
		port->count = 1;
	if (port->port + port->count - 1 > PORT_MAX)
		return error_set(err, -EBADMSG, ".count: reaches beyond port %d",
		                 PORT_MAX);
	return 0;
}

const struct schema port_schema = {sizeof(struct port), port_fields, check_port};

static const struct field isolator_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct isolator, name),
         .check = name_check_identifier},
	{"value", FIELD_RAW, FIELD_REQUIRED, offsetof(struct isolator, value)},
	{0},
};

static int check_isolator(void *value, struct error *err)
{
	return isolator_check(value, err);
}

const struct schema isolator_schema = {sizeof(struct isolator), isolator_fields,
                                       check_isolator};

static const struct field app_fields[] = {
	{"exec", FIELD_TEXTS, FIELD_NULL, offsetof(struct app, exec)},
	{"eventHandlers", FIELD_LIST, FIELD_UNIQUE, offsetof(struct app, event_handlers),
         .of = &event_handler_schema},
	{"user", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct app, user)},
	{"group", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct app, group)},
	{"supplementaryGIDs", FIELD_INTS, 0, offsetof(struct app, supplementary_gids),
         .max = GID_MAX},
	{"workingDirectory", FIELD_TEXT, FIELD_BLANK,
         offsetof(struct app, working_directory), .check = name_check_absolute},
	{"environment", FIELD_LIST, FIELD_UNIQUE, offsetof(struct app, environment),
         .of = &name_value_schema},
	{"mountPoints", FIELD_LIST, FIELD_UNIQUE, offsetof(struct app, mount_points),
         .of = &mount_point_schema},
	{"ports", FIELD_LIST, FIELD_UNIQUE, offsetof(struct app, ports),
         .of = &port_schema},
	{"isolators", FIELD_LIST, 0, offsetof(struct app, isolators),
         .of = &isolator_schema},
	{"userAnnotations", FIELD_MAP, 0, offsetof(struct app, user_annotations)},
	{"userLabels", FIELD_MAP, 0, offsetof(struct app, user_labels)},
	{0},
};

static int check_app(void *value, struct error *err)
{
	const struct app *app = value;
	struct error why;

	if (isolator_check_list(app->isolators.items, app->isolators.count, ISOLATOR_APP,
	                        &why) < 0)
		return error_set(err, why.code, ".isolators%s", why.text);
	return 0;
}

const struct schema app_schema = {sizeof(struct app), app_fields, check_app};

/* What may run where (appc 1.6.1). */
static const struct {
	const char *os;
	const char *const arch[11];
} platforms[] = {
	{"linux",
         {"amd64", "i386", "aarch64", "aarch64_be", "armv6l", "armv7l", "armv7b", "ppc64",
          "ppc64le", "s390x"}},
	{"freebsd", {"amd64", "i386", "arm"}},
	{"darwin", {"x86_64", "i386"}},
};

int labels_check(const struct name_value *labels, size_t count, struct error *err)
{
	const char *os = name_value_find(labels, count, "os");
	const char *arch = name_value_find(labels, count, "arch");

	if (!os)
		return 0;
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		if (strcmp(os, platforms[i].os) != 0)
			continue;
		if (!arch)
			return 0;
		for (size_t k = 0; platforms[i].arch[k]; k++)
			if (strcmp(arch, platforms[i].arch[k]) == 0)
				return 0;
		return error_set(err, -EBADMSG,
		                 ".labels: there is no architecture '%.64s' for %s", arch,
		                 os);
	}
	return error_set(err, -EBADMSG, ".labels: there is no operating system '%.64s'",
	                 os);
}

static const struct field dependency_fields[] = {
	{"imageName", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct dependency, image_name),
         .check = name_check_identifier},
	{"imageID", FIELD_TEXT, 0, offsetof(struct dependency, image_id),
         .check = name_check_image_id},
	{"labels", FIELD_LIST, FIELD_UNIQUE, offsetof(struct dependency, labels),
         .of = &label_schema},
	{"size", FIELD_INT, 0, offsetof(struct dependency, size), .max = INT64_MAX},
	{0},
};

static int check_dependency(void *value, struct error *err)
{
	const struct dependency *dependency = value;

	return labels_check(dependency->labels.items, dependency->labels.count, err);
}

static const struct schema dependency_schema = {sizeof(struct dependency),
                                                dependency_fields, check_dependency};

static const char *check_kind(const char *text)
{
	return strcmp(text, "ImageManifest") == 0 ? NULL : "must be ImageManifest";
}

static const struct field image_manifest_fields[] = {
	{"acKind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct image_manifest, ac_kind),
         .check = check_kind},
	{"acVersion", FIELD_TEXT, FIELD_REQUIRED,
         offsetof(struct image_manifest, ac_version), .check = name_check_version},
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct image_manifest, name),
         .check = name_check_identifier},
	{"labels", FIELD_LIST, FIELD_UNIQUE, offsetof(struct image_manifest, labels),
         .of = &label_schema},
	{"app", FIELD_POINTER, 0, offsetof(struct image_manifest, app),
         .of = &app_schema},
	{"annotations", FIELD_LIST, FIELD_UNIQUE,
         offsetof(struct image_manifest, annotations), .of = &annotation_schema},
	{"dependencies", FIELD_LIST, 0, offsetof(struct image_manifest, dependencies),
         .of = &dependency_schema},
	{"pathWhitelist", FIELD_TEXTS, 0, offsetof(struct image_manifest, path_whitelist),
         .check = name_check_absolute},
	{0},
};

static int check_image_manifest(void *value, struct error *err)
{
	const struct image_manifest *manifest = value;

	return labels_check(manifest->labels.items, manifest->labels.count, err);
}

const struct schema image_manifest_schema = {sizeof(struct image_manifest),
                                             image_manifest_fields, check_image_manifest};

static const struct field any_label_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEEP, offsetof(struct name_value, name)},
	{"value", FIELD_TEXT, FIELD_KEEP, offsetof(struct name_value, value)},
	{0},
};
const struct schema salvaged_label_schema = {sizeof(struct name_value), any_label_fields,
                                             NULL};

static const struct field salvaged_fields[] = {
	{"acKind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct image_manifest, ac_kind),
         .check = check_kind},
	{"acVersion", FIELD_TEXT, FIELD_KEEP,
         offsetof(struct image_manifest, ac_version)},
	{"name", FIELD_TEXT, FIELD_KEEP, offsetof(struct image_manifest, name)},
	{"labels", FIELD_LIST, 0, offsetof(struct image_manifest, labels),
         .of = &salvaged_label_schema},
	{0},
};
static const struct schema salvaged_schema = {sizeof(struct image_manifest),
                                              salvaged_fields, NULL};

int image_manifest_decode(const char *text, size_t len, struct image_manifest *manifest,
                          struct error *err)
{
	return schema_decode(&image_manifest_schema, text, len, manifest, err);
}

int image_manifest_salvage(const char *text, size_t len, struct image_manifest *manifest,
                           struct error *err)
{
	return schema_decode(&salvaged_schema, text, len, manifest, err);
}

void image_manifest_encode(const struct image_manifest *manifest, enum schema_style style,
                           struct buf *out)
{
	schema_encode(&image_manifest_schema, manifest, style, out);
}

void image_manifest_clear(struct image_manifest *manifest)
{
	schema_clear(&image_manifest_schema, manifest);
}

const char *name_value_find(const struct name_value *items, size_t count,
                            const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].name, name) == 0)
			return items[i].value;
	return NULL;
}

void name_value_set(void *list, const char *name, const char *value)
{
	LIST_OF(struct name_value) *values = list;
	struct name_value *entry = NULL;

	for (size_t i = 0; i < values->count && !entry; i++)
		if (strcmp(values->items[i].name, name) == 0)
			entry = &values->items[i];
	if (!entry) {
		entry = list_add(values);
		entry->name = memory_text(name);
	}
	free(entry->value);
	entry->value = memory_text(value);
}

const char *image_manifest_label(const struct image_manifest *manifest, const char *name)
{
	return name_value_find(manifest->labels.items, manifest->labels.count, name);
}

const char *image_manifest_annotation(const struct image_manifest *manifest,
                                      const char *name)
{
	return name_value_find(manifest->annotations.items, manifest->annotations.count,
	                       name);
}

const struct name_value *image_manifest_lacks(const struct image_manifest *manifest,
                                              const struct name_value *labels,
                                              size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = image_manifest_label(manifest, labels[i].name);

		if (!value || strcmp(value, labels[i].value) != 0)
			return &labels[i];
	}
	return NULL;
}

char *image_manifest_title(const struct image_manifest *manifest)
{
	const char *version = image_manifest_label(manifest, "version");

	if (!version || !*version)
		return memory_text(manifest->name);
	return memory_format("%s:%s", manifest->name, version);
}

void app_copy(const struct app *app, struct app *copy)
{
	schema_copy(&app_schema, app, copy);
}

void app_clear(struct app *app)
{
	schema_clear(&app_schema, app);
}
