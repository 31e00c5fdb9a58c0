/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/remote.h"

#include "common/file.h"
#include "common/lock.h"
#include "common/memory.h"
#include "stage0/store/inner.h"
#include "tests/unit/temporary.h"

#define URL   "https://example.com/a?b=%2F.aci"
#define PLACE "cas/remote/https%3A%2F%2Fexample.com%2Fa%3Fb%3D%252F.aci"
#define ID    "sha512-0000000000000000000000000000000000000000000000000000000000000001"

static struct store *store;

static int make(void **state)
{
	work_make(state);
	return store_open(&store, work_fd, &err);
}

static int unmake(void **state)
{
	store_free(store);
	return work_remove(state);
}

static struct remote *open_url(const char *url)
{
	struct remote *remote;

	assert_int_equal(remote_open(store, url, &remote, &err), 0);
	return remote;
}

static void write_record(struct remote *remote)
{
	const struct remote_record record = {
		.url = (char *)(uintptr_t)URL,
		.etag = (char *)(uintptr_t) "\"1\"",
		.max_age = 60,
		.asked = 1700000000,
		.image = (char *)(uintptr_t)ID,
	};

	assert_int_equal(remote_write(remote, &record, &err), 0);
}

static void put_image(void)
{
	assert_int_equal(path_make_dir(work_fd, "cas/image/" ID, 0755, &err), 0);
}

static bool is_there(const char *path)
{
	struct stat st;
	struct error ignored;

	return path_stat(work_fd, path, &st, &ignored) == 0;
}

/* A download of BYTES that was killed. */
static void leave_partial(struct remote *remote, const char *bytes, int64_t total)
{
	struct remote_partial partial = {.etag = (char *)(uintptr_t) "\"1\"",
	                                 .total = total};
	autoclose int fd = -1;

	assert_int_equal(remote_begin(remote, &partial, &fd, &err), 0);
	assert_int_equal(file_write(fd, bytes, strlen(bytes), &err), 0);
}

static int resume(struct remote *remote, int64_t *have)
{
	autoclear(remote_partial) partial = {0};
	autoclose int fd = -1;

	return remote_resume(remote, &partial, &fd, have, &err);
}

test(a_record_is_read_back_where_the_url_says)
{
	autoptr(remote) remote = open_url(URL);
	autoclear(remote_record) record = {0};
	struct image_id id;

	put_image();
	write_record(remote);
	assert_true(is_there(PLACE "/record"));
	assert_int_equal(remote_read(remote, &record, &id, &err), STORE_OK);
	assert_string_equal(record.etag, "\"1\"");
	assert_int_equal(record.max_age, 60);
	assert_int_equal(record.asked, 1700000000);
	assert_null(record.last_modified);
	assert_null(record.signed_by);
	assert_string_equal(id.text, ID);
}

test(a_record_of_an_image_that_has_gone_is_none)
{
	autoptr(remote) remote = open_url(URL);
	autoclear(remote_record) record = {0};
	struct image_id id;

	write_record(remote);
	assert_int_equal(remote_read(remote, &record, &id, &err), STORE_MISSING);
	assert_null(record.url);
}

test(a_record_that_cannot_be_read_is_none)
{
	autoptr(remote) remote = open_url(URL);
	autoclear(remote_record) record = {0};
	struct image_id id;

	assert_int_equal(file_create_at(work_fd, PLACE "/record", 0600, "{\"url", &err),
	                 0);
	assert_int_equal(remote_read(remote, &record, &id, &err), STORE_MISSING);
}

test(no_url_is_a_path_and_a_long_one_has_its_place)
{
	char url[700] = "https://example.com/../../../", *dots = url + strlen(url);
	autoptr(remote) remote = NULL;
	autoptr(remote) other = NULL;

	memset(dots, 'x', sizeof(url) - 1 - strlen(url));
	remote = open_url(url);
	url[sizeof(url) - 2] = 'y';
	other = open_url(url);
	write_record(remote);
	put_image();
	{
		autoclear(remote_record) record = {0};
		struct image_id id;

		assert_int_equal(remote_read(other, &record, &id, &err), STORE_MISSING);
		assert_int_equal(remote_read(remote, &record, &id, &err), STORE_OK);
	}
	assert_false(is_there("cas/remote/https%3A%2F%2Fexample.com%2F.."));
}

test(what_was_received_during_this_boot_is_all_there)
{
	autoptr(remote) remote = open_url(URL);
	int64_t have = 0;

	leave_partial(remote, "hello", 10);
	assert_int_equal(resume(remote, &have), STORE_OK);
	assert_int_equal(have, 5);
}

test(after_a_reboot_only_what_was_synced_counts)
{
	autoptr(remote) remote = open_url(URL);
	int64_t have = 0;

	leave_partial(remote, "hello", 10);
	assert_int_equal(file_replace_at(work_fd, PLACE "/partial.info", 0600,
	                                 "{\"etag\":\"1\",\"total\":10,\"synced\":3,"
	                                 "\"boot\":\"another\"}",
	                                 &err),
	                 0);
	assert_int_equal(resume(remote, &have), STORE_OK);
	assert_int_equal(have, 3);
}

test(after_a_reboot_nothing_that_was_not_synced_counts)
{
	autoptr(remote) remote = open_url(URL);
	int64_t have = 0;

	leave_partial(remote, "hello", 10);
	assert_int_equal(file_replace_at(work_fd, PLACE "/partial.info", 0600,
	                                 "{\"etag\":\"1\",\"total\":10,\"synced\":0,"
	                                 "\"boot\":\"another\"}",
	                                 &err),
	                 0);
	assert_int_equal(resume(remote, &have), STORE_MISSING);
}

