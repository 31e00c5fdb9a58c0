/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image archives, from their first byte to the files they become, as root if it is run so.
 * Whatever they are, nothing but the directory they are extracted to changes. An input that
 * begins with '+' is a plain tar whose checksums are set right first, or no change of a
 * header would get past them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/import/image/extract.h"
#include "tests/fuzz/fuzz.h"

enum { BLOCK = 512, SUM = 148, SIZE = 124 };

static char top[] = "/tmp/gantry-fuzz-XXXXXX";
static int top_fd = -1;

static void must(bool good)
{
	if (!good)
		abort();
}

static void remove_top(void)
{
	struct error ignored;

	(void)!path_remove_tree(AT_FDCWD, top, &ignored);
}

static void begin(void)
{
	struct error err;

	umask(0);
	must(aci_prepare(&err) == 0 && mkdtemp(top));
	atexit(remove_top);
	top_fd = path_open(AT_FDCWD, top, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	must(top_fd >= 0 &&
	     file_create_at(top_fd, "beside", 0600, "untouched", &err) == 0);
}

static void check_beside(void)
{
	autoclear(strv) names = {0};
	autoclear(buf) text = {0};
	struct stat st;
	struct error err;

	must(path_list(top_fd, ".", &names, &err) == 0 && names.count == 2);
	must(path_stat(top_fd, "beside", &st, &err) == 0 && st.st_nlink == 1 &&
	     st.st_mode == (S_IFREG | 0600));
	must(file_read_at(top_fd, "beside", 100, &text, &err) == 0);
	must(strcmp(text.data, "untouched") == 0);
}

/* Sets the sum of what lies where headers lie. */
static void set_sums(uint8_t *tar, size_t size)
{
	while (size >= BLOCK && tar[0]) {
		unsigned long content = 0;
		unsigned sum = 8 * ' ';
		size_t step;
		char text[8];

		for (size_t i = 0; i < BLOCK; i++)
			sum += i >= SUM && i < SUM + 8 ? 0 : tar[i];
		snprintf(text, sizeof(text), "%06o", sum & 0777777);
		memcpy(tar + SUM, text, 7);
		tar[SUM + 7] = ' ';
		for (size_t i = SIZE; i < SIZE + 11 && tar[i] >= '0' && tar[i] <= '7';
		     i++)
			content = content * 8 + (tar[i] - '0');
		step = BLOCK + (content + BLOCK - 1) / BLOCK * BLOCK;
		if (step > size)
			break;
		tar += step;
		size -= step;
	}
}

static int extract(int fd, struct error *err)
{
	autoclear(buf) manifest = {0};
	autoptr(aci) aci = NULL;
	autoclose int to = -1;
	int64_t size;

	if (path_make_dir(top_fd, "to", 0700, err) < 0)
		return err->code;
	to = path_open_dir(top_fd, "to", err);
	if (to < 0 || aci_open(&aci, fd, -1, err) < 0 ||
	    extract_image(aci, to, &manifest, &size, err) < 0)
		return err->code;
	must(strlen(aci_digest(aci)) == 7 + 128 && size >= 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree uint8_t *copy = (uint8_t *)memory_bytes(data, size);
	autoclose int fd = memfd_create("archive", MFD_CLOEXEC);
	size_t skip = size && data[0] == '+';
	struct error err = {0};

	if (top_fd < 0)
		begin();
	if (skip)
		set_sums(copy + 1, size - 1);
	must(file_write(fd, copy + skip, size - skip, &err) == 0);
	must(lseek(fd, 0, SEEK_SET) == 0);
	(void)!extract(fd, &err);
	check_beside();
	must(path_remove_tree(top_fd, "to", &err) == 0);
	return 0;
}
