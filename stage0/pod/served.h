/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What this version's stage1 enforces, in one place. A pod that asks for anything else is
 * refused before it is made, with one sentence that names what: an app never runs with a
 * limit that nobody enforces.
 */

#include "stage0/pod/manifest.h"

/* Judges what was asked for the pod as a whole; REQUEST says nothing of networks here. */
must_check int served_request(const struct pod_request *request, struct error *err);

/* Sets *NET to what stage1 is to be told for the list NETS (empty: "default"). */
must_check int served_net(const struct strv *nets, const char **net, struct error *err);

/* Judges what the manifest asks for. IMAGES are those of its apps, in order; NULL if every
 * app has a section of its own, or its image's has been judged. */
must_check int served_pod(const struct pod_manifest *pod,
                          const struct found_image *images, struct error *err);
