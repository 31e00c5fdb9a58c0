/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "stage0/import/half.h"

/* Unpacks an archive; names a tree by the images it is made of
 * (stage0/store/import_answer.h). */
extern const struct half half_unpack, half_name_tree;
