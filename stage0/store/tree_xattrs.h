/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The extended attributes of a file or directory that belong to its image (appc 1.9). */

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/list.h"

struct tree_xattr {
	char *name;
	struct buf value;
};

struct tree_xattrs {
	LIST_OF(struct tree_xattr);
};
void tree_xattrs_clear(struct tree_xattrs *xattrs);

/* Reads those of the open FD, sorted by name; TRUSTED: and those that overlayfs obeys, which
 * none has unless it was tampered with. A file system that knows none has none. */
must_check int tree_xattrs_read(int fd, bool trusted, struct tree_xattrs *xattrs,
                                struct error *err);
