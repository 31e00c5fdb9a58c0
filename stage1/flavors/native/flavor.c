/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/flavor.h"

const struct flavor flavor = {.confined = true};
