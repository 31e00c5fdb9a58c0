/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Process 1 of the pod: sets up the namespaces it was born in, starts the apps, reaps, hands
 * on signals, and ends the pod by rkt's rule: when one app has failed the others are
 * stopped, and when the last has ended the pod has (rkt 7.6).
 *
 * It owns no name of the host: what it needs is open before, and its own root is the app's,
 * or, with several apps, an empty read-only one. It tells the supervisor by reports.
 */

#include "stage1/app_spec.h"
#include "stage1/output.h"
#include "stage1/stage2_program.h"
#include "stage1/volume_mount.h"

struct init {
	const struct pod_plan *plan;
	const struct app_spec *specs; /* one for each app of the plan */
	int report_fd;
	const struct output *outputs;
	const char *stage2_dir;        /* from stage2_program_dir(), by who starts us */
	struct stage2_program stage2;  /* opened by init_run() */
	struct volume_mounts *volumes; /* the same; one for each app */
};

/* Lives as process 1. The exit status is 0, or 254 if the pod could not be set up. */
int init_run(struct init *init);
