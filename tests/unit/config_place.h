/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Three configuration directories below a test's own, and files in them. */

#include <assert.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
#include "stage0/config/config_dir.h"
#include "tests/unit/temporary.h"

static char *place_dirs[CONFIG_LAYERS];
static struct config_paths place;

static int place_make(void **state)
{
	if (work_make(state) < 0)
		return -1;
	umask(022);
	for (size_t i = 0; i < CONFIG_LAYERS; i++) {
		place_dirs[i] = memory_format("%s/%s", work, config_layer_names[i]);
		place.of[i] = place_dirs[i];
		assert_int_equal(mkdir(place_dirs[i], 0755), 0);
	}
	return 0;
}

static int place_remove(void **state)
{
	for (size_t i = 0; i < CONFIG_LAYERS; i++)
		free(take(place_dirs[i]));
	return work_remove(state);
}

/* Puts TEXT into the file PATH below the test's directory, and makes what leads there. */
static void put(const char *path, const char *text)
{
	autofree char *dir = memory_text(path);

	*strrchr(dir, '/') = '\0';
	assert_true(path_make_dirs(work_fd, dir, 0755, &err) >= 0);
	if (file_replace_at(work_fd, path, 0644, text, &err) < 0)
		fail_msg("%s", err.text);
}

#define unit_with_place(name) \
	cmocka_unit_test_setup_teardown(name, place_make, place_remove)
