/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/render_plan.h"

#include "common/appc/whitelist.h"
#include "common/memory.h"

/* Paths in all filters together: they are pointers only, but they multiply. */
enum { FILTERED_MAX = 16 << 20 };

void render_graph_clear(struct render_graph *graph)
{
	for (size_t i = 0; i < graph->count; i++) {
		free(graph->items[i].title);
		strv_clear(&graph->items[i].whitelist);
		free(graph->items[i].dependencies.items);
	}
	free(graph->items);
	*graph = (struct render_graph){0};
}

void render_plan_clear(struct render_plan *plan)
{
	for (size_t i = 0; i < plan->filters.count; i++) {
		free(plan->filters.items[i]->items);
		free(plan->filters.items[i]);
	}
	free(plan->filters.items);
	free(plan->visits.items);
	*plan = (struct render_plan){0};
}

/* The way down the graph, and what is left of the limits. */
struct descent {
	const struct render_graph *graph;
	struct render_plan *plan;
	size_t way[RENDER_DEPTH_MAX];
	size_t depth;
	size_t filtered;
};

/* Whether PATH passes FILTER, which may be none. */
static bool passes(const struct render_filter *filter, const char *path)
{
	return !filter || whitelist_has(filter->items, filter->count, path);
}

/* Sets *FILTER to what passes it and IMAGE's own list. */
static int narrow(struct descent *d, const struct render_image *image,
                  const struct render_filter **filter, struct error *err)
{
	const struct strv *own = &image->whitelist;
	struct render_filter *both;

	if (!own->count)
		return 0;
	both = memory_zeroed(1, sizeof(*both));
	*list_add(&d->plan->filters) = both;
	both->items = memory_zeroed(own->count, sizeof(*both->items));
	for (size_t i = 0; i < own->count; i++)
		if (passes(*filter, own->items[i]))
			both->items[both->count++] = own->items[i];
	*filter = both;
	d->filtered += own->count;
	if (d->filtered > FILTERED_MAX)
		return error_set(err, -EFBIG,
		                 "the path whitelists have more than %d paths: refused",
		                 FILTERED_MAX);
	return 0;
}

static int check_way(const struct descent *d, size_t image, struct error *err)
{
	const char *title = d->graph->items[image].title;

	for (size_t i = 0; i < d->depth; i++)
		if (d->way[i] == image)
			return error_set(err, -ELOOP, "the image '%s' depends on itself",
			                 title);
	if (d->depth == RENDER_DEPTH_MAX)
		return error_set(err, -E2BIG,
		                 "the images depend on one another more than %d deep: "
		                 "refused",
		                 RENDER_DEPTH_MAX);
	if (d->plan->visits.count == RENDER_VISITS_MAX)
		return error_set(err, -E2BIG,
		                 "the tree is made of more than %d images: refused",
		                 RENDER_VISITS_MAX);
	return 0;
}

static int descend(struct descent *d, size_t index, const struct render_filter *filter,
                   struct error *err)
{
	const struct render_image *image = &d->graph->items[index];
	int r = check_way(d, index, err);

	if (r >= 0)
		r = narrow(d, image, &filter, err);
	if (r < 0)
		return r;
	*list_add(&d->plan->visits) = (struct render_visit){index, filter};
	d->way[d->depth++] = index;
	for (size_t i = image->dependencies.count; r >= 0 && i-- > 0;)
		r = descend(d, image->dependencies.items[i], filter, err);
	d->depth--;
	return r;
}

int render_plan_make(const struct render_graph *graph, struct render_plan *plan,
                     struct error *err)
{
	struct descent d = {.graph = graph, .plan = plan};

	return descend(&d, 0, NULL, err);
}

struct render_choice render_choose(const struct render_candidate *candidates,
                                   size_t count)
{
	struct render_choice choice = {RENDER_NOTHING, count, count};
	bool has_entry = false;

	for (size_t i = 0; i < count; i++) {
		const struct render_candidate *c = &candidates[i];

		if (!c->is_directory && c->is_wanted) {
			/* It hides all below it, and is hidden by any directory above. */
			choice.end = i;
			if (choice.node != RENDER_DIRECTORY)
				choice = (struct render_choice){RENDER_OTHER, i, i};
			return choice;
		}
		if (!c->is_directory)
			continue;
		if (c->is_wanted)
			choice.node = RENDER_DIRECTORY;
		if (choice.from == count || (!has_entry && !c->is_implicit))
			choice.from = i;
		has_entry |= !c->is_implicit;
	}
	return choice;
}
