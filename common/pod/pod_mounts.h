/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pod's volumes and where its apps mount them (appc 3.3, rkt 2.5, 7.8): pure but for
 * pod_volume_make().
 *
 * A mount point of an app is served by the mount on its path; else by the pod's volume of its
 * name; else by an empty volume that is made for it, "APP-MOUNTPOINT". stage0 completes the
 * manifest that it writes; stage1 completes what it reads, which may be another's.
 *
 *	sharedVolumes/		of root alone: a volume may hold set-user-ID files of a pod's
 *	sharedVolumes/NAME	an empty volume of the pod, with the mode and owner it is to have
 */

#include "common/appc/pod_manifest.h"

#define POD_VOLUMES "sharedVolumes"
#define POD_VOLUME  "sharedVolumes/%s"

/* PATH without "//" and "."; one of a kind for each place. The caller's. */
must_check char *pod_mounts_path(const char *path);

/* Adds the mounts, and empty volumes, that the mount points of app AT still need; APP is its
 * app section. WARN: the user is told of each volume that nobody asked for. */
void pod_mounts_complete(struct pod_manifest *pod, size_t at, const struct app *app,
                         bool warn);

/* The volume that MOUNT means; NULL if POD has none of its name. */
const struct volume *pod_mounts_volume(const struct pod_manifest *pod,
                                       const struct mount *mount);

/* The mount point of app SELF that VOLUME is made for and nobody asked for; else NULL. */
const struct mount_point *pod_mounts_implicit(const struct pod_app *self,
                                              const struct app *app,
                                              const struct volume *volume);

bool pod_volume_is_host(const struct volume *volume);

/* Whether mounts that come and go below VOLUME pass between the host and the pod: if it was
 * said to be recursive, and may be written to. Into a volume that is read-only they would
 * come writable. */
bool pod_volume_is_shared(const struct volume *volume);

/* Adds the host's paths of all shared volumes that an app mounts, each once. Nothing can lie
 * over the root: of '/' the pod has what the host mounts, and keeps what it mounts. */
void pod_mounts_shared(const struct pod_manifest *pod, struct strv *sources);

/* Makes the directory of an empty volume in the pod's directory POD_FD, unless it is there
 * (ACE-46). */
must_check int pod_volume_make(int pod_fd, const struct volume *volume,
                               struct error *err);
