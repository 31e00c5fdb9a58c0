/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Carrying out a mount plan, in a mount namespace of the caller's own. Nothing is looked up
 * by a path that the image controls but the three names in its root, and where volumes are
 * to be (mount_target.h); everything below the three is ours, reached by descriptor (threat
 * class 1).
 */

#include "stage1/mount_plan.h"
#include "stage1/volume_mount.h"

/* Mounts on the directory PATH of the pod a tmpfs with what the apps of a pod share in it:
 * "pts", an instance of devpts, and "shm". */
must_check int mount_shared_make(const char *path, struct error *err);

/*
 * Takes the plan's steps under the app's root file system ROOT, a mount of this namespace,
 * given as a path relative to the current directory, and makes it the root of the caller,
 * with nothing of the old one left in the namespace. SHARED is the path given to
 * mount_shared_make(), or NULL if the plan shares nothing; VOLUMES are the plan's, opened.
 * Sets *DEV_FD to /dev, which is the caller's.
 */
must_check int mount_plan_apply(const struct mount_plan *plan, const char *root,
                                const char *shared, const struct volume_mounts *volumes,
                                int *dev_fd, struct error *err);

/* Puts the terminal PTS_FD of the pod's devpts in place of /dev/console. */
must_check int mount_console(int dev_fd, int pts_fd, struct error *err);
