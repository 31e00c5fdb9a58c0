/* SPDX-License-Identifier: Apache-2.0 */
#include "common/uuid.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static void format(const char *hex, struct uuid *uuid)
{
	snprintf(uuid->text, sizeof(uuid->text), "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
	         hex + 8, hex + 12, hex + 16, hex + 20);
}

int uuid_make(struct uuid *uuid, struct error *err)
{
	uint8_t b[16];
	char hex[33];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return error_errno(err, "cannot make a UUID");
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(b); i++)
		snprintf(hex + 2 * i, 3, "%02x", b[i]);
	format(hex, uuid);
	return 0;
}

bool uuid_is(const char *text)
{
	struct uuid uuid;
	struct error err;

	return uuid_parse(text, &uuid, &err) == 0 && strcmp(uuid.text, text) == 0;
}

int uuid_parse(const char *text, struct uuid *uuid, struct error *err)
{
	char hex[33] = "";
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '-')
			continue;
		if (!isxdigit((unsigned char)*p) || n == 32)
			return error_set(err, -EINVAL, "'%s' is not a UUID", text);
		hex[n++] = (char)tolower((unsigned char)*p);
	}
	if (n != 32)
		return error_set(err, -EINVAL, "'%s' is not a UUID", text);
	if (strspn(hex, "0") == 32)
		return error_set(err, -EINVAL, "the UUID is all zeros");
	format(hex, uuid);
	return 0;
}
