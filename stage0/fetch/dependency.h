/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which image depends on which (appc 1.6.3). The graph grows while images are found; an edge
 * that would close a circle, or make a chain longer than DEPENDENCY_DEPTH, is refused at once,
 * and the message shows the chain. Several may depend on one image, which stands here once.
 */

#include "common/appc/image_manifest.h"

enum { DEPENDENCY_DEPTH = 32, DEPENDENCY_IMAGES = 1024 };

struct dependency_node {
	char *title;                       /* as it was asked for */
	const struct image_manifest *made; /* once known; whoever set it owns it */
	LIST_OF(size_t) parents;
	LIST_OF(size_t) children;
	unsigned depth; /* of the longest chain down to it */
	bool seen;
};

struct dependency_graph {
	LIST_OF(struct dependency_node);
};
void dependency_graph_clear(struct dependency_graph *graph);

/* Adds an image; *INDEX is its place. Fails when there are too many. */
must_check int dependency_add(struct dependency_graph *graph, const char *title,
                              size_t *index, struct error *err);

/* Fails if WANTED, on which the image FROM depends, is FROM itself or depends on it: that is
 * what it would be found to be, unless it is named by its ID. */
must_check int dependency_check(struct dependency_graph *graph, size_t from,
                                const struct dependency *wanted, struct error *err);

/* FROM depends on TO. */
must_check int dependency_link(struct dependency_graph *graph, size_t from, size_t to,
                               struct error *err);

/* "example.com/app:1.0,arch=amd64", as one would type it; the caller's. */
must_check char *dependency_title(const char *name, const struct name_value *labels,
                                  size_t count);
