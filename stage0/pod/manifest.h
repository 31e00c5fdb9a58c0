/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pod manifest of a request (rkt 2.3 to 2.6): pure, from what the user said and what
 * the images say.
 */

#include "stage0/pod/app_args.h"

struct found_image {
	struct image_id id;
	struct image_manifest manifest;
};

/* Makes the pod manifest of REQUEST, whose apps have been found as IMAGES, in order. */
must_check int manifest_make(const struct pod_request *request,
                             const struct found_image *images, struct pod_manifest *pod,
                             struct error *err);

/* Whether the pod can be run as it stands, whoever made it (appc 3.2, rkt 2.6): app names
 * unique, each app with a command, mounts with a volume, ports that agree. IMAGES as above. */
must_check int manifest_check(const struct pod_manifest *pod,
                              const struct found_image *images, struct error *err);
