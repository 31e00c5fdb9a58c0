/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/appc/schema.h"
#include "common/appc/whitelist.h"
#include "common/file.h"
#include "common/memory.h"
#include "stage0/store/render.h"
#include "stage0/store/tree_entry.h"
#include "tests/unit/temporary.h"
#include "tests/unit/vectors.h"

/* The vectors: images, and what the tree is made of. */
struct file {
	char *path, *type, *mode, *contents, *link, *from;
	int64_t size;
};

static const struct field file_fields[] = {
	{"path", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct file, path)},
	{"type", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct file, type)},
	{"mode", FIELD_TEXT, 0, offsetof(struct file, mode)},
	{"contents", FIELD_TEXT, 0, offsetof(struct file, contents)},
	{"link", FIELD_TEXT, 0, offsetof(struct file, link)},
	{"from", FIELD_TEXT, 0, offsetof(struct file, from)},
	{"size", FIELD_INT, 0, offsetof(struct file, size)},
	{NULL},
};
static const struct schema file_schema = {sizeof(struct file), file_fields, NULL};

struct image {
	char *name;
	LIST_OF(struct file) entries;
	struct strv dependencies, whitelist;
};

static const struct field image_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct image, name)},
	{"entries", FIELD_LIST, 0, offsetof(struct image, entries), NULL, &file_schema},
	{"dependencies", FIELD_TEXTS, 0, offsetof(struct image, dependencies)},
	{"pathWhitelist", FIELD_TEXTS, 0, offsetof(struct image, whitelist)},
	{NULL},
};
static const struct schema image_schema = {sizeof(struct image), image_fields, NULL};

struct result {
	LIST_OF(struct file) files;
	struct strv order;
};

static const struct field result_fields[] = {
	{"files", FIELD_LIST, 0, offsetof(struct result, files), NULL, &file_schema},
	{"order_top_first", FIELD_TEXTS, 0, offsetof(struct result, order)},
	{NULL},
};
static const struct schema result_schema = {sizeof(struct result), result_fields, NULL};

struct tree_case {
	char *note, *top, *because;
	LIST_OF(struct image) images;
	struct result reference;
	LIST_OF(struct file) gantry;
};

static const struct field case_fields[] = {
	{"note", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct tree_case, note)},
	{"top", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct tree_case, top)},
	{"because", FIELD_TEXT, 0, offsetof(struct tree_case, because)},
	{"images", FIELD_LIST, 0, offsetof(struct tree_case, images), NULL,
         &image_schema},
	{"reference", FIELD_OBJECT, 0, offsetof(struct tree_case, reference), NULL,
         &result_schema},
	{"gantry", FIELD_LIST, 0, offsetof(struct tree_case, gantry), NULL, &file_schema},
	{NULL},
};
static const struct schema case_schema = {sizeof(struct tree_case), case_fields, NULL};

struct tree_cases {
	LIST_OF(struct tree_case) cases;
};

static const struct field cases_fields[] = {
	{"cases", FIELD_LIST, 0, offsetof(struct tree_cases, cases), NULL, &case_schema},
	{NULL},
};
static const struct schema cases_schema = {sizeof(struct tree_cases), cases_fields, NULL};

/* A tree made of some images: WORK/IMAGE/rootfs are the layers, WORK/tree is it. */
struct scene {
	struct render_graph graph;
	struct render_plan plan;
	struct render_layer layers[8];
};

static size_t place_of(const struct render_graph *graph, const char *title)
{
	size_t i = 0;

	while (strcmp(graph->items[i].title, title) != 0)
		i++;
	return i;
}

/* Adds an image, and before it those it depends on, so that the last is index 0 at the end. */
static void add_image(struct scene *scene, const struct tree_case *c, const char *name)
{
	size_t place = scene->graph.count;

	for (size_t i = 0; i < place; i++)
		if (strcmp(scene->graph.items[i].title, name) == 0)
			return;
	list_add(&scene->graph)->title = memory_text(name);
	for (size_t i = 0; i < c->images.count; i++) {
		const struct image *image = &c->images.items[i];

		if (strcmp(image->name, name) != 0)
			continue;
		whitelist_clean(&image->whitelist, &scene->graph.items[place].whitelist);
		for (size_t k = 0; k < image->dependencies.count; k++) {
			add_image(scene, c, image->dependencies.items[k]);
			*list_add(&scene->graph.items[place].dependencies) = place_of(
				&scene->graph, image->dependencies.items[k]);
		}
	}
}

