/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Finding the place in an app's root to mount a volume on. The image decides over every part
 * of the path but the first, so it is walked by descriptor, one name at a time: a link leads
 * on within the root, and ".." back the way we came (threat class 1).
 *
 * What is missing is made (ACE-31, ACE-36), but only on GROUND_OURS: the pod's own layer and
 * its empty volumes, never a file system of the host's (ACE-37). Nothing is mounted on what
 * is shared with the host, where it would appear too.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/list.h"

enum ground { GROUND_HOST, GROUND_OURS, GROUND_SHARED };

/* The mounts that are known; what is mounted below one that is shared is shared too. */
struct grounds {
	LIST_OF(struct known_ground {
		uint64_t mount_id;
		enum ground ground;
	})
	known;
};

/* Says what the mount is that FD is on. */
must_check int grounds_add(struct grounds *grounds, int fd, enum ground ground,
                           struct error *err);
void grounds_clear(struct grounds *grounds);

struct mount_target {
	int root_fd;
	const char *path; /* without a leading '/' */
	bool directory;   /* what it is to be, as what will be mounted is */
	bool image;       /* the root is an image's: /proc, /sys and /dev in it are not */
};

/* Opens it with O_PATH, made if need be. */
must_check int mount_target_open(const struct mount_target *target,
                                 const struct grounds *grounds, struct error *err);
