/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What tells the entry points that both flavours share which one they belong to. */

#include <stdbool.h>

struct flavor {
	bool confined; /* capabilities are taken away and a filter is loaded */
};

extern const struct flavor flavor;
