/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Waiting for a pod to be up, or to end. Nothing polls: the lock that falls, the directory
 * that moves and the file that appears each wake who waits.
 */

#include <stdint.h>

#include "stage0/pod/pods.h"

enum { WAIT_FOREVER = -1 };

/* How long a pod that is being started is given before a command that needs its processes
 * does without: nanoseconds. */
#define WAIT_START (10 * INT64_C(1000000000))

enum wait_outcome { WAIT_DONE, WAIT_TIMED_OUT };

/* Whether the pod is done for good: exited, exited garbage, aborted prepare, garbage or gone
 * (rkt 6.2). */
bool pod_is_finished(enum pod_state state);

/* Waits until the pod is finished, at most TIMEOUT nanoseconds. May return WAIT_TIMED_OUT. */
must_check int pod_wait_end(struct pod *pod, int64_t timeout, struct error *err);

/* Waits until the pod is up, at most TIMEOUT nanoseconds. May return WAIT_TIMED_OUT; fails
 * for one that ends before. */
must_check int pod_wait_ready(struct pod *pod, int64_t timeout, struct error *err);
