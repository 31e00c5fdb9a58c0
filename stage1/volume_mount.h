/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Carrying out a volume plan: each volume is first a mount that is attached nowhere, made
 * where the host's paths can still be seen, and then attached in the app's root, where they
 * cannot.
 */

#include "stage1/mount_target.h"
#include "stage1/volume_plan.h"

/* A descriptor for each mount of a plan, in its order. */
struct volume_mounts {
	LIST_OF(int) fds;
};

/* Opens the volumes of PLAN, from the pod's directory. RECURSIVE: what is mounted below a
 * host's path comes along if the volume does not say (ACE-44). */
must_check int volume_mounts_open(struct volume_mounts *mounts,
                                  const struct volume_plan *plan, bool recursive,
                                  struct error *err);

/* Attaches the one of index AT to its target, or to REST of it below ROOT_FD; IMAGE as in
 * struct mount_target. GROUNDS learns of it. */
must_check int volume_mounts_attach(const struct volume_mounts *mounts,
                                    const struct volume_plan *plan, size_t at,
                                    const struct mount_target *target,
                                    struct grounds *grounds, struct error *err);
void volume_mounts_clear(struct volume_mounts *mounts);
