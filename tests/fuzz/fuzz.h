/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Each fuzzer has one of these: it looks at SIZE bytes, returns 0, and leaves no memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
