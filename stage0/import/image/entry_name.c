/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/entry_name.h"

#include <string.h>

#include "common/memory.h"
#include "stage0/import/image/aci.h"

int entry_name_clean(const char *name, char **clean, struct error *err)
{
	const char *whole = name;
	size_t len = strlen(name);
	autofree char *out = NULL;
	char *end;

	if (len == 0)
		return error_set(err, -EBADMSG, "an entry's name is empty");
	if (len > ACI_NAME_MAX)
		return error_set(err, -EBADMSG,
		                 "'%.200s...': the name is longer than %d bytes", name,
		                 ACI_NAME_MAX);
	if (name[0] == '/')
		return error_set(err, -EBADMSG, "'%.200s': the name is absolute", name);
	end = out = memory_zeroed(len + 1, 1);
	while (*name) {
		size_t part = strcspn(name, "/");

		if (part == 2 && memcmp(name, "..", 2) == 0)
			return error_set(err, -EBADMSG, "'%.200s': the name has a '..'",
			                 whole);
		if (part && !(part == 1 && name[0] == '.')) {
			if (end != out)
				*end++ = '/';
			memcpy(end, name, part);
			end += part;
		}
		name += part + (name[part] == '/');
	}
	*clean = take(out);
	return 0;
}
