/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The image manifest (appc 1.6) and the app object it shares with the pod manifest
 * (appc 1.7). A decoded manifest has passed every rule of those sections that one document
 * can be judged by; the messages name the place.
 */

#include "common/appc/name.h"
#include "common/appc/schema.h"

struct event_handler {
	char *name; /* "pre-start" or "post-stop" */
	struct strv exec;
};

struct mount_point {
	char *name;
	char *path;
	bool read_only;
};

struct port {
	char *name;
	char *protocol;
	int64_t port;
	int64_t count; /* 1 if the manifest says nothing */
	bool socket_activated;
};

/* Kept as JSON: isolator.h gives it its meaning. */
struct isolator {
	char *name;
	char *value;
};

struct app {
	struct strv exec;
	LIST_OF(struct event_handler) event_handlers;
	char *user;
	char *group;
	LIST_OF(int64_t) supplementary_gids;
	char *working_directory; /* NULL: "/" */
	LIST_OF(struct name_value) environment;
	LIST_OF(struct mount_point) mount_points;
	LIST_OF(struct port) ports;
	LIST_OF(struct isolator) isolators;
	LIST_OF(struct name_value) user_annotations;
	LIST_OF(struct name_value) user_labels;
};

struct dependency {
	char *image_name;
	char *image_id; /* NULL if not given */
	LIST_OF(struct name_value) labels;
	int64_t size; /* bytes; 0 if not given */
};

struct image_manifest {
	char *ac_kind;
	char *ac_version;
	char *name;
	LIST_OF(struct name_value) labels;
	struct app *app; /* NULL if it has none */
	LIST_OF(struct name_value) annotations;
	LIST_OF(struct dependency) dependencies;
	struct strv path_whitelist;
};

/* For tables of other documents that contain one of these. */
extern const struct schema app_schema, port_schema, isolator_schema, name_value_schema,
	label_schema, annotation_schema, image_manifest_schema, salvaged_label_schema;

/* Judges a list of labels as a whole: "os" and "arch" (appc 1.6.1). */
must_check int labels_check(const struct name_value *labels, size_t count,
                            struct error *err);

must_check int image_manifest_decode(const char *text, size_t len,
                                     struct image_manifest *manifest, struct error *err);

/* Reads what a list or a collection of garbage needs of a manifest that may break the rules:
 * kind, version, name and labels, all unchecked (appc 3.7). */
must_check int image_manifest_salvage(const char *text, size_t len,
                                      struct image_manifest *manifest, struct error *err);

void image_manifest_encode(const struct image_manifest *manifest, enum schema_style style,
                           struct buf *out);
void image_manifest_clear(struct image_manifest *manifest);

/* The value called NAME in such a list, or NULL. Theirs. */
const char *name_value_find(const struct name_value *items, size_t count,
                            const char *name);

/* Gives NAME the VALUE in *LIST, a LIST_OF(struct name_value): where it stands, or at the
 * end. */
void name_value_set(void *list, const char *name, const char *value);

/* The value of the label or annotation, or NULL. Theirs. */
const char *image_manifest_label(const struct image_manifest *manifest, const char *name);
const char *image_manifest_annotation(const struct image_manifest *manifest,
                                      const char *name);

/* The first of COUNT LABELS that the image does not have with that very value (appc 2.6), or
 * NULL: it has them all, whatever others it may have. Theirs. */
const struct name_value *image_manifest_lacks(const struct image_manifest *manifest,
                                              const struct name_value *labels,
                                              size_t count);

/* "NAME" or "NAME:VERSION" (the version label); the caller's. */
must_check char *image_manifest_title(const struct image_manifest *manifest);

/* *COPY is all zero before. */
void app_copy(const struct app *app, struct app *copy);
void app_clear(struct app *app);