test(more_than_the_whole_file_is_no_part_of_it)
{
	autoptr(remote) remote = open_url(URL);
	int64_t have = 0;

	leave_partial(remote, "hello", 4);
	assert_int_equal(resume(remote, &have), STORE_MISSING);
}

test(what_was_synced_is_remembered)
{
	autoptr(remote) remote = open_url(URL);
	struct remote_partial partial = {.total = 10};
	autoclear(buf) info = {0};
	autoclose int fd = -1;

	assert_int_equal(remote_begin(remote, &partial, &fd, &err), 0);
	assert_int_equal(file_write(fd, "hello", 5, &err), 0);
	assert_int_equal(remote_sync(remote, &partial, fd, 5, &err), 0);
	free(partial.boot);
	assert_int_equal(file_read_at(work_fd, PLACE "/partial.info", 4096, &info, &err),
	                 0);
	assert_non_null(strstr(buf_string(&info), "\"synced\":5"));
}

test(a_whole_download_is_taken_and_leaves_nothing)
{
	autoptr(remote) remote = open_url(URL);
	int64_t have;

	leave_partial(remote, "hello", 5);
	assert_int_equal(remote_take(remote, work_fd, "aci", &err), 0);
	assert_true(is_there("aci"));
	assert_false(is_there(PLACE "/partial.info"));
	assert_int_equal(resume(remote, &have), STORE_MISSING);
}

test(a_download_is_the_work_of_one_at_a_time)
{
	autoptr(remote) remote = open_url(URL);
	autoptr(remote) other = open_url(URL);

	assert_int_equal(remote_try_lock(remote, &err), LOCK_TAKEN);
	assert_int_equal(remote_try_lock(other, &err), LOCK_BUSY);
}

test(sweeping_removes_what_is_stale_and_nothing_else)
{
	autoptr(remote) stale = open_url("https://example.com/stale.aci");
	autoptr(remote) good = open_url(URL);
	autoptr(remote) young = open_url("https://example.com/young.aci");

	write_record(stale);
	leave_partial(young, "hello", 10);
	write_record(good);
	assert_int_equal(remote_sweep(store, 3600, &err), 0);
	assert_false(is_there(PLACE));
	put_image();
	remote_free(good);
	good = open_url(URL);
	write_record(good);
	assert_int_equal(remote_sweep(store, 3600, &err), 0);
	assert_true(is_there(PLACE "/record"));
	assert_false(is_there("cas/remote/https%3A%2F%2Fexample.com%2Fstale.aci"));
	assert_true(is_there("cas/remote/https%3A%2F%2Fexample.com%2Fyoung.aci/partial"));
	assert_int_equal(remote_sweep(store, -10, &err), 0);
	assert_false(is_there("cas/remote/https%3A%2F%2Fexample.com%2Fyoung.aci"));
}

test(what_is_being_downloaded_is_not_swept)
{
	autoptr(remote) remote = open_url(URL);

	assert_int_equal(remote_try_lock(remote, &err), LOCK_TAKEN);
	leave_partial(remote, "hello", 10);
	assert_int_equal(remote_sweep(store, -10, &err), 0);
	assert_true(is_there(PLACE "/partial"));
}

test(a_place_that_is_locked_and_empty_is_not_swept)
{
	autoptr(remote) remote = open_url(URL);

	assert_int_equal(remote_try_lock(remote, &err), LOCK_TAKEN);
	assert_int_equal(remote_sweep(store, -10, &err), 0);
	assert_true(is_there(PLACE));
	leave_partial(remote, "hello", 10);
	assert_true(is_there(PLACE "/partial"));
}

test(a_place_that_was_swept_is_made_again_for_its_record)
{
	autoptr(remote) remote = open_url(URL);

	assert_int_equal(remote_sweep(store, 0, &err), 0);
	assert_false(is_there(PLACE));
	write_record(remote);
	assert_true(is_there(PLACE "/record"));
}

test(a_place_that_was_swept_is_made_again_by_who_locks_it)
{
	autoptr(remote) remote = open_url(URL);

	assert_int_equal(remote_sweep(store, 0, &err), 0);
	assert_false(is_there(PLACE));
	assert_int_equal(remote_wait_lock(remote, &err), LOCK_TAKEN);
	leave_partial(remote, "hello", 10);
	assert_true(is_there(PLACE "/partial"));
}

#define unit(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit(a_record_is_read_back_where_the_url_says),
		unit(a_record_of_an_image_that_has_gone_is_none),
		unit(a_record_that_cannot_be_read_is_none),
		unit(no_url_is_a_path_and_a_long_one_has_its_place),
		unit(what_was_received_during_this_boot_is_all_there),
		unit(after_a_reboot_only_what_was_synced_counts),
		unit(after_a_reboot_nothing_that_was_not_synced_counts),
		unit(more_than_the_whole_file_is_no_part_of_it),
		unit(what_was_synced_is_remembered),
		unit(a_whole_download_is_taken_and_leaves_nothing),
		unit(a_download_is_the_work_of_one_at_a_time),
		unit(sweeping_removes_what_is_stale_and_nothing_else),
		unit(what_is_being_downloaded_is_not_swept),
		unit(a_place_that_is_locked_and_empty_is_not_swept),
		unit(a_place_that_was_swept_is_made_again_for_its_record),
		unit(a_place_that_was_swept_is_made_again_by_who_locks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
