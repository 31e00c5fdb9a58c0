/* SPDX-License-Identifier: Apache-2.0 */
/* A header's text, read as each of those that we read ourselves. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/import/net/header.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = memory_bytes(data, size);
	struct header_range range;

	if (header_max_age(text) < -1)
		abort();
	if (header_content_range(text, &range) &&
	    (range.first < 0 || range.first > range.last || range.last >= range.total))
		abort();
	if (header_has_word(text, "bytes") && strlen(text) < strlen("bytes"))
		abort();
	if (header_is_strong(text) && *text != '"')
		abort();
	return 0;
}
