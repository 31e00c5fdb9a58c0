/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Laying out a pod's directory (common/pod/pod.h) as a draft in pods/prepare, locked, and
 * publishing it by a rename. A pod killed at any moment before is an aborted prepare.
 */

#include "common/appc/pod_manifest.h"
#include "common/uuid.h"
#include "stage0/host.h"
#include "stage0/pod/manifest.h"
#include "stage0/store/store.h"

/* All that a pod is made of, decided. */
struct pod_plan {
	const struct pod_manifest *manifest;
	const char *manifest_text;     /* stored as it is; NULL: encode MANIFEST */
	const struct image_id *images; /* one for each of the manifest's apps, in order */
	const struct found_image *found; /* the same, with their manifests */
	const struct image_id *stage1;
};

struct pod_draft;

/* Makes pods/prepare/UUID, with its lock, and fills it. */
must_check int pod_prepare(struct pod_draft **draft, struct host *host,
                           const struct pod_plan *plan, struct error *err);

const char *pod_draft_uuid(const struct pod_draft *draft);

/* Renames it to pods/TO, "run" or "prepared". */
must_check int pod_draft_publish(struct pod_draft *draft, const char *to,
                                 struct error *err);

/* The manifest of its stage1; the draft's. */
const struct image_manifest *pod_draft_stage1(const struct pod_draft *draft);

/* The host's paths of volumes whose mounts the pod is to share with the host. */
const struct strv *pod_draft_shared(const struct pod_draft *draft);

/* Its directory with the lock, now the caller's. */
must_check int pod_draft_take_fd(struct pod_draft *draft);

/* Removes it, unless it was published. */
void pod_draft_free(struct pod_draft *draft);
define_autoptr(pod_draft);
