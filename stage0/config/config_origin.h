/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where something in the configuration comes from. All zero: from nowhere, it is not set. */

#include "stage0/config/config_dir.h"

struct config_origin {
	char *path; /* of the file */
	enum config_layer layer;
};
