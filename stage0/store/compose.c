/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/compose.h"

#include <fcntl.h>
#include <string.h>

#include "common/appc/whitelist.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/config/import_program.h"
#include "stage0/store/arrival.h"
#include "stage0/store/import_answer.h"
#include "stage0/store/render.h"

struct composition {
	struct render_graph graph;
	struct render_plan plan;
	struct tree_id tree;
};

void composition_free(struct composition *composition)
{
	if (!composition)
		return;
	render_graph_clear(&composition->graph);
	render_plan_clear(&composition->plan);
	free(composition);
}

const struct tree_id *composition_tree(const struct composition *composition)
{
	return &composition->tree;
}

/* Whether the image ID is what its dependent asks for (appc 1.6.3). */
static int check_dependency(struct store *store, const struct dependency *wanted,
                            const struct image_id *id, struct error *err)
{
	autofree char *path = memory_format("%s/" ARRIVAL_ACI, id->text);
	struct image_id stated;
	struct stat st;
	int r = 0;

	if (wanted->image_id)
		r = image_id_parse(wanted->image_id, &stated, err);
	if (r >= 0 && wanted->image_id && strcmp(stated.text, id->text) != 0)
		return error_set(err, -EBADMSG, "must have the ID '%s', and has '%s'",
		                 stated.text, id->text);
	if (r < 0 || !wanted->size)
		return r;
	r = path_stat(store->images_fd, path, &st, err);
	if (r == -ENOENT)
		return error_set(err, r, "is not in the store");
	if (r >= 0 && st.st_size != wanted->size)
		r = error_set(err, -EBADMSG, "must have %lld bytes, and has %lld",
		              (long long)wanted->size, (long long)st.st_size);
	return r;
}

/* The index of the image in the graph, which it is added to if need be. */
static int place_of(struct render_graph *graph, const struct image_id *id, size_t *place,
                    struct error *err)
{
	for (*place = 0; *place < graph->count; ++*place)
		if (strcmp(graph->items[*place].id.text, id->text) == 0)
			return 0;
	if (graph->count == RENDER_IMAGES_MAX)
		return error_set(err, -E2BIG,
		                 "the tree is made of more than %d images: refused",
		                 RENDER_IMAGES_MAX);
	list_add(graph)->id = *id;
	return 0;
}

/* Fills in the image at PLACE, and adds those it depends on. */
static int add_image(struct store *store, struct render_graph *graph, size_t place,
                     const struct compose_request *of, struct error *err)
{
	const struct image_manifest *manifest = of->manifest;
	struct render_image *image = &graph->items[place];

	image->title = image_manifest_title(manifest);
	whitelist_clean(&manifest->path_whitelist, &image->whitelist);
	if (manifest->dependencies.count != of->count)
		return error_set(err, -EBADMSG,
		                 "the image '%s' has %zu dependencies, of which %zu were "
		                 "resolved",
		                 image->title, manifest->dependencies.count, of->count);
	for (size_t i = 0; i < of->count; i++) {
		const struct dependency *wanted = &manifest->dependencies.items[i];
		size_t found;

		if (check_dependency(store, wanted, &of->dependencies[i], err) < 0)
			return error_wrap(err, "dependency '%s'", wanted->image_name);
		if (place_of(graph, &of->dependencies[i], &found, err) < 0)
			return err->code;
		*list_add(&graph->items[place].dependencies) = found;
	}
	return 0;
}

static int parse_ids(const struct strv *texts, struct image_id *ids, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < texts->count; i++)
		r = image_id_parse(texts->items[i], &ids[i], err);
	return r;
}

/* Fills in the image at PLACE by what the store knows of it. */
static int load_image(struct store *store, struct render_graph *graph, size_t place,
                      struct error *err)
{
	const struct image_id id = graph->items[place].id;
	autoclear(image_manifest) manifest = {0};
	autoclear(image_info) info = {0};
	autofree struct image_id *ids = NULL;
	int r = store_manifest(store, &id, &manifest, err);

	if (r == STORE_OK)
		r = store_info(store, &id, &info, err);
	if (r == STORE_MISSING)
		return error_set(err, -ENOENT,
		                 "the image '%s', which it depends on, is not in the "
		                 "store",
		                 id.text);
	ids = memory_zeroed(info.dependencies.count, sizeof(*ids));
	if (r >= 0)
		r = parse_ids(&info.dependencies, ids, err);
	if (r < 0)
		return r;
	const struct compose_request of = {&id, &manifest, ids, info.dependencies.count};

	return add_image(store, graph, place, &of, err);
}

