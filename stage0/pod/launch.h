/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Becoming the pod: the overlays in a private mount namespace, then the exec of stage1's run
 * entry point in this very process, with the pod's directory as current directory and its
 * lock as the only descriptor besides 0, 1 and 2 (rkt 6.6).
 */

#include "common/error.h"
#include "common/pod/stage1_abi.h"

/* POD_FD is the directory of a pod in pods/run, with its lock; STAGE1 the manifest of its
 * stage1, or NULL to read it there; SHARED as pod_mounts_shared() has it. Returns only to
 * fail. */
must_check int pod_launch(int pod_fd, const struct image_manifest *stage1,
                          const struct stage1_run *args, const struct strv *shared,
                          struct error *err);

/* Runs the stage1 entry point that ANNOTATION names, with ARGV after its argv[0], as a
 * child in POD_FD, and returns its exit status; -ENOENT if the stage1 has none. */
must_check int pod_call_stage1(int pod_fd, const char *annotation,
                               const struct strv *argv, struct error *err);

/* Becomes the stage1 entry point that ANNOTATION names, run from the stage1's tree in the
 * store. Returns only to fail. */
must_check int pod_become_stage1(int pod_fd, const char *annotation,
                                 const struct strv *argv, struct error *err);
