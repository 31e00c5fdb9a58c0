/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The uncompressed tar of an archive, for one who reads it block by block. Two threads work
 * ahead: one reads and inflates, one hashes and has our own reader judge the bytes
 * (tar_reader.h). So no byte is seen that was not hashed, and no entry that it has not accepted.
 */

#include <stdint.h>

#include "common/error.h"
#include "stage0/import/image/tar_head.h"

struct stream;

enum stream_outcome { STREAM_BLOCK, STREAM_END };

/* Of the file FD, from where it stands. Every byte read is written to COPY_FD, if not -1.
 * Both must stay open until it is freed. */
must_check int stream_open(struct stream **stream, int fd, int copy_fd,
                           struct error *err);

/* Ends the threads, at the next block: a read that is under way is waited for. */
void stream_free(struct stream *stream);
define_autoptr(stream);

/* Sets *DATA to the next *LEN bytes, the stream's until the next call, and adds the entries
 * that begin in them to *HEADS. May return STREAM_END: all has been read, and was good. */
must_check int stream_next(struct stream *stream, const void **data, size_t *len,
                           struct tar_heads *heads, struct error *err);

/* After STREAM_END: how many bytes there were, and "sha512-" and their digest. */
int64_t stream_size(const struct stream *stream);
const char *stream_digest(const struct stream *stream);
