/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pod plan: what the pod manifest and the arguments of the run entry point come to, as
 * plain data. pod_plan_make() reads nothing but its arguments; what only the image can tell
 * (who "nginx" is) is resolved later, in app_spec.h.
 */

#include "common/appc/pod_manifest.h"
#include "common/limits.h"
#include "common/pod/stage1_abi.h"
#include "stage1/mount_plan.h"

struct app_plan {
	const char *name;
	const struct app *app;
	char *root; /* the app's root file system, relative to the pod's directory */
	struct mount_plan mounts;
	uint64_t capabilities;
	bool no_new_privs;    /* asked for by isolator */
	struct limits limits; /* any other is that of whoever starts the pod */
	bool has_oom_score_adj;
	int oom_score_adj;
};

struct pod_plan {
	uint64_t namespaces; /* CLONE_NEW* of process 1 */
	char *hostname;
	bool own_network;
	bool interactive;
	bool keep_capabilities; /* --disable-capabilities-restriction */
	bool filter;            /* the default seccomp filter */
	LIST_OF(struct app_plan) apps;
};

/* POD, whose apps all have their app object, stays the caller's and outlives the plan. */
must_check int pod_plan_make(struct pod_plan *plan, const struct pod_manifest *pod,
                             const struct stage1_run *args, struct error *err);
void pod_plan_print(const struct pod_plan *plan, struct buf *out);
void pod_plan_clear(struct pod_plan *plan);
