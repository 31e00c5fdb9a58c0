/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From what the user wrote for images to images in the store (rkt 4.1, 4.5, 4.7): a hash is
 * looked up; a file is imported each time; a URL or a name is looked up in the store, or
 * fetched, as the pull policy says, a name with this machine's os and arch where its labels
 * say nothing of them. What an image depends on is found in the same way (appc 1.6.3).
 *
 * What comes from outside is signed by a key that is trusted for its name, unless the
 * administrator does without (--insecure-options=image), and has the name it was asked for.
 *
 * Several images are fetched at once. What is in the store already costs neither a thread nor
 * a child.
 */

#include "common/appc/name.h"
#include "common/error.h"
#include "stage0/fetch/progress.h"
#include "stage0/host.h"

struct store;

enum pull_policy {
	PULL_NEW,   /* the store's image, else a new one */
	PULL_NEVER, /* the store's image only */
	PULL_UPDATE /* a new image, whatever the store has */
};

/* Reads "new", "never" or "update" into an enum pull_policy. */
option_parse pull_policy_parse;

struct finder_request {
	const char *image;     /* as the user wrote it */
	const char *signature; /* the file that --signature named for it, or NULL */
};

/* Finds COUNT images: IDS[i] is that of REQUESTS[i]. On the first failure none is looked for
 * any more; those that are in the store by then stay there. */
must_check int finder_find_all(struct host *host, const struct finder_request *requests,
                               size_t count, enum pull_policy policy,
                               enum progress_style progress, struct image_id *ids,
                               struct error *err);

/* Finds one. */
must_check int finder_find(struct host *host, const struct finder_request *request,
                           enum pull_policy policy, enum progress_style progress,
                           struct image_id *id, struct error *err);

/* Finds the image in the store that TEXT, an ID, a prefix of one, or a name with labels,
 * stands for, with no labels but those (rkt 2.23). */
must_check int finder_resolve(struct store *store, const char *text, struct image_id *id,
                              struct error *err);