/* The IDs in the order of search, for what makes the tree's name of them. */
static int list_ids(const struct composition *c, struct error *err)
{
	autoclear(buf) list = {0};

	for (size_t i = 0; i < c->plan.visits.count; i++)
		buf_format(&list, "%s%s", i ? "," : "",
		           c->graph.items[c->plan.visits.items[i].image].id.text);
	return file_in_memory(list.data, list.len, err);
}

/* Asks the program that can make digests. */
static int name_tree(struct composition *c, struct error *err)
{
	char *argv[] = {(char *)(uintptr_t)IMPORT_NAME_TREE, NULL};
	autoclose int list = list_ids(c, err);
	const int fds[NAME_TREE_FD_COUNT] = {
		[NAME_TREE_LIST] = list,
		[NAME_TREE_MESSAGES] = STDERR_FILENO,
	};
	const struct import_question question = {
		.import = INSTALL_IMPORT_IMAGE,
		.argv = argv,
		.fds = fds,
		.fd_count = NAME_TREE_FD_COUNT,
		.answer_at = NAME_TREE_ANSWER,
		.answer_max = sizeof(c->tree),
	};
	autoclear(buf) answer = {0};
	int status;

	if (list < 0)
		return list;
	status = import_program_ask(&question, &answer, err);
	if (status < 0)
		return status;
	if (status || answer.len != sizeof(c->tree))
		return import_program_ended(status, err);
	memcpy(&c->tree, answer.data, answer.len);
	return 0;
}

static int plan(struct store *store, const struct compose_request *request,
                struct composition *c, struct error *err)
{
	int r;

	list_add(&c->graph)->id = *request->id;
	r = add_image(store, &c->graph, 0, request, err);
	for (size_t i = 1; r >= 0 && i < c->graph.count; i++)
		r = load_image(store, &c->graph, i, err);
	if (r >= 0)
		r = render_plan_make(&c->graph, &c->plan, err);
	return r < 0 ? r : name_tree(c, err);
}

int compose_plan(struct store *store, const struct compose_request *request,
                 struct composition **composition, struct error *err)
{
	autoptr(composition) new = memory_zeroed(1, sizeof(*new));
	int r = plan(store, request, new, err);

	if (r < 0)
		return error_wrap(err, "cannot lay it over the images it depends on");
	*composition = take(new);
	return 0;
}

/* The layers of the images below the first. */
struct layers {
	struct render_layer *items;
	size_t count;
};

static void layers_clear(struct layers *layers)
{
	for (size_t i = 0; i < layers->count; i++)
		render_layer_clear(&layers->items[i]);
	free(layers->items);
}

/* Opens the directory of an image's own files; the caller's. */
static int open_layer(struct store *store, const struct render_image *image,
                      struct error *err)
{
	struct tree_id tree;
	int r = image_link_read(store->images_fd, image->id.text, "layer", &tree, err);

	if (r == -ENOENT)
		r = image_link_read(store->images_fd, image->id.text, "tree", &tree, err);
	if (r >= 0)
		r = path_open_dir(store->trees_fd, tree.text, err);
	if (r == -ENOENT)
		return error_set(err, -ENOENT,
		                 "the files of the image '%s', which it depends on, are "
		                 "gone: fetch that again",
		                 image->title);
	return r;
}

static int open_layers(struct store *store, const struct render_graph *graph,
                       int first_fd, struct layers *layers, struct error *err)
{
	int r = 0;

	layers->items = memory_zeroed(graph->count, sizeof(*layers->items));
	for (size_t i = 0; r >= 0 && i < graph->count; i++) {
		autoclose int fd = -1;

		if (i)
			r = fd = open_layer(store, &graph->items[i], err);
		layers->items[i].root_fd = -1;
		layers->count++;
		if (r >= 0)
			r = render_layer_open(i ? fd : first_fd, &layers->items[i], err);
	}
	return r;
}

int compose_tree(struct store *store, const struct composition *c, int layer_fd,
                 int draft_fd, int64_t *size, struct error *err)
{
	autoclear(layers) layers = {0};
	autoclose int root = -1;
	int r = open_layers(store, &c->graph, layer_fd, &layers, err);

	if (r >= 0)
		r = path_make_dir(draft_fd, COMPOSE_RENDERED, 0755, err);
	if (r >= 0)
		r = path_make_dir(draft_fd, COMPOSE_RENDERED "/rootfs", 0755, err);
	if (r >= 0)
		r = root = path_open_dir(draft_fd, COMPOSE_RENDERED "/rootfs", err);
	return r < 0 ? r
	             : render_apply(&c->plan, layers.items, layers.count, root, size,
	                            err);
}
