/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A directory of a test's own, open as WORK_FD, gone afterwards. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"
#include "tests/unit/unit.h"

static char work[sizeof("/tmp/gantry-unit-XXXXXX")];
static int work_fd = -1;
static struct error err;

static int work_make(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	strcpy(work, "/tmp/gantry-unit-XXXXXX");
	assert_non_null(mkdtemp(work));
	work_fd = path_open(AT_FDCWD, work, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	assert_true(work_fd >= 0);
	return 0;
}

static int work_remove(void **state)
{
	(void)state;
	close(work_fd);
	return path_remove_tree(AT_FDCWD, work, &err);
}

#define unit_with_work(name) cmocka_unit_test_setup_teardown(name, work_make, work_remove)
