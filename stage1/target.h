/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A process of a running pod, as the enter and stop entry points find it: by a pidfd, which
 * cannot come to mean another process, taken while the pod's lock shows that the pod is
 * alive (threat class 28). The current directory is the pod's.
 */

#include <sys/types.h>

#include "common/error.h"
#include "common/pod/stage1_abi.h"

struct target {
	pid_t pid; /* as we count; for messages and /proc */
	int fd;    /* its pidfd */
};

/* Finds process 1 of the pod, whose number TEXT says, or POD_PID if TEXT is NULL. */
must_check int target_find(struct target *target, const char *text, struct error *err);

/* From process 1, finds the process of APP, one of several. */
must_check int target_find_app(struct target *target, const char *app, struct error *err);

/* The words that the run entry point was started with, from the supervisor, which is the
 * parent of process 1: *STORAGE holds them. */
must_check int target_run_args(const struct target *target, struct strv *storage,
                               struct stage1_run *args, struct error *err);
