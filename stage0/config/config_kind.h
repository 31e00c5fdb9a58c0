/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Between config.c and the kinds of configuration files (rkt 3.2 to 3.5): each reads one
 * file's text into its part of struct config. A key that an earlier directory has set is
 * overridden; one that another file of the same directory has set is an error.
 */

#include "common/appc/schema.h"
#include "stage0/config/config.h"

struct config_source {
	const char *text;
	size_t len;
	const char *path; /* absolute */
	enum config_layer layer;
};

typedef int config_read_kind(struct config *config, const struct config_source *source,
                             struct error *err);

config_read_kind auth_read, auth_read_docker, config_read_paths, config_read_stage1;

/* Decodes what stands in TEXT, at the place ABOVE ("" or ".credentials") of SOURCE's file;
 * warns of members that mean nothing. */
must_check int config_decode(const struct schema *schema, const char *text, size_t len,
                             const struct config_source *source, const char *above,
                             void *into, struct error *err);

/* Whether SOURCE may set what ORIGIN has set; PLACE and KEY are for the message. */
must_check int config_may_set(const struct config_origin *origin,
                              const struct config_source *source, const char *place,
                              const char *key, struct error *err);

/* Says that SOURCE has set it now. */
void config_was_set(struct config_origin *origin, const struct config_source *source);

/* Once all is read. */
void auth_sort(struct auth *auth);

/* Adds each of its objects to TEXT, with a comma before all but the first. */
void auth_encode(const struct auth *auth, bool secrets, struct buf *text);
