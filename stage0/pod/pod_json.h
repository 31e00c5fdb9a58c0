/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pod as `list` and `status` tell of it in JSON (rkt 2.10), in rkt's members and order.
 * A pod's times are seconds since 1970, an app's nanoseconds; 0 is not known, and left out.
 */

#include "common/appc/pod_manifest.h"
#include "stage0/pod/pods.h"

/* A network that the pod is in, as stage1 wrote it to net-info.json (rkt 8.7). */
struct pod_network {
	char *name;
	char *configuration; /* a path below the pod's directory */
	char *plugin;
	char *interface;
	char *ip;
	char *arguments;
	char *mask;
};

struct pod_networks {
	LIST_OF(struct pod_network) items;
};

struct mount_object {
	char *name;
	char *container_path;
	char *host_path; /* "" if the volume has no source */
	bool read_only;
};

struct app_object {
	char *name;
	char *state;
	int64_t created_at;
	int64_t started_at;
	int64_t finished_at;
	char *exit_code; /* a number as JSON, as 0 is one too; NULL: not exited */
	char *image_id;
	LIST_OF(struct mount_object) mounts;
	LIST_OF(struct name_value) user_annotations;
	LIST_OF(struct name_value) user_labels;
};

struct pod_object {
	char *name; /* the UUID */
	char *state;
	struct pod_networks networks;
	struct strv app_names;
	LIST_OF(struct app_object) apps;
	int64_t created_at;
	int64_t started_at;
	LIST_OF(struct name_value) user_annotations;
	LIST_OF(struct name_value) user_labels;
};

/* Reads what the pod says of itself. Fails for one that was never
 * prepared: it has no time of creation. */
must_check int pod_object_read(const struct pod *pod, struct pod_object *object,
                               struct error *err);
void pod_object_clear(struct pod_object *object);

void pod_object_encode(const struct pod_object *object, enum schema_style style,
                       struct buf *out);

/* Adds an array of the COUNT objects; none is "null". */
must_check int pod_objects_encode(const struct pod_object *objects, size_t count,
                                  enum schema_style style, struct buf *out,
                                  struct error *err);

/* The networks of a pod that is running or has exited; none for any other. */
must_check int pod_networks_read(const struct pod *pod, struct pod_networks *networks,
                                 struct error *err);
void pod_networks_clear(struct pod_networks *networks);

/* Adds "default:ip4=172.16.28.2, other:ip4=10.1.0.2" (rkt 2.10). */
void pod_networks_text(const struct pod_networks *networks, struct buf *out);
