/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/image.h"

const struct half *const halves[] = {
	&half_unpack,
	&half_name_tree,
	NULL,
};
