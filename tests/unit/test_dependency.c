/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/dependency.h"

#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

static struct dependency_graph graph;
static struct error err;

static int forget(void **state)
{
	(void)state;
	dependency_graph_clear(&graph);
	return 0;
}

static size_t add(const char *title)
{
	size_t index;

	assert_int_equal(dependency_add(&graph, title, &index, &err), 0);
	return index;
}

static void link_images(size_t from, size_t to)
{
	assert_int_equal(dependency_link(&graph, from, to, &err), 0);
}

test(a_diamond_is_no_circle)
{
	size_t a = add("a"), b = add("b"), c = add("c"), d = add("d");

	link_images(a, b);
	link_images(a, c);
	link_images(b, d);
	link_images(c, d);
	assert_int_equal(graph.items[d].depth, 2);
}

test(a_circle_is_refused_with_the_chain)
{
	size_t a = add("a"), b = add("b"), c = add("c");

	link_images(a, b);
	link_images(b, c);
	assert_int_equal(dependency_link(&graph, c, a, &err), -ELOOP);
	assert_string_equal(err.text, "depends on itself: a -> b -> c -> a");
}

test(a_circle_by_way_of_a_shared_image_is_refused)
{
	size_t a = add("a"), b = add("b"), c = add("c");

	link_images(a, b);
	link_images(a, c);
	link_images(b, c);
	assert_int_equal(dependency_link(&graph, c, b, &err), -ELOOP);
	assert_string_equal(err.text, "depends on itself: b -> c -> b");
}

test(an_image_that_depends_on_itself_is_refused)
{
	size_t a = add("a");

	assert_int_equal(dependency_link(&graph, a, a, &err), -ELOOP);
	assert_string_equal(err.text, "depends on itself: a -> a");
}

test(a_chain_may_be_so_long_and_no_longer)
{
	size_t last = add("0");

	for (int i = 1; i <= DEPENDENCY_DEPTH; i++) {
		char title[16];
		size_t next;

		snprintf(title, sizeof(title), "%d", i);
		next = add(title);
		link_images(last, next);
		last = next;
	}
	assert_int_equal(dependency_link(&graph, last, add("33"), &err), -ELOOP);
	assert_string_equal(err.text,
	                    "depends on more than 32 images in a row: 0 -> 1 -> "
	                    "2 -> 3 -> ... -> 30 -> 31 -> 32 -> 33");
}

test(a_chain_that_grows_at_its_head_is_counted_whole)
{
	size_t tail = add("tail"), last = tail;

	for (int i = 0; i < 20; i++) {
		size_t next = add("t");

		link_images(last, next);
		last = next;
	}
	last = add("head");
	for (int i = 0; i < 11; i++) {
		size_t next = add("h");

		link_images(last, next);
		last = next;
	}
	link_images(last, tail);
	assert_int_equal(dependency_link(&graph, add("more"), graph.count - 13, &err), 0);
}

/* Each of 32 levels depends twice on the next: 2^32 chains. */
test(many_chains_of_few_images_are_no_work)
{
	size_t last[2] = {add("a"), add("b")};

	for (int i = 0; i < DEPENDENCY_DEPTH; i++) {
		size_t next[2] = {add("x"), add("y")};

		for (size_t j = 0; j < 4; j++)
			link_images(last[j / 2], next[j % 2]);
		memcpy(last, next, sizeof(last));
	}
	assert_int_equal(graph.items[last[0]].depth, DEPENDENCY_DEPTH);
}

test(there_may_be_so_many_images_and_no_more)
{
	size_t index;

	for (int i = 0; i < DEPENDENCY_IMAGES; i++)
		add("a");
	assert_int_equal(dependency_add(&graph, "b", &index, &err), -E2BIG);
}

static struct image_manifest made(const char *name, struct name_value *version)
{
	struct image_manifest manifest = {.name = (char *)(uintptr_t)name};

	manifest.labels.items = version;
	manifest.labels.count = 1;
	return manifest;
}

test(what_an_image_above_would_satisfy_is_that_image)
{
	struct name_value two = {"version", "2"}, one = {"version", "1"};
	const struct image_manifest app = made("example.com/app", &two);
	struct dependency any = {.image_name = "example.com/app"};
	struct dependency older = {.image_name = "example.com/app"};
	struct dependency by_id = {.image_name = "example.com/app",
	                           .image_id = "sha512-00"};
	size_t top = add("./app.aci"), base = add("example.com/base");

	older.labels.items = &one;
	older.labels.count = 1;
	graph.items[top].made = &app;
	link_images(top, base);
	assert_int_equal(dependency_check(&graph, base, &any, &err), -ELOOP);
	assert_string_equal(err.text, "depends on itself: ./app.aci -> example.com/base "
	                              "-> example.com/app");
	assert_int_equal(dependency_check(&graph, base, &older, &err), 0);
	assert_int_equal(dependency_check(&graph, base, &by_id, &err), 0);
	assert_int_equal(dependency_check(&graph, add("aside"), &any, &err), 0);
}

test(a_title_is_what_one_would_type)
{
	const struct name_value labels[] = {{"os", "linux"}, {"version", "1.0"}};
	autofree char *title = dependency_title("example.com/app", labels, 2);
	autofree char *bare = dependency_title("example.com/app", NULL, 0);

	assert_string_equal(title, "example.com/app:1.0,os=linux");
	assert_string_equal(bare, "example.com/app");
}

#define unit(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit(a_diamond_is_no_circle),
		unit(a_circle_is_refused_with_the_chain),
		unit(a_circle_by_way_of_a_shared_image_is_refused),
		unit(an_image_that_depends_on_itself_is_refused),
		unit(a_chain_may_be_so_long_and_no_longer),
		unit(a_chain_that_grows_at_its_head_is_counted_whole),
		unit(many_chains_of_few_images_are_no_work),
		unit(there_may_be_so_many_images_and_no_more),
		unit(what_an_image_above_would_satisfy_is_that_image),
		unit(a_title_is_what_one_would_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