static mode_t mode_of(const struct file *file)
{
	if (file->mode)
		return (mode_t)strtoul(file->mode, NULL, 8);
	return strcmp(file->type, "dir") == 0 ? 0755 : 0644;
}

/* A time that tells whose a directory is. */
static void stamp(int fd, size_t image)
{
	const struct timespec times[2] = {{1000 + (time_t)image, 0},
	                                  {1000 + (time_t)image, 0}};

	assert_int_equal(futimens(fd, times), 0);
}

/* Makes the entry below TOP; notes the parents that come to be for it. */
static void make_entry(int top, const struct file *file, struct strv *implicit)
{
	autofree char *path = memory_text(file->path + strspn(file->path, "./"));
	autoclose int fd = -1;

	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (path_make_dir(top, path, 0755, &err) >= 0 && strchr(path, '/'))
			strv_add(implicit, strchr(path, '/') + 1);
		*slash = '/';
	}
	if (strcmp(file->type, "dir") == 0) {
		int r = path_make_dir(top, path, 0755, &err);

		assert_true(r >= 0 || r == -EEXIST);
	} else if (strcmp(file->type, "symlink") == 0) {
		assert_int_equal(path_make_symlink(file->link, top, path, &err), 0);
	} else {
		fd = path_create(top, path, 0600, &err);
		assert_true(fd >= 0);
		assert_int_equal(
			file_write(fd, file->contents, strlen(file->contents), &err), 0);
		assert_int_equal(path_set_mode(top, path, mode_of(file), &err), 0);
	}
}

/* Modes and times of directories, last: what was made in them changed them. */
static void finish_directories(int top, const struct image *image, size_t place)
{
	for (size_t i = 0; i < image->entries.count; i++) {
		const struct file *file = &image->entries.items[i];
		const char *path = file->path + strspn(file->path, "./");
		autoclose int fd = -1;

		if (strcmp(file->type, "dir") != 0)
			continue;
		fd = path_open_dir(top, path, &err);
		assert_true(fd >= 0);
		assert_int_equal(path_set_mode(top, path, mode_of(file), &err), 0);
		stamp(fd, place);
	}
}

/* What has an entry after all is not implicit. */
static void write_implicit(int top, const struct image *image,
                           const struct strv *candidates)
{
	autoclear(buf) list = {0};
	autoclose int fd = -1;

	for (size_t i = 0; i < candidates->count; i++) {
		bool listed = false;

		for (size_t k = 0; k < image->entries.count; k++)
			listed |= strcmp(image->entries.items[k].path + strlen("rootfs/"),
			                 candidates->items[i]) == 0;
		if (!listed)
			buf_add(&list, candidates->items[i],
			        strlen(candidates->items[i]) + 1);
	}
	fd = path_create(top, "implicit", 0644, &err);
	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, list.data, list.len, &err), 0);
}

static void make_layer(struct scene *scene, const struct image *image)
{
	autoclear(strv) implicit = {0};
	size_t place = place_of(&scene->graph, image->name);
	autofree char *rootfs = memory_format("%s/rootfs", image->name);
	autoclose int top = -1;

	assert_int_equal(path_make_dirs(work_fd, rootfs, 0755, &err), 0);
	top = path_open_dir(work_fd, image->name, &err);
	assert_true(top >= 0);
	for (size_t i = 0; i < image->entries.count; i++)
		if (strncmp(image->entries.items[i].path, "other/", 6) != 0)
			make_entry(top, &image->entries.items[i], &implicit);
	finish_directories(top, image, place);
	write_implicit(top, image, &implicit);
	assert_int_equal(render_layer_open(top, &scene->layers[place], &err), 0);
}

static void make_scene(struct scene *scene, const struct tree_case *c)
{
	for (size_t i = 0; i < 8; i++)
		scene->layers[i].root_fd = -1;
	add_image(scene, c, c->top);
	assert_true(scene->graph.count <= 8);
	for (size_t i = 0; i < c->images.count; i++)
		make_layer(scene, &c->images.items[i]);
	assert_int_equal(render_plan_make(&scene->graph, &scene->plan, &err), 0);
}

static void scene_clear(struct scene *scene)
{
	render_plan_clear(&scene->plan);
	render_graph_clear(&scene->graph);
	for (size_t i = 0; i < 8; i++)
		render_layer_clear(&scene->layers[i]);
}

