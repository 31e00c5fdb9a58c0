/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An app ready to be executed: what stage2 is told, with the user, the group and the
 * environment that only the image's own files can complete. This one function makes the
 * credentials of the app and of whoever enters it.
 */

#include "common/exec_spec.h"
#include "stage1/pod_plan.h"

struct app_spec {
	struct exec_spec spec; /* descriptors not set */
	struct strv environment;
};

/* Resolves APP in the root file system ROOT_FD. */
must_check int app_spec_make(struct app_spec *spec, const struct pod_plan *pod,
                             const struct app_plan *app, int root_fd, struct error *err);
void app_spec_clear(struct app_spec *spec);
