/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/net.h"

const struct half *const halves[] = {
	&half_net,
	NULL,
};
