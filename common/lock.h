/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Locks by flock(2) on an open directory or file: they go with the last copy of the
 * descriptor, so no crash leaves one behind.
 */

#include "common/error.h"

enum lock_kind { LOCK_SHARED, LOCK_EXCLUSIVE };
enum lock_outcome { LOCK_TAKEN, LOCK_BUSY };

/* Waits for the lock. */
must_check int lock_wait(int fd, enum lock_kind kind, struct error *err);

/* Takes the lock if that needs no waiting. May return LOCK_BUSY. */
must_check int lock_try(int fd, enum lock_kind kind, struct error *err);

void lock_drop(int fd);
