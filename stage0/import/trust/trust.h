/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "stage0/import/half.h"

/* Check signatures, and take keys apart (stage0/fetch/verify_protocol.h). */
extern const struct half half_verify, half_pubkey;
