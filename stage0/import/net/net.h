/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "stage0/import/half.h"

/* Talks HTTP (stage0/fetch/net_protocol.h). */
extern const struct half half_net;
