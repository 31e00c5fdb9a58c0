/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Taking pods away (rkt 2.13, 2.14): a pod that is over is first moved to where nobody looks
 * for a pod any more, then deleted under its lock. A pod that exited waits in exited-garbage,
 * for its grace period, and for stage1's gc entry point to undo what it made outside of the
 * pod; it is removed from garbage, so that a removal cut short is only continued.
 *
 * A pod's mounts ended with its last process: there is nothing to unmount.
 */

#include "stage0/host.h"
#include "stage0/pod/pods.h"

/* What gc_mark() calls a pod in that state: "failed prepare"; NULL if it cannot be moved. */
const char *gc_kind(enum pod_state state);

/* Moves a pod that exited to exited-garbage, or one that never ran to garbage. -ENOENT if
 * someone else moved it before. */
must_check int gc_mark(struct pod *pod, struct error *err);

/* Nanoseconds since the directory was last moved, or, in pods/prepared, changed. */
must_check int gc_age(const struct pod *pod, int64_t *age, struct error *err);

/* Deletes a pod in exited-garbage or garbage that we hold the lock of. That stage1's gc entry
 * point failed is said, and hinders nothing. */
must_check int gc_delete(struct pod *pod, struct host *host, struct error *err);
