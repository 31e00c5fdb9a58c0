/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Two trees of an image's files, and the first thing in which one is not the other: a name, a
 * type, owner, mode, modification time, target, device, content, extended attribute, or what
 * is two names of one file. Extended attributes that label a file for this host (security.*,
 * but for file capabilities) do not count; trusted.*, which overlayfs obeys, does.
 *
 * Either may have been tampered with: no link is followed.
 */

#include "common/error.h"

enum tree_outcome { TREE_SAME, TREE_DIFFERENT };

/* Compares FOUND_FD with WANTED_FD, two directories. May return TREE_DIFFERENT: *DIFFERENCE is
 * the caller's, as "'etc/passwd': its mode is 0666, not 0644". */
must_check int tree_compare(int wanted_fd, int found_fd, char **difference,
                            struct error *err);
