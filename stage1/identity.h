/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who an app is: its user and group resolved inside its own root file system (appc 1.7.1,
 * ACE-81, rkt 7.9). The form alone decides what a text means, so that an image's passwd can
 * never turn a number into another one:
 *
 *	digits		that number, whoever has it
 *	/path		the owner, or the group, of that file in the image
 *	anything else	a name in the image's own /etc/passwd or /etc/group; root is 0
 *
 * The host's databases are never asked.
 */

#include <sys/types.h>

#include "common/error.h"

struct identity {
	uid_t uid;
	gid_t gid;
	char *name; /* NULL unless the user was given by name */
	char *home; /* likewise */
	char *shell;
};

/* Resolves in the root file system open as ROOT_FD. */
must_check int identity_resolve(int root_fd, const char *user, const char *group,
                                struct identity *identity, struct error *err);
void identity_clear(struct identity *identity);
