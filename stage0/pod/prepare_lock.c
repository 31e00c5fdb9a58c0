/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/prepare_lock.h"

#include <fcntl.h>

#include "common/path.h"

static int open_lock(int data_fd, struct error *err)
{
	int fd = path_open(data_fd, HOST_PREPARE_LOCK, PATH_OURS, O_RDONLY, err);

	if (fd != -ENOENT)
		return fd;
	fd = path_create(data_fd, HOST_PREPARE_LOCK, 0600, err);
	/* Another one was faster. */
	if (fd == -EEXIST)
		fd = path_open(data_fd, HOST_PREPARE_LOCK, PATH_OURS, O_RDONLY, err);
	return fd;
}

int prepare_lock(struct host *host, enum lock_kind kind, struct error *err)
{
	int data_fd = host_data_dir(host, true, err);
	int fd = data_fd < 0 ? data_fd : open_lock(data_fd, err);

	if (fd < 0)
		return fd;
	if (lock_wait(fd, kind, err) < 0) {
		close(fd);
		return error_wrap(err, "'%s'", HOST_PREPARE_LOCK);
	}
	return fd;
}