static int64_t make_tree(const struct scene *scene)
{
	autoclose int root = -1;
	int64_t size = -1;

	assert_int_equal(path_make_dirs(work_fd, "tree/rootfs", 0700, &err), 0);
	root = path_open_dir(work_fd, "tree/rootfs", &err);
	if (render_apply(&scene->plan, scene->layers, scene->graph.count, root, &size,
	                 &err) < 0)
		fail_msg("%.200s", err.text);
	return size;
}

/* Whether the image called NAME has an entry for PATH. */
static bool has_entry(const struct tree_case *c, const char *name, const char *path)
{
	for (size_t i = 0; i < c->images.count; i++)
		for (size_t k = 0; k < c->images.items[i].entries.count; k++)
			if (strcmp(c->images.items[i].name, name) == 0 &&
			    strcmp(c->images.items[i].entries.items[k].path, path) == 0)
				return true;
	return false;
}

/* Whether the file is there as the case has it. */
static void check_file(const struct scene *scene, const struct tree_case *c,
                       const struct file *file)
{
	autofree char *path = memory_format("tree/%s", file->path);
	autofree char *theirs = memory_format("%s/%s", file->from, file->path);
	struct stat st, from;

	if (path_stat(work_fd, path, &st, &err) < 0)
		fail_msg("%s: %s", c->note, err.text);
	if (file->mode && (st.st_mode & 07777) != mode_of(file))
		fail_msg("%s: '%s' has mode %o", c->note, path, st.st_mode);
	if (strcmp(file->type, "dir") == 0) {
		assert_true(S_ISDIR(st.st_mode));
		if (has_entry(c, file->from, file->path))
			assert_int_equal(st.st_mtim.tv_sec,
			                 1000 + place_of(&scene->graph, file->from));
		return;
	}
	assert_int_equal(path_stat(work_fd, theirs, &from, &err), 0);
	if (st.st_ino != from.st_ino)
		fail_msg("%s: '%s' is not that of '%s'", c->note, path, file->from);
	assert_true(S_ISLNK(st.st_mode) == (strcmp(file->type, "symlink") == 0));
	if (S_ISREG(st.st_mode))
		assert_int_equal(st.st_size, file->size);
}

/* Whether PATH is one of the FILES, or a directory on the way to one. */
static bool is_expected(const char *path, const struct file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *rest = files[i].path + strlen(path);

		if (strncmp(files[i].path, path, strlen(path)) == 0 &&
		    (*rest == '\0' || *rest == '/'))
			return true;
	}
	return false;
}

static void check_nothing_else(const struct tree_case *c, const char *path,
                               const struct file *files, size_t count)
{
	autofree char *dir = memory_format("tree/%s", path);
	autoclear(strv) names = {0};

	assert_int_equal(path_list(work_fd, dir, &names, &err), 0);
	for (size_t i = 0; i < names.count; i++) {
		autofree char *below = memory_format("%s/%s", path, names.items[i]);
		autofree char *full = memory_format("tree/%s", below);
		struct stat st;

		if (!is_expected(below, files, count))
			fail_msg("%s: '%s' is there", c->note, below);
		assert_int_equal(path_stat(work_fd, full, &st, &err), 0);
		if (S_ISDIR(st.st_mode))
			check_nothing_else(c, below, files, count);
	}
}

static void check_order(const struct scene *scene, const struct tree_case *c)
{
	const struct strv *order = &c->reference.order;

	assert_int_equal(scene->plan.visits.count, order->count);
	for (size_t i = 0; i < order->count; i++) {
		size_t image = scene->plan.visits.items[i].image;
		const char *title = scene->graph.items[image].title;

		assert_int_equal(strncmp(order->items[i], title, strlen(title)), 0);
		assert_int_equal(order->items[i][strlen(title)], '@');
	}
}

static void check_case(const struct tree_case *c)
{
	struct scene scene = {0};
	const struct file *files = c->because ? c->gantry.items
	                                      : c->reference.files.items;
	size_t count = c->because ? c->gantry.count : c->reference.files.count;

	/* Of archives that are never unpacked there is no layer. */
	if (c->because && !count)
		return;
	make_scene(&scene, c);
	check_order(&scene, c);
	(void)make_tree(&scene);
	for (size_t i = 0; i < count; i++)
		check_file(&scene, c, &files[i]);
	check_nothing_else(c, "rootfs", files, count);
	scene_clear(&scene);
}

