/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pod's volumes, as far as they are there before it runs: what it wants of the host exists,
 * and its empty ones are made (ACE-38, ACE-46, rkt 7.8).
 *
 * The volume that nobody asked for, of an image that was made from Docker's, has what the
 * image has at that place, owner and mode too ("copy-up"): programs of such images expect it.
 */

#include "stage0/pod/prepare.h"

/* -ENOENT and a sentence that names the volume, if a path of the host's is not there. */
must_check int volumes_check(const struct pod_manifest *pod, struct error *err);

/* Makes the empty volumes that the pod's apps mount in its directory POD_FD. */
must_check int volumes_make(struct store *store, int pod_fd, const struct pod_plan *plan,
                            struct error *err);
