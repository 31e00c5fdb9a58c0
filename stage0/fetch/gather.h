/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Images and all that they depend on, into the store (appc 1.6.3, rkt 4.8). Level after level
 * each image is looked for once; those that arrive are published when what they depend on is
 * in the store, from the leaves up.
 */

#include "stage0/fetch/finder.h"

must_check int gather(struct host *host, const struct finder_request *requests,
                      size_t count, enum pull_policy policy, enum progress_style progress,
                      struct image_id *ids, struct error *err);