static void read_cases(struct tree_cases *cases)
{
	autoclear(buf) text = {0};

	vectors_read("render.json", &text);
	if (schema_decode(&cases_schema, text.data, text.len, cases, &err) < 0)
		fail_msg("%s", err.text);
}

test(trees_are_made_as_the_vectors_say)
{
	struct tree_cases cases = {0};

	read_cases(&cases);
	assert_int_equal(cases.cases.count, 24);
	for (size_t i = 0; i < cases.cases.count; i++) {
		check_case(&cases.cases.items[i]);
		work_remove(NULL);
		work_make(NULL);
	}
	schema_clear(&cases_schema, &cases);
}

/* A graph of COUNT images, each called by a letter; EDGES is "ab" for one that a depends on b,
 * and so on. */
static void make_graph(struct render_graph *graph, size_t count, const char *edges)
{
	for (size_t i = 0; i < count; i++)
		list_add(graph)->title = memory_format("%c", (char)('a' + i));
	for (; *edges; edges += 2)
		*list_add(&graph->items[edges[0] - 'a'].dependencies) =
			(size_t)(edges[1] - 'a');
}

test(an_image_that_depends_on_itself_is_refused)
{
	static const char *const cases[][2] = {
		{"aa", "the image 'a' depends on itself"},
		{"abbcca", "the image 'a' depends on itself"},
		{"abbccb", "the image 'b' depends on itself"},
	};

	for (size_t i = 0; i < 3; i++) {
		autoclear(render_graph) graph = {0};
		autoclear(render_plan) plan = {0};

		make_graph(&graph, 3, cases[i][0]);
		assert_int_equal(render_plan_make(&graph, &plan, &err), -ELOOP);
		assert_string_equal(err.text, cases[i][1]);
	}
}

/* Image I depends on the next one, EACH times. */
static void make_chain(struct render_graph *graph, size_t length, size_t each)
{
	for (size_t i = 0; i < length; i++) {
		struct render_image *image = list_add(graph);

		image->title = memory_text("x");
		for (size_t k = 0; i + 1 < length && k < each; k++)
			*list_add(&image->dependencies) = i + 1;
	}
}

