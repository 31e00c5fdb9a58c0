/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pod's directory, as the stages share it (rkt 6.4). All names are relative to it; it is
 * the current directory of every stage1 entry point, and a flock(2) on it means "alive".
 *
 *	pod				the pod manifest; its mtime is the pod's creation
 *	pid				process 1 of the pod as the host counts, written by
 *					rename when the pod is up; its mtime is the start
 *	net-info.json			the networks it is in, written by stage1 (rkt 8.7); not
 *					there if stage1 made none
 *	stage1/manifest			the stage1 image's manifest
 *	stage1/tree			link to the stage1 image's tree in the store
 *	stage1/rootfs/			the stage1 root: an overlay while the pod runs, or, for
 *					a stage1 that says it writes nothing of its own, links
 *	stage1/rootfs/opt/stage2/APP/	manifest: the image's; rootfs: the app's overlay;
 *					tree: link to its tree in the store
 *	stage1/rootfs/rkt/status/APP	exit status, decimal and a line end
 *	sharedVolumes/NAME		empty volumes (common/pod/pod_mounts.h)
 *	upper/, work/			overlayfs's own, one directory for each app and stage1
 *
 * When the pod has ended its mounts are gone, and what it wrote lies in upper/.
 */

#define POD_MANIFEST        "pod"
#define POD_PID             "pid"
#define POD_PPID            "ppid"
#define POD_NET_INFO        "net-info.json"
#define POD_STAGE1_MANIFEST "stage1/manifest"
#define POD_STAGE1_TREE     "stage1/tree"
#define POD_STAGE1_ROOT     "stage1/rootfs"
#define POD_APPS            "stage1/rootfs/opt/stage2"
#define POD_STATUS          "stage1/rootfs/rkt/status"

/* Of a pod of several apps, made by stage1: where they find what they share, and for each
 * the number of its process as the pod counts. */
#define POD_SHARED   "stage1/rootfs/rkt/shared"
#define POD_APP_PIDS "stage1/rootfs/rkt/pids"

/* The upper layer of a stage1 root that is an overlay; POD_STATUS of an ended pod lies in
 * it under STAGE1_STATUS. */
#define POD_STAGE1_UPPER "upper/.stage1"
#define POD_STAGE1_WORK  "work/.stage1"
#define STAGE1_STATUS    "rkt/status"

/* Of an app, an AC Name. The longest fits PATH_MAX with room to spare. */
#define POD_APP_MANIFEST "stage1/rootfs/opt/stage2/%s/manifest"
#define POD_APP_ROOT     "stage1/rootfs/opt/stage2/%s/rootfs"
#define POD_APP_TREE     "stage1/rootfs/opt/stage2/%s/tree"
#define POD_APP_UPPER    "upper/%s"
#define POD_APP_WORK     "work/%s"
