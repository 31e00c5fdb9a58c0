/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "stage0/store/inner.h"
#include "tests/unit/temporary.h"

/*
 * Images of a store, made by hand: called by a letter each, with one file of that name in
 * the layer, and depending on those that DEPENDENCIES names.
 */
static struct store *store;

static int make_store(void **state)
{
	return work_make(state) < 0 ? -1 : store_open(&store, work_fd, &err);
}

static int remove_store(void **state)
{
	store_free(store);
	return work_remove(state);
}

static struct image_id id_of(char letter)
{
	struct image_id id;

	snprintf(id.text, sizeof(id.text), "sha512-%064x", letter);
	return id;
}

static struct tree_id layer_of(char letter)
{
	struct tree_id tree;

	snprintf(tree.text, sizeof(tree.text), "deps-sha512-%064x", letter);
	return tree;
}

static void put_layer(char letter)
{
	const char name[] = {letter, '\0'};
	autofree char *rootfs = memory_format("cas/tree/%s/rootfs",
	                                      layer_of(letter).text);
	autoclose int fd = -1;

	assert_int_equal(path_make_dirs(work_fd, rootfs, 0755, &err), 0);
	fd = path_open_dir(work_fd, rootfs, &err);
	assert_int_equal(file_create_at(fd, name, 0644, "12345", &err), 0);
}

/* EXTRA goes into each dependency's object. */
static void put_image(char letter, const char *dependencies, const char *extra)
{
	struct image_id id = id_of(letter);
	struct tree_id layer = layer_of(letter);
	autofree char *digest = memory_format("%s%064d", id.text, 0);
	autofree char *dir = memory_format("cas/image/%s", id.text);
	autoclear(image_info) info = {.digest = take(digest)};
	autoclear(buf) manifest = {0};
	autoclose int fd = -1;

	put_layer(letter);
	buf_format(
		&manifest,
		"{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"%c\","
		"\"dependencies\":[",
		letter);
	for (const char *d = dependencies; *d; d++) {
		buf_format(&manifest, "%s{\"imageName\":\"%c\"%s}",
		           d == dependencies ? "" : ",", *d, extra);
		strv_add(&info.dependencies, id_of(*d).text);
	}
	buf_text(&manifest, "]}");
	assert_int_equal(path_make_dirs(work_fd, dir, 0755, &err), 0);
	fd = path_open_dir(work_fd, dir, &err);
	assert_int_equal(file_create_at(fd, "manifest", 0644, manifest.data, &err), 0);
	assert_int_equal(file_create_at(fd, "aci", 0644, "1234567890", &err), 0);
	assert_int_equal(image_info_write(fd, &info, &err), 0);
	assert_int_equal(
		image_link_write(fd, *dependencies ? "layer" : "tree", &layer, &err), 0);
}

/* Makes the tree of the image anew, of DEPENDENCIES. */
static int rerender(char letter, const char *dependencies)
{
	struct image_id id = id_of(letter), ids[8];
	size_t count = 0;

	for (const char *d = dependencies; *d; d++)
		ids[count++] = id_of(*d);
	return store_rerender(store, &id, ids, count, &err);
}

/* The names in the image's tree, one after the other. */
static char *files_of(char letter)
{
	autofree char *dir = memory_format("cas/image/%s", id_of(letter).text);
	autoclear(strv) names = {0};
	autoclear(buf) text = {0};
	struct tree_id tree;
	char *rootfs;

	assert_int_equal(image_link_read(work_fd, dir, "tree", &tree, &err), 0);
	rootfs = memory_format("cas/tree/%s/rootfs", tree.text);
	assert_int_equal(path_list(work_fd, rootfs, &names, &err), 0);
	free(rootfs);
	strv_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		buf_text(&text, names.items[i]);
	return buf_take(&text);
}

static void assert_files(char letter, const char *wanted)
{
	autofree char *files = files_of(letter);

	assert_string_equal(files, wanted);
}

static void assert_refused(char letter, const char *dependencies, int code,
                           const char *text)
{
	autoclear(strv) left = {0};

	assert_int_equal(rerender(letter, dependencies), code);
	if (!strstr(err.text, text))
		fail_msg("%s", err.text);
	assert_int_equal(path_list(work_fd, "cas/tmp", &left, &err), 0);
	assert_int_equal(left.count, 0);
}

