/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A copy of an image's files that shares nothing with them: with their owners, modes, times,
 * holes, and the extended attributes that images have (security.capability and user.*). What are
 * two names of one file are that in the copy too.
 *
 * No link is followed, and a tree may be as deep as an archive can make it. Giving files to
 * their owners takes root, as does copying devices.
 */

#include "common/error.h"

/* Copies the directory FROM under FROM_FD to TO, which must not exist, under TO_FD. A copy that
 * failed is left where it is. */
must_check int tree_copy(int from_fd, const char *from, int to_fd, const char *to,
                         struct error *err);
