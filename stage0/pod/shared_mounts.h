/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is mounted below a path of the host's stays one with what is mounted there in the pod,
 * although the pod's namespace is cut off from the host's: a clone that is taken before the
 * cut lies over the path after it. Whoever opens the path then, of whatever stage1, has it.
 */

#include "common/error.h"
#include "common/list.h"
#include "common/strv.h"

struct shared_mounts {
	LIST_OF(struct shared_mount {
		int clone_fd; /* attached nowhere yet */
		int place_fd; /* where it was taken from */
	})
	mounts;
};

/* Takes clones at PATHS, as the administrator wrote them, in a copy of the host's namespace. */
must_check int shared_mounts_open(struct shared_mounts *mounts, const struct strv *paths,
                                  struct error *err);

/* Puts each over the place that it came from. */
must_check int shared_mounts_put(struct shared_mounts *mounts, struct error *err);
void shared_mounts_clear(struct shared_mounts *mounts);
