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

/*
 * Makes the pod manifest of REQUEST, whose apps have been found as IMAGES, in order. The app
 * sections of IMAGES move into POD, all zero before, so that none is copied on the way to a
 * pod. ENVIRONMENT is the caller's, for --inherit-env.
 */
must_check int manifest_make(const struct pod_request *request,
                             struct found_image *images, char *const *environment,
                             struct pod_manifest *pod, struct error *err);

/* Whether the pod can be run as it stands, whoever made it (appc 3.2, rkt 2.6): app names
 * unique, images as they were named, each app with a command, mounts with a volume, ports
 * that agree. IMAGES as above. */
must_check int manifest_check(const struct pod_manifest *pod,
                              const struct found_image *images, struct error *err);

/* The app section that holds for POD's app AT: its own, or else its image's; may be NULL. */
const struct app *manifest_app(const struct pod_manifest *pod,
                               const struct found_image *images, size_t at);
