/* SPDX-License-Identifier: Apache-2.0 */

/* Run when gantry is configured: whether this libjansson.a works in a program of musl's. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	static const char text[] =
		"{\"a\":[1,-2.5,\"\\u00e9\\n\",true,null,{\"b\":1e3}]}";
	static const char again[] =
		"{\"a\":[1,-2.5,\"\xc3\xa9\\n\",true,null,{\"b\":1000.0}]}";
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);
	char *out = value ? json_dumps(value, JSON_COMPACT) : NULL;

	/* A syntax error takes the way through the formatted message. */
	return !(out && strcmp(out, again) == 0 && !json_loads("{]", 0, &error) &&
	         strstr(error.text, "near ']'"));
}
