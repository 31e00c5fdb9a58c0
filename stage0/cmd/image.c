/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/command.h"

const struct command cmd_image = {
	.name = "image",
	.summary = "do something with the images in the store",
};
