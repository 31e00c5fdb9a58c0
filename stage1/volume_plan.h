/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The volumes of one app: what is mounted where, and how, decided from the pod manifest
 * alone (appc 3.3, rkt 7.8). A part of the mount plan.
 *
 * They come parents first, so that one may lie on another. Most lie in the image, and are
 * mounted before our own file systems are; the few in /dev and /sys, after.
 *
 * No device works on a volume, unless the volume is that device's own file; what is on an
 * empty volume gives nobody another user's rights. With --insecure-options=paths, and in fly,
 * a volume of the host is as the host has it.
 */

#include "common/pod/pod_mounts.h"

struct volume_mount {
	const struct volume *volume;
	char *source; /* on the host, or in the pod's directory */
	char *target; /* without a leading '/' */
	bool late;    /* the target is in a file system of ours */
	bool read_only;
	bool shared;   /* see pod_volume_is_shared() */
	uint64_t attr; /* MOUNT_ATTR_* besides */
};

struct volume_plan {
	LIST_OF(struct volume_mount) mounts;
};

/* Plans the mounts of POD's app AT. PROTECT: the kernel's paths are (--disable-paths). */
must_check int volume_plan_make(struct volume_plan *plan, const struct pod_manifest *pod,
                                size_t at, bool protect, struct error *err);

/* A line for each mount that is LATE, or is not. */
void volume_plan_print(const struct volume_plan *plan, bool late, struct buf *out);
void volume_plan_clear(struct volume_plan *plan);
