/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A draft: a locked directory that is being filled, and that becomes visible by one rename.
 * Images, trees and pods are all born this way. A draft left behind holds no lock: it is
 * garbage, and the next draft_sweep() removes it.
 */

#include "common/error.h"

struct draft;

enum draft_outcome { DRAFT_PUBLISHED, DRAFT_EXISTS };

/* Makes and locks an empty directory called NAME (NULL: a fresh one) under PARENT_FD. */
must_check int draft_begin(struct draft **draft, int parent_fd, const char *name,
                           struct error *err);

/* The directory to fill, which holds the lock. It stays the draft's. */
int draft_fd(const struct draft *draft);

/* Renames the draft to NAME under TO_FD. May return DRAFT_EXISTS: then the draft was not
 * needed, and goes with draft_free(). */
must_check int draft_publish(struct draft *draft, int to_fd, const char *name,
                             struct error *err);

/* Changes places, in one step, with NAME under TO_FD, which is there: that is the draft now,
 * and goes with draft_free(), or when it is swept. */
must_check int draft_exchange(struct draft *draft, int to_fd, const char *name,
                              struct error *err);

/* Removes the directory, unless it was published, and lets go of the lock. */
void draft_free(struct draft *draft);
define_autoptr(draft);

/* Removes what dead processes left under PARENT_FD. */
must_check int draft_sweep(int parent_fd, struct error *err);
