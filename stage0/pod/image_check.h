/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Comparing an image's tree with what it was made of, and putting it right if no running pod
 * uses it (store/check.h). No pod is prepared while a tree is replaced: HOST_PREPARE_LOCK is
 * held; finding that all is well keeps nobody waiting.
 */

#include "stage0/host.h"
#include "stage0/store/check.h"

/* Checks the image ID of STORE, called TEXT in what is told of a tree that is rebuilt. May
 * return CHECK_REPAIRED. */
must_check int image_check(struct host *host, struct store *store,
                           const struct image_id *id, const char *text,
                           struct error *err);
