/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The supervisor: what is left of "gantry run" while the pod lives. It holds the pod's lock,
 * starts process 1, hands signals on to it, writes what the pod's directory says of it (pid,
 * the status of each app) and ends with the pod's exit status.
 */

#include "stage1/pod_plan.h"

/* Runs the pod in the current directory, and returns its exit status: that of the first app
 * to fail, else 0. LOCK_FD is the pod's lock. */
must_check int supervisor_run(const struct pod_plan *plan, int lock_fd,
                              struct error *err);
