/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/arrival.h"
#include "stage0/store/draft.h"
#include "stage0/store/inner.h"
#include "tests/unit/unit.h"

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define ID_1  "sha512-" ZEROS "01"
#define ID_2  "sha512-" ZEROS "02"
#define ID_3  "sha512-1" ZEROS "3"

static char top[] = "/tmp/gantry-store-XXXXXX";
static int top_fd;
static struct store *store;

static int make_store(void **state)
{
	struct error err;

	(void)state;
	memset(top + sizeof(top) - 7, 'X', 6);
	if (!mkdtemp(top))
		return -1;
	top_fd = path_open(AT_FDCWD, top, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	return top_fd < 0 || store_open(&store, top_fd, &err) < 0 ? -1 : 0;
}

static int remove_store(void **state)
{
	struct error err;

	(void)state;
	store_free(store);
	close(top_fd);
	return path_remove_tree(AT_FDCWD, top, &err);
}

static struct image_id id_of(const char *text)
{
	struct image_id id;
	struct error err;

	assert_int_equal(image_id_parse(text, &id, &err), 0);
	return id;
}

static bool is_there(const char *path)
{
	struct stat st;
	struct error err;

	return path_stat(top_fd, path, &st, &err) == 0;
}

/* Puts an image into the store, as arrival_publish() does, without an archive. */
static void put_image(const char *key, const char *name, const char *version,
                      int64_t import_time, bool latest)
{
	autofree char *digest = memory_format("%s" ZEROS "00", key);
	autofree char *dir = memory_format("cas/image/%s", key);
	autofree char *tree = memory_format("cas/tree/deps-%s", key);
	autofree char *link = memory_format("../../tree/deps-%s", key);
	autofree char *manifest = memory_format(
		"{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"%s\","
		"\"labels\":[{\"name\":\"version\",\"value\":\"%s\"},"
		"{\"name\":\"os\",\"value\":\"linux\"}]}",
		name, version);
	const struct image_info info = {
		.digest = digest,
		.origin = "here",
		.size = 10,
		.tree_size = 20,
		.import_time = import_time,
		.latest = latest,
	};
	struct image_id id = id_of(key);
	autoclose int fd = -1;
	struct error err;

	assert_int_equal(path_make_dirs(top_fd, dir, 0755, &err), 0);
	assert_int_equal(path_make_dirs(top_fd, tree, 0755, &err), 0);
	fd = path_open_dir(top_fd, dir, &err);
	assert_true(fd >= 0);
	assert_int_equal(file_create_at(fd, "manifest", 0644, manifest, &err), 0);
	assert_int_equal(path_make_symlink(link, fd, "tree", &err), 0);
	assert_int_equal(image_info_write(fd, &info, &err), 0);
	assert_int_equal(name_index_add(store->names_fd, name, &id, &err), 0);
}

test(a_store_makes_its_directories_and_hides_them)
{
	struct stat st;
	struct error err;

	assert_true(is_there("cas/image"));
	assert_true(is_there("cas/tree"));
	assert_true(is_there("cas/tmp"));
	assert_int_equal(path_stat(top_fd, "cas", &st, &err), 0);
	assert_int_equal(st.st_mode & 0007, 0);
}

test(an_id_is_resolved_from_its_first_digits)
{
	struct image_id id;
	struct error err;

	put_image(ID_1, "a", "1", 1, false);
	put_image(ID_2, "a", "2", 2, false);
	put_image(ID_3, "b", "3", 3, false);
	assert_int_equal(store_resolve(store, "sha512-10", &id, &err), STORE_OK);
	assert_string_equal(id.text, ID_3);
	assert_int_equal(store_resolve(store, "sha512-00", &id, &err), STORE_AMBIGUOUS);
	assert_int_equal(store_resolve(store, "sha512-99", &id, &err), STORE_MISSING);
	assert_int_equal(store_resolve(store, ID_2, &id, &err), STORE_OK);
	assert_string_equal(id.text, ID_2);
	assert_int_equal(store_resolve(store, ID_2 ZEROS, &id, &err), STORE_OK);
	assert_string_equal(id.text, ID_2);
	assert_int_equal(store_resolve(store, "sha512-f" ZEROS "f", &id, &err),
	                 STORE_MISSING);
}

test(what_is_no_id_is_refused_with_its_reason)
{
	static const char *const cases[][2] = {
		{"sha512-1", "image ID too short"},
		{"sha512-", "image ID too short"},
		{"sha256-11", "wrong key prefix: 'sha256-11'"},
		{"", "wrong key prefix: ''"},
		{"sha512-../../image", "more than hex digits"},
		{"sha512-AB", "more than hex digits"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct image_id id;
		struct error err;

		assert_true(store_resolve(store, cases[i][0], &id, &err) < 0);
		assert_non_null(strstr(err.text, cases[i][1]));
	}
}

static int find(const char *name, const char *label, const char *value,
                struct image_id *id)
{
	struct name_value labels[] = {
		{"os", "linux"},
		{(char *)(uintptr_t)label, (char *)(uintptr_t)value},
	};
	struct error err;

	return store_find(store, name, labels, label ? 2 : 1, id, &err);
}

test(an_image_is_found_by_name_and_labels)
{
	struct image_id id;
	struct error err;

	put_image(ID_1, "example.com/a", "1", 1, false);
	put_image(ID_2, "example.com/a", "2", 2, false);
	put_image(ID_3, "example.com/a/b", "1", 3, false);
	assert_int_equal(find("example.com/a", "version", "1", &id), STORE_OK);
	assert_string_equal(id.text, ID_1);
	assert_int_equal(find("example.com/a", "version", "3", &id), STORE_MISSING);
	assert_int_equal(find("example.com/a", "os", "plan9", &id), STORE_MISSING);
	assert_int_equal(find("example.com/c", NULL, NULL, &id), STORE_MISSING);
	assert_int_equal(find("..", NULL, NULL, &id), STORE_MISSING);
	assert_int_equal(store_find(store, "example.com/a/b", NULL, 0, &id, &err),
	                 STORE_OK);
	assert_string_equal(id.text, ID_3);
}

test(without_a_version_the_newest_is_found_or_the_one_called_latest)
{
	struct image_id id;

	put_image(ID_1, "a", "9", 5, false);
	put_image(ID_2, "a", "1", 7, false);
	assert_int_equal(find("a", NULL, NULL, &id), STORE_OK);
	assert_string_equal(id.text, ID_2);
	put_image(ID_3, "a", "9", 1, true);
	assert_int_equal(find("a", NULL, NULL, &id), STORE_OK);
	assert_string_equal(id.text, ID_3);
	/* Asked for by version, "latest" does not count. */
	assert_int_equal(find("a", "version", "9", &id), STORE_OK);
	assert_string_equal(id.text, ID_1);
}

test(a_name_longer_than_a_files_is_found_too)
{
	char name[NAME_MAX_LENGTH + 1];
	char shorter[NAME_MAX_LENGTH + 1];
	struct image_id id, one = id_of(ID_1);
	struct error err;

	memset(name, 'a', NAME_MAX_LENGTH);
	name[NAME_MAX_LENGTH] = '\0';
	snprintf(shorter, sizeof(shorter), "%.200s", name);
	put_image(ID_1, name, "1", 1, false);
	put_image(ID_2, shorter, "1", 1, false);
	assert_int_equal(find(name, NULL, NULL, &id), STORE_OK);
	assert_string_equal(id.text, ID_1);
	assert_int_equal(find(shorter, NULL, NULL, &id), STORE_OK);
	assert_string_equal(id.text, ID_2);
	assert_int_equal(store_remove(store, &one, &err), STORE_OK);
	assert_int_equal(find(name, NULL, NULL, &id), STORE_MISSING);
	assert_int_equal(find(shorter, NULL, NULL, &id), STORE_OK);
}

test(what_is_known_of_an_image_is_read_back)
{
	autoclear(image_info) info = {0};
	autoclear(image_manifest) manifest = {0};
	autoclear(buf) text = {0};
	struct image_id one = id_of(ID_1), two = id_of(ID_2);
	struct error err;

	put_image(ID_1, "a", "1", 1234567890123456789, true);
	assert_int_equal(store_info(store, &one, &info, &err), STORE_OK);
	assert_string_equal(info.digest, ID_1 ZEROS "00");
	assert_string_equal(info.origin, "here");
	assert_int_equal(info.size, 10);
	assert_int_equal(info.tree_size, 20);
	assert_int_equal(info.import_time, 1234567890123456789);
	assert_true(info.latest);
	assert_true(info.last_used > 0);
	assert_int_equal(store_manifest(store, &one, &manifest, &err), STORE_OK);
	assert_string_equal(manifest.name, "a");
	assert_int_equal(store_manifest_text(store, &one, &text, &err), STORE_OK);
	assert_int_equal(text.data[0], '{');
	assert_int_equal(store_info(store, &two, &info, &err), STORE_MISSING);
	assert_int_equal(store_manifest(store, &two, &manifest, &err), STORE_MISSING);
}

test(to_ask_for_a_tree_is_to_use_its_image)
{
	static const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
	struct image_id one = id_of(ID_1), two = id_of(ID_2);
	struct tree_id tree;
	struct stat st;
	struct error err;

	put_image(ID_1, "a", "1", 1, false);
	assert_int_equal(
		path_set_times(top_fd, "cas/image/" ID_1 "/info", long_ago, &err), 0);
	assert_int_equal(store_tree(store, &one, &tree, &err), STORE_OK);
	assert_string_equal(tree.text, "deps-" ID_1);
	assert_int_equal(path_stat(top_fd, "cas/image/" ID_1 "/info", &st, &err), 0);
	assert_true(st.st_mtim.tv_sec > 1);
	assert_int_equal(store_tree(store, &two, &tree, &err), STORE_MISSING);
}

test(a_list_has_every_image_once_and_nothing_else)
{
	struct store_image *images;
	size_t count;
	struct error err;

	put_image(ID_1, "a", "1", 1, false);
	put_image(ID_3, "b", "1", 1, false);
	assert_int_equal(path_make_dirs(top_fd, "cas/image/stray", 0755, &err), 0);
	assert_int_equal(store_list(store, &images, &count, &err), 0);
	assert_int_equal(count, 2);
	store_images_free(images, count);
}

test(a_removed_image_is_gone_but_not_its_tree)
{
	struct image_id one = id_of(ID_1);
	struct image_id id;
	struct error err;

	put_image(ID_1, "a", "1", 1, false);
	assert_int_equal(store_remove(store, &one, &err), STORE_OK);
	assert_int_equal(store_remove(store, &one, &err), STORE_MISSING);
	assert_int_equal(find("a", NULL, NULL, &id), STORE_MISSING);
	assert_false(is_there("cas/image/" ID_1));
	assert_false(is_there("cas/name/a"));
	assert_true(is_there("cas/tree/deps-" ID_1));
}

test(trees_that_nothing_needs_are_removed_and_only_they)
{
	autoclear(strv) keep = {0}, removed = {0};
	struct image_id one = id_of(ID_1), two = id_of(ID_2);
	struct error err;

	put_image(ID_1, "a", "1", 1, false);
	put_image(ID_2, "a", "1", 1, false);
	put_image(ID_3, "a", "1", 1, false);
	assert_int_equal(store_remove(store, &one, &err), STORE_OK);
	assert_int_equal(store_remove(store, &two, &err), STORE_OK);
	strv_add(&keep, "deps-" ID_2);
	assert_int_equal(store_remove_trees(store, &keep, &removed, &err), 0);
	assert_int_equal(removed.count, 1);
	assert_string_equal(removed.items[0], "deps-" ID_1);
	assert_false(is_there("cas/tree/deps-" ID_1));
	assert_true(is_there("cas/tree/deps-" ID_2));
	assert_true(is_there("cas/tree/deps-" ID_3));
}

test(a_sweep_removes_what_dead_processes_left)
{
	struct image_id one = id_of(ID_1), id;
	struct error err;
	autoptr(draft) alive = NULL;
	autoclose int tmp = -1;

	put_image(ID_2, "a", "1", 1, false);
	assert_int_equal(name_index_add(store->names_fd, "a", &one, &err), 0);
	assert_int_equal(name_index_add(store->names_fd, "b", &one, &err), 0);
	assert_int_equal(path_make_dirs(top_fd, "cas/tmp/dead/deep", 0755, &err), 0);
	assert_int_equal(file_create_at(top_fd, "cas/image/" ID_2 "/info.77", 0644,
	                                "{\"dig", &err),
	                 0);
	tmp = path_open_dir(top_fd, "cas/tmp", &err);
	assert_int_equal(draft_begin(&alive, tmp, "alive", &err), 0);
	assert_int_equal(store_sweep(store, &err), 0);
	assert_false(is_there("cas/name/b"));
	assert_false(is_there("cas/name/a/" ID_1));
	assert_false(is_there("cas/tmp/dead"));
	assert_false(is_there("cas/image/" ID_2 "/info.77"));
	assert_true(is_there("cas/image/" ID_2 "/info"));
	assert_true(is_there("cas/tmp/alive"));
	assert_int_equal(find("a", NULL, NULL, &id), STORE_OK);
	assert_string_equal(id.text, ID_2);
}

test(an_archive_that_could_be_changed_is_not_handed_on)
{
	autoptr(arrival) arrival = NULL;
	autoclose int fd = -1;
	struct error err;

	assert_int_equal(arrival_begin(store, "x.aci", &arrival, &err), 0);
	fd = path_create(arrival_fd(arrival), ARRIVAL_ACI, 0644, &err);
	assert_true(fd >= 0);
	assert_int_equal(arrival_unpack(arrival, fd, false, &err), -EINVAL);
	assert_non_null(strstr(err.text, "open for writing"));
}

test(what_appears_while_trees_are_judged_waits)
{
	autoptr(store) other = NULL;
	struct error err;

	int one, two;

	assert_int_equal(store_open(&other, top_fd, &err), 0);
	one = store_lock(store, LOCK_SHARED, &err);
	/* Two of one process, and of one struct store, each hold it for themselves. */
	two = store_lock(store, LOCK_SHARED, &err);
	assert_true(one >= 0 && two >= 0);
	assert_int_equal(lock_try(other->images_fd, LOCK_EXCLUSIVE, &err), LOCK_BUSY);
	close(one);
	assert_int_equal(lock_try(other->images_fd, LOCK_EXCLUSIVE, &err), LOCK_BUSY);
	close(two);
	assert_int_equal(lock_try(other->images_fd, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
}

#define with_store(name) cmocka_unit_test_setup_teardown(name, make_store, remove_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_store_makes_its_directories_and_hides_them),
		with_store(an_id_is_resolved_from_its_first_digits),
		with_store(what_is_no_id_is_refused_with_its_reason),
		with_store(an_image_is_found_by_name_and_labels),
		with_store(
			without_a_version_the_newest_is_found_or_the_one_called_latest),
		with_store(a_name_longer_than_a_files_is_found_too),
		with_store(what_is_known_of_an_image_is_read_back),
		with_store(to_ask_for_a_tree_is_to_use_its_image),
		with_store(a_list_has_every_image_once_and_nothing_else),
		with_store(a_removed_image_is_gone_but_not_its_tree),
		with_store(trees_that_nothing_needs_are_removed_and_only_they),
		with_store(a_sweep_removes_what_dead_processes_left),
		with_store(an_archive_that_could_be_changed_is_not_handed_on),
		with_store(what_appears_while_trees_are_judged_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
