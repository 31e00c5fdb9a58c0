/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/path.h"

int file_read(int fd, size_t max, struct buf *into, struct error *err)
{
	size_t total = 0;

	for (;;) {
		size_t room = into->room > into->len + 1 ? into->room - into->len - 1
		                                         : 4095;
		ssize_t n = read(fd, buf_reserve(into, room), room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read");
		into->data[into->len + (size_t)n] = '\0';
		if (n == 0)
			return 0;
		into->len += (size_t)n;
		total += (size_t)n;
		if (total > max)
			return error_set(err, -EFBIG, "is larger than %zu bytes", max);
	}
}

int file_read_at(int dir_fd, const char *path, size_t max, struct buf *into,
                 struct error *err)
{
	autoclose int fd = path_open(dir_fd, path, PATH_OURS,
	                             O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	struct stat st;

	if (fd < 0)
		return err->code;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);
	if (file_read(fd, max, into, err) < 0)
		return error_wrap(err, "'%s'", path);
	return 0;
}

int file_is_same(int a, int b, struct error *err)
{
	enum { PART = 128 << 10 };
	autofree char *parts = memory_zeroed(2, PART);
	off_t offset = 0;

	for (;;) {
		ssize_t n = pread(a, parts, PART, offset);
		ssize_t m = pread(b, parts + PART, PART, offset);

		if (n < 0 || m < 0)
			return error_errno(err, "cannot read");
		if (n != m || memcmp(parts, parts + PART, (size_t)n) != 0)
			return false;
		if (n == 0)
			return true;
		offset += n;
	}
}

int file_write(int fd, const void *data, size_t len, struct error *err)
{
	const char *from = data;

	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write");
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_in_memory(const void *data, size_t len, struct error *err)
{
	autoclose int fd = memfd_create("gantry", MFD_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot make a file in memory");
	if (file_write(fd, data, len, err) < 0)
		return err->code;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot rewind a file in memory");
	return take_fd(fd);
}

int file_create_at(int dir_fd, const char *path, mode_t mode, const char *text,
                   struct error *err)
{
	autoclose int fd = path_create(dir_fd, path, mode, err);

	if (fd < 0)
		return err->code;
	if (file_write(fd, text, strlen(text), err) < 0)
		return error_wrap(err, "'%s'", path);
	return 0;
}

int file_replace_at(int dir_fd, const char *path, mode_t mode, const char *text,
                    struct error *err)
{
	autofree char *draft = memory_format("%s.%d", path, (int)gettid());
	struct error ignored;
	int r = file_create_at(dir_fd, draft, mode, text, err);

	if (r >= 0)
		r = path_rename(dir_fd, draft, dir_fd, path, err);
	if (r < 0)
		(void)!path_remove(dir_fd, draft, &ignored);
	return r;
}
