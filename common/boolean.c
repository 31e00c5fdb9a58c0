/* SPDX-License-Identifier: Apache-2.0 */
#include "common/boolean.h"

#include <string.h>

int boolean_parse(const char *text, bool *value, struct error *err)
{
	static const char *const words[] = {"0", "f", "F", "FALSE", "false", "False",
	                                    "1", "t", "T", "TRUE",  "true",  "True"};
	enum { COUNT = sizeof(words) / sizeof(*words) };

	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*value = i >= COUNT / 2;
		return 0;
	}
	return error_set(err, -EINVAL, "must be true or false");
}
