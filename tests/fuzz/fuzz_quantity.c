/* SPDX-License-Identifier: Apache-2.0 */
/* An amount: its canonical text means the same and is its own canonical text. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/quantity.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = memory_bytes(data, size);
	autofree char *canonical = NULL;
	autofree char *again = NULL;
	struct quantity quantity;
	struct quantity same;
	struct error err;

	if (quantity_parse(text, &quantity, &err) < 0)
		return 0;
	for (unsigned decimals = 0; decimals < 12; decimals++)
		(void)quantity_ceil(&quantity, decimals);
	canonical = quantity_format(&quantity);
	if (quantity_parse(canonical, &same, &err) < 0 || same.nano != quantity.nano)
		abort();
	again = quantity_format(&same);
	if (strcmp(again, canonical) != 0)
		abort();
	return 0;
}
