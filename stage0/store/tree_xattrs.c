/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/tree_xattrs.h"

#include <string.h>
#include <sys/xattr.h>

#include "common/memory.h"
#include "common/strv.h"

/* The kernel's own limit, of a value and of all names. */
enum { XATTRS_MAX = 64 << 10 };

void tree_xattrs_clear(struct tree_xattrs *xattrs)
{
	for (size_t i = 0; i < xattrs->count; i++) {
		free(xattrs->items[i].name);
		buf_clear(&xattrs->items[i].value);
	}
	free(xattrs->items);
	*xattrs = (struct tree_xattrs){0};
}

/* The others are the host's: labels, access control lists. */
static bool is_of_image(const char *name)
{
	return strncmp(name, "user.", strlen("user.")) == 0 ||
	       strcmp(name, "security.capability") == 0;
}

static int list_names(int fd, bool trusted, struct strv *names, struct error *err)
{
	autofree char *list = NULL;
	ssize_t len = flistxattr(fd, NULL, 0);

	if (len == 0 || (len < 0 && errno == ENOTSUP))
		return 0;
	list = memory_zeroed(XATTRS_MAX + 1, 1);
	len = flistxattr(fd, list, XATTRS_MAX);
	if (len < 0)
		return error_errno(err, "cannot list its extended attributes");
	for (const char *name = list; name < list + len; name += strlen(name) + 1)
		if (is_of_image(name) || (trusted && strncmp(name, "trusted.", 8) == 0))
			strv_add(names, name);
	strv_sort(names);
	return 0;
}

int tree_xattrs_read(int fd, bool trusted, struct tree_xattrs *xattrs, struct error *err)
{
	autoclear(strv) names = {0};
	int r = list_names(fd, trusted, &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		struct tree_xattr *one = list_add(xattrs);
		ssize_t len = fgetxattr(fd, names.items[i],
		                        buf_reserve(&one->value, XATTRS_MAX), XATTRS_MAX);

		one->name = memory_text(names.items[i]);
		if (len < 0)
			return error_errno(err, "cannot read the extended attribute '%s'",
			                   one->name);
		one->value.len = (size_t)len;
	}
	return r;
}
