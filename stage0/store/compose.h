/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tree of an image that depends on others, all of which are in the store (appc 1.8): who
 * they are, whether they are those that the manifests ask for, and what the tree is called.
 * Whoever uses this holds the store's lock, so that no layer goes meanwhile.
 */

#include "stage0/store/inner.h"
#include "stage0/store/render_plan.h"

struct compose_request {
	const struct image_id *id;
	const struct image_manifest *manifest;
	const struct image_id *dependencies; /* in the manifest's order */
	size_t count;
};

struct composition;

/* Finds the images below, and judges their order and number. The composition's NAME is that of
 * the tree (rkt 5.5). */
must_check int compose_plan(struct store *store, const struct compose_request *request,
                            struct composition **composition, struct error *err);
void composition_free(struct composition *composition);
define_autoptr(composition);

const struct tree_id *composition_tree(const struct composition *composition);

/* Makes the tree in the new directory "rendered" of the draft DRAFT_FD. LAYER_FD holds the
 * image's own layer. Sets *SIZE to the bytes of its files. */
must_check int compose_tree(struct store *store, const struct composition *composition,
                            int layer_fd, int draft_fd, int64_t *size, struct error *err);

#define COMPOSE_RENDERED "rendered"
