/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One entry of a tree as another one's: with owner, mode, times, and the extended attributes
 * that images may have (security.capability, user.*). Entries are named in an open directory,
 * and no link is followed.
 */

#include <sys/stat.h>

#include "common/error.h"

/* Gives the open directory TO the attributes of the open directory FROM. */
must_check int tree_entry_copy_attributes(int from, int to, struct error *err);

/* Makes NAME in TO_FD a second name of NAME in FROM_FD, which is no directory; or, where a
 * file cannot have one more, a copy of it. */
must_check int tree_entry_link(int from_fd, const char *name, int to_fd,
                               struct error *err);

/* Makes NAME in TO_FD a copy of NAME in FROM_FD, which is no directory. */
must_check int tree_entry_copy(int from_fd, const char *name, int to_fd,
                               struct error *err);
