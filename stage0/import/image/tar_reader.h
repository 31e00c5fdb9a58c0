/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A second opinion on a tar stream (threat 12). It reads the same bytes as libarchive, which
 * is made to get something out of anything, and accepts only what every reader takes alike:
 * POSIX ustar with extended headers, GNU long names and sparse files, and v7. Refused are
 * other entry types, numbers that are no plain octal or base-256, a size said twice in two
 * ways, records of extended headers that do not add up, global headers that mean anything,
 * content where there can be none, anything but zeros after the end, and no end.
 *
 * It tells each entry's name as it stands in the stream: libarchive composes Unicode.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct tar_reader;

struct tar_head {
	char type; /* '0' a file, '1' to '6' as in POSIX */
	char *name;
	char *target; /* of a link; else NULL */
	int64_t size; /* of a file, with its holes */
};
void tar_head_clear(struct tar_head *head);

must_check struct tar_reader *tar_reader_new(void);
void tar_reader_free(struct tar_reader *reader);
define_autoptr(tar_reader);

/* Takes the next LEN bytes of the stream. */
must_check int tar_reader_add(struct tar_reader *reader, const void *data, size_t len,
                              struct error *err);

/* The stream has ended. */
must_check int tar_reader_end(struct tar_reader *reader, struct error *err);

/* The next entry whose header has gone by, now the caller's, or false. */
bool tar_reader_next(struct tar_reader *reader, struct tar_head *head);
