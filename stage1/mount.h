/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mounts by descriptor: made or cloned first, then attached where another descriptor is, so
 * that no path of an image is ever looked up by the kernel for us (threat class 1).
 * Descriptors returned are the caller's, and close-on-exec.
 */

#include <stdint.h>

#include "common/error.h"

/* An option of a file system; VALUE is NULL for a flag. An array ends with a NULL key. */
struct mount_option {
	const char *key;
	const char *value;
};

/* Makes a mount of a new file system of TYPE, with MOUNT_ATTR_* ATTR, attached nowhere. */
must_check int mount_make(const char *type, const struct mount_option *options,
                          uint64_t attr, struct error *err);

/* Makes a mount of what FD is open on and of the mounts below it, attached nowhere. */
must_check int mount_clone(int fd, struct error *err);

/* Attaches MOUNT_FD on the directory or file TARGET_FD. */
must_check int mount_attach(int mount_fd, int target_fd, struct error *err);

/* Adds MOUNT_ATTR_* ATTR to the mount FD; to those below it as well if FLAGS has
 * AT_RECURSIVE. */
must_check int mount_set(int fd, uint64_t attr, unsigned flags, struct error *err);

/* Keeps what is mounted in this namespace from the one it was copied from, whoever that one
 * belongs to; what is mounted there goes on to come here. */
must_check int mount_keep_from_host(struct error *err);

/* Opens the directory NAME in an image's root, to mount on. Anything else of that name gives
 * way to one: an image decides over its own files, not where the kernel's are. */
must_check int mount_open_top(int root_fd, const char *name, struct error *err);

/* Makes ROOT_FD, a mount of this namespace, the root, and drops the old one. */
must_check int mount_pivot(int root_fd, struct error *err);
