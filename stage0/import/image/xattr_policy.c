/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/xattr_policy.h"

#include <string.h>

enum { REFUSE = XATTR_DROP + 1 };

/* The first row that begins the name decides; one that ends in '.' stands for a family. */
static const struct {
	const char *name;
	int verdict;
} rows[] = {
	{"security.capability", XATTR_RESTORE},
	{"user.overlay.", REFUSE},
	{"user.", XATTR_RESTORE},
	{"security.selinux", XATTR_DROP},
	{"security.ima", XATTR_DROP},
	{"security.evm", XATTR_DROP},
};

static bool covers(const char *row, const char *name)
{
	size_t len = strlen(row);

	return strncmp(row, name, len) == 0 && (row[len - 1] == '.' || !name[len]);
}

int xattr_policy(const char *name, bool file_or_directory, struct error *err)
{
	int verdict = REFUSE;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (covers(rows[i].name, name)) {
			verdict = rows[i].verdict;
			break;
		}
	}
	if (verdict == REFUSE)
		return error_set(err, -EBADMSG,
		                 "the extended attribute '%.100s' is not for images",
		                 name);
	if (verdict == XATTR_RESTORE && !file_or_directory)
		return error_set(err, -EBADMSG,
		                 "the extended attribute '%.100s' is for files and "
		                 "directories only",
		                 name);
	return verdict;
}
