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
 * It tells each entry's name as it stands in the stream, since libarchive composes Unicode, and
 * owners and times of extended headers, which libarchive takes whatever they are.
 */

#include <stddef.h>

#include "common/error.h"
#include "stage0/import/image/tar_head.h"

struct tar_reader;

must_check struct tar_reader *tar_reader_new(void);
void tar_reader_free(struct tar_reader *reader);
define_autoptr(tar_reader);

/* Takes the next LEN bytes of the stream. */
must_check int tar_reader_add(struct tar_reader *reader, const void *data, size_t len,
                              struct error *err);

/* The stream has ended. */
must_check int tar_reader_end(struct tar_reader *reader, struct error *err);

/* Adds the entries whose headers have gone by since the last time to *HEADS. */
void tar_reader_heads(struct tar_reader *reader, struct tar_heads *heads);
