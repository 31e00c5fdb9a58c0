/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/dependency.h"

#include <string.h>

#include "common/memory.h"

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

/* Adds the chain from the image FROM down to TO to TEXT; whether there is one. Each image is
 * looked at once. */
static bool add_chain(struct dependency_graph *graph, size_t from, size_t to,
                      struct buf *text)
{
	struct dependency_node *node = &graph->items[to];

	if (node->seen)
		return false;
	node->seen = true;
	if (from == to) {
		buf_text(text, node->title);
		return true;
	}
	for (size_t i = 0; i < node->parents.count; i++)
		if (add_chain(graph, from, node->parents.items[i], text)) {
			buf_format(text, " -> %s", node->title);
			return true;
		}
	return false;
}

static bool find_chain(struct dependency_graph *graph, size_t from, size_t to,
                       struct buf *text)
{
	for (size_t i = 0; i < graph->count; i++)
		graph->items[i].seen = false;
	return add_chain(graph, from, to, text);
}

static int refuse_circle(const struct buf *chain, const char *title, struct error *err)
{
	return error_set(err, -ELOOP, "depends on itself: %s -> %s", buf_string(chain),
	                 title);
}

/* Whether WANTED would be satisfied by the image. */
static bool is_image(const struct dependency *wanted, const struct image_manifest *image)
{
	if (strcmp(wanted->image_name, image->name) != 0)
		return false;
	for (size_t i = 0; i < wanted->labels.count; i++) {
		const struct name_value *label = &wanted->labels.items[i];
		const char *value = image_manifest_label(image, label->name);

		if (!value || strcmp(value, label->value) != 0)
			return false;
	}
	return true;
}

int dependency_check(struct dependency_graph *graph, size_t from,
                     const struct dependency *wanted, struct error *err)
{
	if (wanted->image_id)
		return 0; /* no image can tell its own ID */
	for (size_t i = 0; i < graph->count; i++) {
		autoclear(buf) chain = {0};

		if (graph->items[i].made && is_image(wanted, graph->items[i].made) &&
		    find_chain(graph, i, from, &chain))
			return refuse_circle(&chain, wanted->image_name, err);
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
	autoclear(buf) chain = {0};

	if (find_chain(graph, to, from, &chain))
		return refuse_circle(&chain, graph->items[to].title, err);
	*list_add(&graph->items[from].children) = to;
	*list_add(&graph->items[to].parents) = from;
	if (deepen(graph, to, graph->items[from].depth + 1))
		return 0;
	(void)!find_chain(graph, 0, from, &chain);
	return error_set(err, -ELOOP, "depends on more than %d images in a row: %s -> %s",
	                 DEPENDENCY_DEPTH, buf_string(&chain), graph->items[to].title);
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
