/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/pod_manifest.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/appc/isolator.h"
#include "common/limits.h"
#include "common/memory.h"

#define ID_MAX   ((int64_t)UINT32_MAX - 1)
#define PORT_MAX 65535

static const char *check_volume_kind(const char *text)
{
	if (strcmp(text, "host") == 0 || strcmp(text, "empty") == 0)
		return NULL;
	return "must be host or empty";
}

static const char *check_mode(const char *text)
{
	size_t len = strspn(text, "01234567");

	return len && len <= 5 && !text[len] ? NULL : "must be octal digits";
}

static bool is_empty_volume(const void *value)
{
	const struct volume *volume = value;

	return volume->kind && strcmp(volume->kind, "empty") == 0;
}

static const struct field volume_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct volume, name),
         .check = name_check_name},
	{"kind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct volume, kind),
         .check = check_volume_kind},
	{"source", FIELD_TEXT, FIELD_BLANK, offsetof(struct volume, source),
         .check = name_check_absolute},
	{"readOnly", FIELD_CHOICE, 0, offsetof(struct volume, read_only)},
	{"recursive", FIELD_CHOICE, 0, offsetof(struct volume, recursive)},
	{"mode", FIELD_TEXT, 0, offsetof(struct volume, mode), .check = check_mode,
         .when = is_empty_volume},
	{"uid", FIELD_INT, FIELD_KEEP, offsetof(struct volume, uid), .max = ID_MAX,
         .when = is_empty_volume},
	{"gid", FIELD_INT, FIELD_KEEP, offsetof(struct volume, gid), .max = ID_MAX,
         .when = is_empty_volume},
	{0},
};

static int check_volume(void *value, struct error *err)
{
	struct volume *volume = value;
	bool empty = is_empty_volume(volume);

	if (empty && volume->source)
		return error_set(err, -EBADMSG,
		                 ".source: has no place in an empty volume");
	if (!empty && !volume->source)
		return error_set(err, -EBADMSG, ".source: required");
	if (empty && !volume->mode)
		volume->mode = memory_text("0755");
	return 0;
}

static const struct schema volume_schema = {sizeof(struct volume), volume_fields,
                                            check_volume};

static const struct field mount_fields[] = {
	{"volume", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct mount, volume),
         .check = name_check_name},
	{"path", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct mount, path),
         .check = name_check_mount_path},
	{"appVolume", FIELD_POINTER, 0, offsetof(struct mount, app_volume),
         .of = &volume_schema},
	{0},
};
static const struct schema mount_schema = {sizeof(struct mount), mount_fields, NULL};

/* Without an ID it is a template's (appc 3.2). */
static const struct field pod_image_fields[] = {
	{"name", FIELD_TEXT, 0, offsetof(struct pod_image, name),
         .check = name_check_identifier},
	{"id", FIELD_TEXT, 0, offsetof(struct pod_image, id),
         .check = name_check_image_id},
	{"labels", FIELD_LIST, FIELD_UNIQUE, offsetof(struct pod_image, labels),
         .of = &label_schema},
	{0},
};

static int check_pod_image(void *value, struct error *err)
{
	const struct pod_image *image = value;

	return labels_check(image->labels.items, image->labels.count, err);
}

static const struct schema pod_image_schema = {sizeof(struct pod_image), pod_image_fields,
                                               check_pod_image};

static int check_pod_app_annotation(void *value, struct error *err)
{
	const struct name_value *annotation = value;
	autoclear(limits) limits = {0};

	if (annotation_schema.check(value, err) < 0)
		return err->code;
	if (strcmp(annotation->name, POD_APP_ULIMIT) != 0 ||
	    limits_parse(&limits, annotation->value, err) == 0)
		return 0;
	err->code = -EBADMSG;
	return error_wrap(err, ".value");
}

static const struct field annotation_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct name_value, name),
         .check = name_check_identifier},
	{"value", FIELD_TEXT, FIELD_KEEP, offsetof(struct name_value, value)},
	{0},
};
const struct schema pod_app_annotation_schema = {
	sizeof(struct name_value), annotation_fields, check_pod_app_annotation};

static const struct field pod_app_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct pod_app, name),
         .check = name_check_name},
	{"image", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct pod_app, image),
         .of = &pod_image_schema},
	{"app", FIELD_POINTER, 0, offsetof(struct pod_app, app), .of = &app_schema},
	{"readOnlyRootFS", FIELD_BOOL, 0, offsetof(struct pod_app, read_only_rootfs)},
	{"mounts", FIELD_LIST, 0, offsetof(struct pod_app, mounts), .of = &mount_schema},
	{"annotations", FIELD_LIST, FIELD_UNIQUE, offsetof(struct pod_app, annotations),
         .of = &pod_app_annotation_schema},
	{0},
};
static const struct schema pod_app_schema = {sizeof(struct pod_app), pod_app_fields,
                                             NULL};

