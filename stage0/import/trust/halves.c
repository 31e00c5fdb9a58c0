/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/trust.h"

const struct half *const halves[] = {
	&half_verify,
	&half_pubkey,
	NULL,
};
