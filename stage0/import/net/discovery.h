/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where the images of a name are, and the keys that sign them: the walk from page to page, and
 * the templates that stand there (appc 2.3 to 2.5; rkt 4.3, 4.4).
 *
 * A tag is for all names that begin with its prefix, as the specification has it. One that
 * ends within a part of the name is warned of, and for keys it is none.
 */

#include "stage0/fetch/net.h"

/* Gets the page URL into HTML; fails if it is not there. -ECANCELED ends the walk. */
typedef int discovery_page(void *context, const char *url, struct buf *html,
                           struct error *err);

struct discovery_walk {
	enum discovery_kind kind;
	const char *name;
	const struct name_value *labels;
	size_t label_count;
	bool insecure_http;
	int port; /* of the host in each URL; 0: the scheme's own */
	discovery_page *get_page;
	void *context;
};

/* Fails with -ENOENT, and why, if no page on the way up says it. */
must_check int discovery_find(const struct discovery_walk *walk, struct discovery *found,
                              struct error *err);
