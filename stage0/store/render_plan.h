/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which images make a tree, and what of each is in it (appc 1.8). Touches nothing.
 *
 * An image stands before those it depends on, of which the last comes first: so the first
 * that has a path decides about it. One that several depend on is visited for each, filtered
 * by the path whitelists of all images on the way to it, its own included.
 */

#include <stdbool.h>

#include "common/appc/name.h"
#include "common/list.h"
#include "common/strv.h"

enum { RENDER_DEPTH_MAX = 128, RENDER_VISITS_MAX = 1024, RENDER_IMAGES_MAX = 256 };

/* An image, each once. Index 0 is the one whose tree it is. */
struct render_image {
	struct image_id id;
	char *title;                  /* for messages */
	struct strv whitelist;        /* cleaned; empty: all of its files are wanted */
	LIST_OF(size_t) dependencies; /* indexes, in the manifest's order */
};

struct render_graph {
	LIST_OF(struct render_image);
};
void render_graph_clear(struct render_graph *graph);

/* The paths that all of some whitelists name. They are the graph's. */
struct render_filter {
	const char **items;
	size_t count;
};

struct render_visit {
	size_t image;
	const struct render_filter *filter; /* the plan's; NULL: everything */
};

/* In the order of search; those to be applied first stand last. */
struct render_plan {
	LIST_OF(struct render_visit) visits;
	LIST_OF(struct render_filter *) filters;
};
void render_plan_clear(struct render_plan *plan);

/* Fails for an image that depends on itself, and for too many. */
must_check int render_plan_make(const struct render_graph *graph,
                                struct render_plan *plan, struct error *err);

/* What one visit has at a path. */
struct render_candidate {
	bool is_directory;
	bool is_wanted; /* its filter names it; or, for a directory, something below it */
	bool is_implicit; /* a directory without an entry of its own */
};

enum render_node { RENDER_NOTHING, RENDER_OTHER, RENDER_DIRECTORY };

/* What is at the path. */
struct render_choice {
	enum render_node node;
	size_t from; /* whose file it is; whose attributes the directory has */
	size_t end;  /* the directory has what those directories before it have in them */
};

/* Chooses among what the visits have at one path, in the order of search (appc 1.8.3). */
struct render_choice render_choose(const struct render_candidate *candidates,
                                   size_t count);