test(a_tree_is_made_anew_of_other_images)
{
	struct image_id a = id_of('a');
	autoclear(image_info) info = {0};

	put_image('a', "b", "");
	put_image('b', "", "");
	put_image('c', "d", "");
	put_image('d', "", "");
	assert_int_equal(rerender('a', "b"), 0);
	assert_files('a', "ab");
	/* It changes also when only what lies further below does. */
	assert_int_equal(rerender('a', "c"), 0);
	assert_files('a', "acd");
	assert_int_equal(store_info(store, &a, &info, &err), STORE_OK);
	assert_int_equal(info.tree_size, 15);
	assert_int_equal(info.dependencies.count, 1);
	assert_string_equal(info.dependencies.items[0], id_of('c').text);
	assert_int_equal(rerender('a', "b"), 0);
	assert_files('a', "ab");
}

test(a_tree_that_is_gone_is_made_again)
{
	struct image_id a = id_of('a');
	struct tree_id tree, again;
	autofree char *path = NULL;

	put_image('a', "b", "");
	put_image('b', "", "");
	assert_int_equal(rerender('a', "b"), 0);
	assert_int_equal(store_tree(store, &a, &tree, &err), STORE_OK);
	path = memory_format("cas/tree/%s", tree.text);
	assert_int_equal(path_remove_tree(work_fd, path, &err), 0);
	assert_int_equal(rerender('a', "b"), 0);
	assert_files('a', "ab");
	assert_int_equal(store_tree(store, &a, &again, &err), STORE_OK);
	assert_string_equal(again.text, tree.text);
}

test(trees_of_other_images_or_in_another_order_have_other_names)
{
	static const char *const orders[] = {"bc", "cb", "bb", "cc"};
	struct tree_id trees[4];
	struct image_id a = id_of('a');

	put_image('a', "bc", "");
	put_image('b', "", "");
	put_image('c', "", "");
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(rerender('a', orders[i]), 0);
		assert_int_equal(store_tree(store, &a, &trees[i], &err), STORE_OK);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(trees[i].text, trees[k].text);
	}
}

test(what_the_manifest_does_not_ask_for_is_refused)
{
	put_image('a', "b", ",\"size\":11");
	put_image('b', "", "");
	put_image('c', "b",
	          ",\"imageID\":\"sha512-" /* 128 digits */
	          "00000000000000000000000000000000000000000000000000000000000000"
	          "00000000000000000000000000000000000000000000000000000000000000"
	          "0000\"");
	put_image('d', "b", ",\"size\":10");
	assert_refused('a', "b", -EBADMSG, "must have 11 bytes, and has 10");
	assert_refused('c', "b", -EBADMSG, "must have the ID 'sha512-000");
	assert_refused('d', "", -EBADMSG, "has 1 dependencies, of which 0 were resolved");
	assert_refused('d', "bb", -EBADMSG,
	               "has 1 dependencies, of which 2 were resolved");
	assert_refused('d', "x", -ENOENT, "dependency 'b': is not in the store");
	assert_int_equal(rerender('d', "b"), 0);
}

test(what_is_missing_is_named)
{
	autofree char *tree = memory_format("cas/tree/%s", layer_of('b').text);

	put_image('a', "b", "");
	put_image('b', "", "");
	assert_refused('a', "x", -ENOENT, "which it depends on, is not in the store");
	assert_int_equal(path_remove_tree(work_fd, tree, &err), 0);
	assert_refused('a', "b", -ENOENT, "the files of the image 'b'");
	assert_int_equal(rerender('x', ""), STORE_MISSING);
}

test(a_circle_of_resolved_images_is_refused)
{
	put_image('a', "b", "");
	put_image('b', "c", "");
	put_image('c', "a", "");
	assert_refused('a', "b", -ELOOP, "the image 'a' depends on itself");
}

#define with_store(name) cmocka_unit_test_setup_teardown(name, make_store, remove_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_tree_is_made_anew_of_other_images),
		with_store(a_tree_that_is_gone_is_made_again),
		with_store(trees_of_other_images_or_in_another_order_have_other_names),
		with_store(what_the_manifest_does_not_ask_for_is_refused),
		with_store(what_is_missing_is_named),
		with_store(a_circle_of_resolved_images_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
