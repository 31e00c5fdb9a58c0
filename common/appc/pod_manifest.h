/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The pod manifest (appc 3), in the shape rkt writes (rkt 2.6). */

#include "common/appc/image_manifest.h"

/* The annotation of an app that says its resource limits, as in common/limits.h. Only a pod's
 * manifest has it: an image's annotations are no word of the administrator's. */
#define POD_APP_ULIMIT "gantry/ulimit"

struct volume {
	char *name;
	char *kind;   /* "host" or "empty" */
	char *source; /* kind host: absolute */
	enum choice read_only;
	enum choice recursive;
	char *mode;  /* kind empty: octal digits; "0755" if not given */
	int64_t uid; /* kind empty */
	int64_t gid;
};

struct mount {
	char *volume;
	char *path;
	struct volume *app_volume; /* NULL: VOLUME names one of the pod's */
};

struct pod_image {
	char *name; /* may be NULL */
	char *id;
	LIST_OF(struct name_value) labels;
};

struct pod_app {
	char *name;
	struct pod_image image;
	struct app *app; /* NULL: the image's own */
	bool read_only_rootfs;
	LIST_OF(struct mount) mounts;
	LIST_OF(struct name_value) annotations;
};

struct exposed_port {
	char *name;
	int64_t host_port;
	char *host_ip;         /* NULL: every address */
	struct port *pod_port; /* NULL: the app port called NAME */
};

struct pod_manifest {
	char *ac_version;
	char *ac_kind;
	LIST_OF(struct pod_app) apps;
	LIST_OF(struct volume) volumes;
	LIST_OF(struct isolator) isolators;
	LIST_OF(struct name_value) annotations;
	LIST_OF(struct exposed_port) ports;
	LIST_OF(struct name_value) user_annotations;
	LIST_OF(struct name_value) user_labels;
};

extern const struct schema pod_manifest_schema;

/* An annotation of an app in a pod: annotation_schema, and what POD_APP_ULIMIT must be. */
extern const struct schema pod_app_annotation_schema;

must_check int pod_manifest_decode(const char *text, size_t len, struct pod_manifest *pod,
                                   struct error *err);

/* Reads what a list or a collection of garbage needs of a manifest that may break the rules:
 * kind, version, and the apps' names and images, all unchecked (appc 3.7). */
must_check int pod_manifest_salvage(const char *text, size_t len,
                                    struct pod_manifest *pod, struct error *err);

void pod_manifest_encode(const struct pod_manifest *pod, enum schema_style style,
                         struct buf *out);
void pod_manifest_clear(struct pod_manifest *pod);
