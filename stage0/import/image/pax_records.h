/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The records of a tar's extended header: "LENGTH KEYWORD=VALUE\n", to the last byte. */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "stage0/import/image/tar_head.h"

/* What they say of the entry that follows; NULL or -1: nothing. */
struct pax_records {
	char *path;
	char *link_path;
	char *sparse_name;
	int64_t size;      /* of what follows in the stream */
	int64_t real_size; /* of a sparse file */
	int64_t uid;
	int64_t gid;
	struct tar_time mtime; /* to the nanosecond before */
	struct tar_time atime;
};

/* Takes the LEN bytes apart. Fails for a record that does not add up, or stands twice. */
must_check int pax_records_parse(const char *data, size_t len,
                                 struct pax_records *records, struct error *err);

/* Judges a global header: one may only comment, since readers disagree about the rest. */
must_check int pax_records_check_global(const char *data, size_t len, struct error *err);

void pax_records_clear(struct pax_records *records);
