/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Amounts of a resource: "64Mi", "500m", "1e3" (appc 1.4, Quantity). Exact: never a
 * floating point number. A value is a count of 10^-9 (nano) in 128 bits; binary values
 * above 2^63 - 1 are cut to that.
 */

#include <stdint.h>

#include "common/error.h"

enum quantity_family { QUANTITY_DECIMAL, QUANTITY_BINARY, QUANTITY_EXPONENT };

struct quantity {
	__int128 nano;
	enum quantity_family family; /* of its suffix, for quantity_format() */
};

must_check int quantity_parse(const char *text, struct quantity *quantity,
                              struct error *err);

/* The value in units of 10^-DECIMALS, rounded up: quantity_ceil(q, 0) is the whole value,
 * quantity_ceil(q, 3) thousandths. Cut to what an int64_t holds. */
int64_t quantity_ceil(const struct quantity *quantity, unsigned decimals);

/* The canonical text (appc 1.4); the caller's. */
must_check char *quantity_format(const struct quantity *quantity);
