/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The mount plan: what an app will see besides its image, decided in full before anything
 * is mounted. mount_plan_make() touches nothing; mount_plan_apply() does what the plan says,
 * in its order. Between the two stands plain data, which run --debug prints and the tests
 * compare.
 *
 * /proc, /sys and /dev are always of our own making, whatever the image has there (ACE-190
 * to 198): a link or a file of that name in the image gives way to a directory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "stage1/mount.h"
#include "stage1/volume_plan.h"

enum mount_kind {
	MOUNT_FILESYSTEM, /* a new instance of the file system TYPE on TARGET */
	MOUNT_SHARED,     /* the pod's own instance of SOURCE, the same for each app */
	MOUNT_NODE,       /* the character device NUMBER at TARGET */
	MOUNT_LINK,       /* a symbolic link at TARGET to SOURCE */
	MOUNT_DIRECTORY,  /* an empty directory at TARGET, to mount on */
	MOUNT_SEAL,       /* TARGET, a file system of ours, takes no more changes */
	MOUNT_READ_ONLY,  /* TARGET and what is below it, where there is such a thing */
	MOUNT_MASK,       /* TARGET hidden behind nothing, where there is such a thing */
	MOUNT_VOLUMES,    /* the volumes in the image, or those in file systems of ours */
	MOUNT_ROOT        /* the app's root file system gets ATTR */
};

struct mount_step {
	enum mount_kind kind;
	const char *
		target; /* without a leading '/'; its first part is "proc", "sys", "dev" */
	const char *source;                 /* or the file system's type */
	const struct mount_option *options; /* MOUNT_FILESYSTEM; or NULL */
	uint64_t attr;                      /* MOUNT_ATTR_* */
	unsigned number;                    /* MOUNT_NODE: major << 8 | minor */
};

enum { MOUNT_STEPS_MAX = 64 };

struct mount_plan {
	struct mount_step steps[MOUNT_STEPS_MAX];
	size_t count;
	struct volume_plan volumes; /* what MOUNT_VOLUMES is about */
};

struct mount_request {
	bool masks;          /* hide and protect the kernel's paths (rkt 7.10) */
	bool read_only_root; /* ACE-17 */
	bool several_apps;   /* /dev/shm and /dev/pts are the pod's */
	bool volumes;        /* there are any */
};

/* PLAN's volumes have been planned, or are all zero, and stay. */
void mount_plan_make(struct mount_plan *plan, const struct mount_request *request);

/* A line for each step. */
void mount_plan_print(const struct mount_plan *plan, struct buf *out);