test(how_deep_and_how_many_images_are_is_limited)
{
	static const struct {
		size_t length, each;
		const char *text;
	} cases[] = {
		{RENDER_DEPTH_MAX, 1, NULL},
		{RENDER_DEPTH_MAX + 1, 1, "more than 128 deep"},
		{10, 2, NULL},
		{11, 2, "more than 1024 images"},
		{100, 2, "more than 1024 images"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autoclear(render_graph) graph = {0};
		autoclear(render_plan) plan = {0};
		int r;

		make_chain(&graph, cases[i].length, cases[i].each);
		r = render_plan_make(&graph, &plan, &err);
		assert_int_equal(r, cases[i].text ? -E2BIG : 0);
		if (r < 0)
			assert_non_null(strstr(err.text, cases[i].text));
	}
}

/* One candidate: 'd' a directory, 'i' an implicit one, 'f' a file; capital if not wanted. */
static struct render_choice choose(const char *kinds)
{
	struct render_candidate candidates[8] = {{0}};
	size_t count = strlen(kinds);

	for (size_t i = 0; i < count; i++)
		candidates[i] = (struct render_candidate){
			.is_directory = strchr("diDI", kinds[i]),
			.is_wanted = strchr("dif", kinds[i]),
			.is_implicit = strchr("iI", kinds[i]),
		};
	return render_choose(candidates, count);
}

test(the_uppermost_image_that_has_a_path_decides)
{
	static const struct {
		const char *kinds;
		struct render_choice choice;
	} cases[] = {
		{"", {RENDER_NOTHING, 0, 0}},
		{"F", {RENDER_NOTHING, 1, 1}},
		{"f", {RENDER_OTHER, 0, 0}},
		{"ff", {RENDER_OTHER, 0, 0}},
		{"Ff", {RENDER_OTHER, 1, 1}},
		{"fd", {RENDER_OTHER, 0, 0}},
		{"df", {RENDER_DIRECTORY, 0, 1}},
		{"dfd", {RENDER_DIRECTORY, 0, 1}},
		{"dFd", {RENDER_DIRECTORY, 0, 3}},
		/* What has no entry says nothing of what lies below. */
		{"id", {RENDER_DIRECTORY, 1, 2}},
		{"iid", {RENDER_DIRECTORY, 2, 3}},
		{"ii", {RENDER_DIRECTORY, 0, 2}},
		{"ifd", {RENDER_DIRECTORY, 0, 1}},
		/* An entry that no list names is one nevertheless, for who has files there. */
		{"Di", {RENDER_DIRECTORY, 0, 2}},
		{"DD", {RENDER_NOTHING, 0, 2}},
		{"Df", {RENDER_OTHER, 1, 1}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct render_choice choice = choose(cases[i].kinds);

		if (choice.node != cases[i].choice.node)
			fail_msg("'%s': %d", cases[i].kinds, choice.node);
		if (choice.node == RENDER_NOTHING)
			continue;
		assert_int_equal(choice.from, cases[i].choice.from);
		assert_int_equal(choice.end, cases[i].choice.end);
	}
}

/* Two images, an upper and a lower one, whose layers are still empty. */
static void make_pair(struct scene *scene)
{
	static const char *const dirs[] = {"upper", "lower"};

	make_graph(&scene->graph, 2, "ab");
	for (size_t i = 0; i < 8; i++)
		scene->layers[i].root_fd = -1;
	for (size_t i = 0; i < 2; i++) {
		autofree char *rootfs = memory_format("%s/rootfs", dirs[i]);
		autoclose int dir = -1;

		assert_int_equal(path_make_dirs(work_fd, rootfs, 0755, &err), 0);
		dir = path_open_dir(work_fd, dirs[i], &err);
		assert_int_equal(render_layer_open(dir, &scene->layers[i], &err), 0);
	}
	assert_int_equal(render_plan_make(&scene->graph, &scene->plan, &err), 0);
}

static void put_file(int dir_fd, const char *path, const char *text)
{
	assert_int_equal(file_create_at(dir_fd, path, 0644, text, &err), 0);
}

test(nothing_is_written_through_a_link_of_a_lower_image)
{
	autofree char *outside = memory_format("%s/outside", work);
	autoclear(strv) names = {0};
	autoclear(scene) scene = {0};
	struct stat st;

	make_pair(&scene);
	assert_int_equal(path_make_dir(work_fd, "outside", 0755, &err), 0);
	assert_int_equal(path_make_symlink(outside, scene.layers[1].root_fd, "lib", &err),
	                 0);
	assert_int_equal(path_make_symlink("..", scene.layers[1].root_fd, "up", &err), 0);
	assert_int_equal(path_make_dirs(scene.layers[0].root_fd, "lib/deep", 0755, &err),
	                 0);
	assert_int_equal(path_make_dirs(scene.layers[0].root_fd, "up", 0755, &err), 0);
	put_file(scene.layers[0].root_fd, "lib/deep/m", "a");
	put_file(scene.layers[0].root_fd, "up/tree", "a");
	(void)make_tree(&scene);
	assert_int_equal(path_list(work_fd, "outside", &names, &err), 0);
	assert_int_equal(names.count, 0);
	assert_int_equal(path_stat(work_fd, "tree/rootfs/lib", &st, &err), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(path_stat(work_fd, "tree/rootfs/lib/deep/m", &st, &err), 0);
	assert_int_equal(path_stat(work_fd, "tree/rootfs/up/tree", &st, &err), 0);
}

test(a_list_that_leads_through_a_link_names_nothing_there)
{
	static const char *listed[] = {"dir/lib/m", "lib/m"};
	struct render_filter filter = {listed, 2};
	autofree char *outside = memory_format("%s/outside", work);
	autoclear(strv) names = {0};
	autoclear(scene) scene = {0};

	make_pair(&scene);
	scene.plan.visits.items[1].filter = &filter;
	assert_int_equal(path_make_dir(work_fd, "outside", 0755, &err), 0);
	put_file(work_fd, "outside/m", "secret");
	assert_int_equal(path_make_symlink(outside, scene.layers[1].root_fd, "lib", &err),
	                 0);
	assert_int_equal(path_make_dir(scene.layers[1].root_fd, "dir", 0755, &err), 0);
	assert_int_equal(
		path_make_symlink(outside, scene.layers[1].root_fd, "dir/lib", &err), 0);
	(void)make_tree(&scene);
	assert_int_equal(path_list(work_fd, "tree/rootfs", &names, &err), 0);
	assert_int_equal(names.count, 0);
}

test(files_of_several_names_stay_one_and_are_counted_once)
{
	autoclear(scene) scene = {0};
	struct stat one, other;
	int lower, upper;

	make_pair(&scene);
	lower = scene.layers[1].root_fd;
	upper = scene.layers[0].root_fd;
	put_file(lower, "a", "12345");
	assert_int_equal(path_make_link(lower, "a", lower, "b", &err), 0);
	assert_int_equal(path_make_link(lower, "a", lower, "c", &err), 0);
	/* The name that is replaced does not change what the others lead to. */
	put_file(upper, "a", "123");
	assert_int_equal(make_tree(&scene), 8);
	assert_int_equal(path_stat(work_fd, "tree/rootfs/b", &one, &err), 0);
	assert_int_equal(path_stat(work_fd, "tree/rootfs/c", &other, &err), 0);
	assert_int_equal(one.st_ino, other.st_ino);
	assert_int_equal(one.st_size, 5);
	assert_int_equal(path_stat(work_fd, "tree/rootfs/a", &one, &err), 0);
	assert_int_equal(one.st_size, 3);
}

test(a_list_that_is_cut_short_is_refused)
{
	struct render_layer layer = {.root_fd = -1};

	assert_int_equal(path_make_dir(work_fd, "rootfs", 0755, &err), 0);
	assert_int_equal(file_create_at(work_fd, "implicit", 0644, "a", &err), 0);
	assert_int_equal(render_layer_open(work_fd, &layer, &err), -EBADMSG);
	render_layer_clear(&layer);
}

/* Makes in WORK a file with all that a copy has to keep. */
static void put_special_file(void)
{
	static const struct timespec times[2] = {{100, 5}, {200, 7}};
	autoclose int fd = path_create(work_fd, "file", 0600, &err);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "end", 3, 1 << 20), 3);
	assert_int_equal(pwrite(fd, "middle", 6, 1 << 19), 6);
	assert_int_equal(ftruncate(fd, 2 << 20), 0);
	assert_int_equal(fchmod(fd, 04751), 0);
	assert_int_equal(futimens(fd, times), 0);
}

test(where_a_file_can_have_no_more_names_it_is_copied)
{
	char other[] = "/dev/shm/gantry-unit-XXXXXX";
	autoclear(buf) content = {0};
	autofree char *target = NULL;
	autoclose int to = -1;
	struct stat st, from;

	put_special_file();
	assert_int_equal(path_make_symlink("to/nowhere", work_fd, "link", &err), 0);
	assert_int_equal(path_make_node(work_fd, "fifo", S_IFIFO | 0640, 0, &err), 0);
	assert_non_null(mkdtemp(other));
	to = path_open(AT_FDCWD, other, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	assert_int_equal(tree_entry_copy(work_fd, "file", to, &err), 0);
	assert_int_equal(tree_entry_link(work_fd, "link", to, &err), 0);
	assert_int_equal(tree_entry_link(work_fd, "fifo", to, &err), 0);
	assert_int_equal(path_stat(work_fd, "file", &from, &err), 0);
	assert_int_equal(path_stat(to, "file", &st, &err), 0);
	assert_int_equal(st.st_mode, from.st_mode);
	assert_int_equal(st.st_size, 2 << 20);
	assert_true(st.st_blocks <= from.st_blocks + 64);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
	assert_int_equal(file_read_at(to, "file", 4 << 20, &content, &err), 0);
	assert_memory_equal(content.data + (1 << 20), "end", 3);
	assert_memory_equal(content.data + (1 << 19), "middle", 6);
	if (path_read_link(to, "link", &target, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(target, "to/nowhere");
	assert_int_equal(path_stat(to, "fifo", &st, &err), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0640);
	assert_int_equal(path_remove_tree(AT_FDCWD, other, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(trees_are_made_as_the_vectors_say),
		cmocka_unit_test(an_image_that_depends_on_itself_is_refused),
		cmocka_unit_test(how_deep_and_how_many_images_are_is_limited),
		cmocka_unit_test(the_uppermost_image_that_has_a_path_decides),
		unit_with_work(nothing_is_written_through_a_link_of_a_lower_image),
		unit_with_work(a_list_that_leads_through_a_link_names_nothing_there),
		unit_with_work(files_of_several_names_stay_one_and_are_counted_once),
		unit_with_work(a_list_that_is_cut_short_is_refused),
		unit_with_work(where_a_file_can_have_no_more_names_it_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
