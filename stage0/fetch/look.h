/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the store alone has to say of a wanted image: no network, no child, no thread. */

#include "stage0/fetch/wanted.h"

enum look_outcome {
	LOOK_FOUND, /* it is in the store: wanted->id */
	LOOK_FETCH  /* it has to be fetched */
};

/* Fails if the policy forbids to fetch what is not there. */
must_check int look_for(struct wanted *wanted, struct error *err);
