/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whole files, by descriptor or by a path of our own: read with a limit, written whole or
 * not at all. Failures return -errno: -ENOENT where there is no such file.
 */

#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/error.h"

/* Adds all that FD still has to give; more than MAX bytes is -EFBIG. */
must_check int file_read(int fd, size_t max, struct buf *into, struct error *err);

/* Reads the regular file PATH (PATH_OURS), at most MAX bytes. */
must_check int file_read_at(int dir_fd, const char *path, size_t max, struct buf *into,
                            struct error *err);

/* Whether the files A and B have the same bytes: 1 or 0. Where they stand does not matter. */
must_check int file_is_same(int a, int b, struct error *err);

/* Writes all LEN bytes. */
must_check int file_write(int fd, const void *data, size_t len, struct error *err);

/* An anonymous file with the LEN bytes of DATA in it, to be read from its beginning; returns a
 * descriptor, the caller's. */
must_check int file_in_memory(const void *data, size_t len, struct error *err);

/* Creates PATH, which must not exist, with TEXT in it. */
must_check int file_create_at(int dir_fd, const char *path, mode_t mode, const char *text,
                              struct error *err);

/* Makes PATH hold TEXT, by a rename: readers see the old or the new, never a part. */
must_check int file_replace_at(int dir_fd, const char *path, mode_t mode,
                               const char *text, struct error *err);
