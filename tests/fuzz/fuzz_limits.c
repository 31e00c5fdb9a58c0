/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: what is read is written as a text that says the same. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/memory.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = memory_bytes(data, size);
	autoclear(limits) limits = {0}, same = {0};
	autoclear(buf) written = {0}, again = {0};
	struct error err;

	if (limits_parse(&limits, text, &err) < 0)
		return 0;
	for (size_t i = 0; i < limits.count; i++)
		if (limits.items[i].soft > limits.items[i].hard)
			abort();
	limits_format(&limits, &written);
	if (limits_parse(&same, buf_string(&written), &err) < 0)
		abort();
	limits_format(&same, &again);
	if (strcmp(buf_string(&written), buf_string(&again)) != 0)
		abort();
	return 0;
}
