/* SPDX-License-Identifier: Apache-2.0 */
#include "common/lock.h"

#include <sys/file.h>

static int operation(enum lock_kind kind)
{
	return kind == LOCK_SHARED ? LOCK_SH : LOCK_EX;
}

int lock_wait(int fd, enum lock_kind kind, struct error *err)
{
	while (flock(fd, operation(kind)) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot lock");
	return 0;
}

int lock_try(int fd, enum lock_kind kind, struct error *err)
{
	if (flock(fd, operation(kind) | LOCK_NB) == 0)
		return LOCK_TAKEN;
	if (errno == EWOULDBLOCK)
		return LOCK_BUSY;
	return error_errno(err, "cannot lock");
}

void lock_drop(int fd)
{
	flock(fd, LOCK_UN);
}
