/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a fuzzer each file of the directory that is the argument: its seeds, and what once
 * was a crash. */
#include <fcntl.h>
#include <stdio.h>

#include "common/file.h"
#include "common/path.h"
#include "tests/fuzz/fuzz.h"

enum { SEED_MAX = 1 << 20 };

static int replay(int dir_fd, struct error *err)
{
	autoclear(strv) names = {0};

	if (path_list(dir_fd, ".", &names, err) < 0)
		return err->code;
	strv_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		autoclear(buf) text = {0};

		if (file_read_at(dir_fd, names.items[i], SEED_MAX, &text, err) < 0)
			return err->code;
		printf("%s\n", names.items[i]);
		LLVMFuzzerTestOneInput((const uint8_t *)buf_string(&text), text.len);
	}
	return names.count ? 0 : error_set(err, -ENOENT, "no seeds");
}

int main(int argc, char **argv)
{
	struct error err = {0};
	autoclose int dir_fd = -1;

	if (argc != 2)
		return 1;
	dir_fd = path_open(AT_FDCWD, argv[1], PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	if (dir_fd < 0 || replay(dir_fd, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], err.text);
		return 1;
	}
	return 0;
}
