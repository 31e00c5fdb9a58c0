/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/dependency.h"

#include <string.h>

#include "common/memory.h"

static const char circle[] = "depends on itself";
static const char too_long[] = "depends on more than 32 images in a row";
_Static_assert(DEPENDENCY_DEPTH == 32, "the message says so");

void dependency_graph_clear(struct dependency_graph *graph)
{
	for (size_t i = 0; i < graph->count; i++) {
		free(graph->items[i].title);
		free(graph->items[i].parents.items);
		free(graph->items[i].children.items);
	}
	free(graph->items);
	*graph = (struct dependency_graph){0};
}

int dependency_add(struct dependency_graph *graph, const char *title, size_t *index,
                   struct error *err)
{
	if (graph->count == DEPENDENCY_IMAGES)
		return error_set(err, -E2BIG, "depends on more than %d images",
		                 DEPENDENCY_IMAGES);
	*index = graph->count;
	list_add(graph)->title = memory_text(title);
	return 0;
}

/* Adds the images of the chain from FROM down to TO; whether there is one. Each image is
 * looked at once. */
static bool add_chain(struct dependency_graph *graph, size_t from, size_t to,
                      struct strv *chain)
{
	struct dependency_node *node = &graph->items[to];
	bool found = from == to;

	if (node->seen)
		return false;
	node->seen = true;
	for (size_t i = 0; !found && i < node->parents.count; i++)
		found = add_chain(graph, from, node->parents.items[i], chain);
	if (found)
		strv_add(chain, node->title);
	return found;
}

static bool find_chain(struct dependency_graph *graph, size_t from, size_t to,
                       struct strv *chain)
{
	for (size_t i = 0; i < graph->count; i++)
		graph->items[i].seen = false;
	return add_chain(graph, from, to, chain);
}

/* "a -> b -> c"; of a long one the ends. The caller's. */
static char *chain_text(const struct strv *chain)
{
	enum { ENDS = 4 };
	autoclear(buf) text = {0};

	for (size_t i = 0; i < chain->count; i++) {
		bool is_end = i < ENDS || i + ENDS >= chain->count;

		if (is_end || i == ENDS)
			buf_format(&text, "%s%s", i ? " -> " : "",
			           is_end ? chain->items[i] : "...");
	}
	return buf_take(&text);
}

static int refuse(struct strv *chain, const char *title, const char *why,
                  struct error *err)
{
	autofree char *text = NULL;

	strv_add(chain, title);
	text = chain_text(chain);
	return error_set(err, -ELOOP, "%s: %s", why, text);
}

/* Whether WANTED would be satisfied by the image. */
static bool is_image(const struct dependency *wanted, const struct image_manifest *image)
{
	return strcmp(wanted->image_name, image->name) == 0 &&
	       !image_manifest_lacks(image, wanted->labels.items, wanted->labels.count);
}

int dependency_check(struct dependency_graph *graph, size_t from,
                     const struct dependency *wanted, struct error *err)
{
	if (wanted->image_id)
		return 0; /* no image can tell its own ID */
	for (size_t i = 0; i < graph->count; i++) {
		autoclear(strv) chain = {0};

		if (graph->items[i].made && is_image(wanted, graph->items[i].made) &&
		    find_chain(graph, i, from, &chain))
			return refuse(&chain, wanted->image_name, circle, err);
	}
	return 0;
}

/* A chain to NODE has become DEPTH long; what lies below it moves down. */
static bool deepen(struct dependency_graph *graph, size_t index, unsigned depth)
{
	struct dependency_node *node = &graph->items[index];

	if (depth <= node->depth)
		return true;
	if (depth > DEPENDENCY_DEPTH)
		return false;
	node->depth = depth;
	for (size_t i = 0; i < node->children.count; i++)
		if (!deepen(graph, node->children.items[i], depth + 1))
			return false;
	return true;
}

int dependency_link(struct dependency_graph *graph, size_t from, size_t to,
                    struct error *err)
{
	autoclear(strv) chain = {0};

	if (find_chain(graph, to, from, &chain))
		return refuse(&chain, graph->items[to].title, circle, err);
	*list_add(&graph->items[from].children) = to;
	*list_add(&graph->items[to].parents) = from;
	if (deepen(graph, to, graph->items[from].depth + 1))
		return 0;
	(void)!find_chain(graph, 0, from, &chain);
	return refuse(&chain, graph->items[to].title, too_long, err);
}

char *dependency_title(const char *name, const struct name_value *labels, size_t count)
{
	const char *version = name_value_find(labels, count, "version");
	autoclear(buf) title = {0};

	buf_text(&title, name);
	if (version)
		buf_format(&title, ":%s", version);
	for (size_t i = 0; i < count; i++)
		if (strcmp(labels[i].name, "version") != 0)
			buf_format(&title, ",%s=%s", labels[i].name, labels[i].value);
	return buf_take(&title);
}
