/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A data directory of a test's own, and pods made in it by hand. A pod is alive while the
 * test holds the lock on its directory.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/lock.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/pod/pods.h"
#include "tests/unit/unit.h"

#define UUID_A "0f746094-3438-42bc-ab37-3cf85f132e60"
#define UUID_B "0f746094-9999-42bc-ab37-3cf85f132e60"
#define UUID_C "3f156900-e135-442d-8840-a4db5b33f80e"

static char data[sizeof("/tmp/gantry-pods-XXXXXX")];
static int data_fd = -1;
static struct error err;

static int data_make(void **state)
{
	(void)state;
	strcpy(data, "/tmp/gantry-pods-XXXXXX");
	assert_non_null(mkdtemp(data));
	data_fd = path_open(AT_FDCWD, data, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	assert_true(data_fd >= 0);
	assert_int_equal(path_make_dirs(data_fd, "pods/prepare", 0750, &err), 0);
	assert_int_equal(path_make_dir(data_fd, "pods/prepared", 0750, &err), 0);
	assert_int_equal(path_make_dir(data_fd, "pods/run", 0750, &err), 0);
	assert_int_equal(path_make_dir(data_fd, "pods/exited-garbage", 0750, &err), 0);
	assert_int_equal(path_make_dir(data_fd, "pods/garbage", 0750, &err), 0);
	return 0;
}

static int data_remove(void **state)
{
	(void)state;
	close(data_fd);
	return path_remove_tree(AT_FDCWD, data, &err);
}

/* Makes the pod's directory and returns it open. */
static inline int make_pod(const char *place, const char *uuid)
{
	autofree char *path = memory_format("pods/%s/%s", place, uuid);
	int fd;

	assert_int_equal(path_make_dir(data_fd, path, 0750, &err), 0);
	fd = path_open_dir(data_fd, path, &err);
	assert_true(fd >= 0);
	return fd;
}

static inline void move_pod(const char *uuid, const char *from, const char *to)
{
	autofree char *old = memory_format("pods/%s/%s", from, uuid);
	autofree char *new = memory_format("pods/%s/%s", to, uuid);

	assert_int_equal(path_rename(data_fd, old, data_fd, new, &err), 0);
}

static inline void write_file(int fd, const char *path, const char *text)
{
	assert_int_equal(file_create_at(fd, path, 0640, text, &err), 0);
}

static inline void make_dirs(int fd, const char *path)
{
	assert_int_equal(path_make_dirs(fd, path, 0755, &err), 0);
}

static inline struct pod *open_pod(const char *uuid)
{
	struct pod *pod = NULL;

	assert_int_equal(pod_open(&pod, data_fd, uuid, &err), 0);
	return pod;
}

static inline void hold_lock(int fd)
{
	assert_int_equal(lock_try(fd, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
}

#define unit_with_data(name) cmocka_unit_test_setup_teardown(name, data_make, data_remove)