static const char *check_host_ip(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1 ? NULL : "must be an IPv4 address";
}

static const struct field exposed_port_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct exposed_port, name),
         .check = name_check_name},
	{"hostPort", FIELD_INT, FIELD_REQUIRED, offsetof(struct exposed_port, host_port),
         .min = 1, .max = PORT_MAX},
	{"hostIP", FIELD_TEXT, FIELD_BLANK, offsetof(struct exposed_port, host_ip),
         .check = check_host_ip},
	{"podPort", FIELD_POINTER, 0, offsetof(struct exposed_port, pod_port),
         .of = &port_schema},
	{0},
};
static const struct schema exposed_port_schema = {sizeof(struct exposed_port),
                                                  exposed_port_fields, NULL};

static const char *check_kind(const char *text)
{
	return strcmp(text, "PodManifest") == 0 ? NULL : "must be PodManifest";
}

/* The nulls and the empty array are rkt's. */
static const struct field pod_manifest_fields[] = {
	{"acVersion", FIELD_TEXT, FIELD_REQUIRED,
         offsetof(struct pod_manifest, ac_version), .check = name_check_version},
	{"acKind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct pod_manifest, ac_kind),
         .check = check_kind},
	{"apps", FIELD_LIST, FIELD_NULL | FIELD_UNIQUE,
         offsetof(struct pod_manifest, apps), .of = &pod_app_schema},
	{"volumes", FIELD_LIST, FIELD_NULL | FIELD_UNIQUE,
         offsetof(struct pod_manifest, volumes), .of = &volume_schema},
	{"isolators", FIELD_LIST, FIELD_NULL, offsetof(struct pod_manifest, isolators),
         .of = &isolator_schema},
	{"annotations", FIELD_LIST, FIELD_NULL | FIELD_UNIQUE,
         offsetof(struct pod_manifest, annotations), .of = &annotation_schema},
	{"ports", FIELD_LIST, FIELD_KEEP, offsetof(struct pod_manifest, ports),
         .of = &exposed_port_schema},
	{"userAnnotations", FIELD_MAP, 0,
         offsetof(struct pod_manifest, user_annotations)},
	{"userLabels", FIELD_MAP, 0, offsetof(struct pod_manifest, user_labels)},
	{0},
};

static int check_pod_manifest(void *value, struct error *err)
{
	const struct pod_manifest *pod = value;
	struct error why;

	if (isolator_check_list(pod->isolators.items, pod->isolators.count, ISOLATOR_POD,
	                        &why) < 0)
		return error_set(err, why.code, ".isolators%s", why.text);
	return 0;
}

const struct schema pod_manifest_schema = {sizeof(struct pod_manifest),
                                           pod_manifest_fields, check_pod_manifest};

static const struct field salvaged_image_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEEP, offsetof(struct pod_image, name)},
	{"id", FIELD_TEXT, FIELD_KEEP, offsetof(struct pod_image, id)},
	{"labels", FIELD_LIST, 0, offsetof(struct pod_image, labels),
         .of = &salvaged_label_schema},
	{0},
};
static const struct schema salvaged_image_schema = {sizeof(struct pod_image),
                                                    salvaged_image_fields, NULL};

static const struct field salvaged_app_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEEP, offsetof(struct pod_app, name)},
	{"image", FIELD_OBJECT, 0, offsetof(struct pod_app, image),
         .of = &salvaged_image_schema},
	{0},
};
static const struct schema salvaged_app_schema = {sizeof(struct pod_app),
                                                  salvaged_app_fields, NULL};

static const struct field salvaged_fields[] = {
	{"acVersion", FIELD_TEXT, FIELD_KEEP, offsetof(struct pod_manifest, ac_version)},
	{"acKind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct pod_manifest, ac_kind),
         .check = check_kind},
	{"apps", FIELD_LIST, 0, offsetof(struct pod_manifest, apps),
         .of = &salvaged_app_schema},
	{0},
};
static const struct schema salvaged_schema = {sizeof(struct pod_manifest),
                                              salvaged_fields, NULL};

int pod_manifest_decode(const char *text, size_t len, struct pod_manifest *pod,
                        struct error *err)
{
	return schema_decode(&pod_manifest_schema, text, len, pod, err);
}

int pod_manifest_salvage(const char *text, size_t len, struct pod_manifest *pod,
                         struct error *err)
{
	return schema_decode(&salvaged_schema, text, len, pod, err);
}

void pod_manifest_encode(const struct pod_manifest *pod, enum schema_style style,
                         struct buf *out)
{
	schema_encode(&pod_manifest_schema, pod, style, out);
}

void pod_manifest_clear(struct pod_manifest *pod)
{
	schema_clear(&pod_manifest_schema, pod);
}
