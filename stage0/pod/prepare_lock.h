/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HOST_PREPARE_LOCK: held shared from the look-up of a pod's images until its directory names
 * them, exclusively while image gc collects what no pod names. None loses to the other what
 * it has just found.
 */

#include "common/lock.h"
#include "stage0/host.h"

/* Waits for the lock. Returns a descriptor, the caller's, that holds it until it is closed. */
must_check int prepare_lock(struct host *host, enum lock_kind kind, struct error *err);
