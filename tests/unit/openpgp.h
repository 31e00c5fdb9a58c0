/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The keys and signatures of tests/vectors/openpgp. */

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "tests/unit/unit.h"

/* Adds the file NAME. */
static inline void vector_read(const char *name, struct buf *into)
{
	autofree char *path = memory_format("%s/openpgp/%s", VECTORS, name);
	struct error why;
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY, &why);

	assert_true(fd >= 0);
	assert_int_equal(file_read(fd, 1 << 20, into, &why), 0);
}

/* The fingerprint of the key WHOSE; the caller's. */
static inline char *vector_fingerprint(const char *whose)
{
	autofree char *word = memory_format("%s ", whose);
	autoclear(buf) all = {0};
	const char *line;

	vector_read("fingerprints", &all);
	for (line = buf_string(&all); strncmp(line, word, strlen(word)) != 0; line++)
		line = strchr(line, '\n');
	line += strlen(word);
	return memory_bytes(line, strcspn(line, "\n"));
}
