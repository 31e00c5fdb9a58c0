/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The roots of a pod before it runs: overlays over the store's shared trees, in a mount
 * namespace of this process and its children alone. They go with the last of them: the
 * host's mount table never sees one, and there is nothing to unmount.
 *
 * The overlays are volatile: fsync(2) on a file of the pod's own layer does nothing, and the
 * end of a pod does not wait until all of the host's disk is written. A pod's layer is of
 * use to this one run; what must outlive the machine's crash belongs on a volume.
 */

#include "common/error.h"
#include "common/strv.h"

/* Leaves the mount namespace of the host for a copy, into which the host's later mounts and
 * unmounts go, and from which none comes back, but from below the paths SHARED of the host's
 * (scenario: a kubelet that mounts for others; rkt 7.13). */
must_check int overlay_leave_host(const struct strv *shared, struct error *err);

/* Mounts the overlay of stage1, if its root is one, and that of each app, in the pod's
 * directory, which is the current directory. */
must_check int overlay_mount_all(int pod_fd, struct error *err);
