/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the entry points read of the pod's directory, which is their current directory. */

#include "common/appc/pod_manifest.h"

/* Reads the pod manifest, and gives each app that has none the app object of its image
 * (appc 3.3), so that every app has one. */
must_check int pod_files_read(struct pod_manifest *pod, struct error *err);

/* The lock's descriptor, from the environment; closed on exec from now on. */
must_check int pod_files_lock(struct error *err);
