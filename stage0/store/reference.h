/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the user wrote for an image (rkt 4.1, 4.2): a hash, a file, a URL, or a name with
 * labels. Pure: looks at the text, and at whether a file of that name is there.
 */

#include "common/appc/image_manifest.h"
#include "common/error.h"

enum reference_kind {
	REFERENCE_HASH,
	REFERENCE_FILE,
	REFERENCE_NAME,
	REFERENCE_URL,
	REFERENCE_DOCKER
};

struct reference {
	enum reference_kind kind;
	char *text; /* hash; absolute path; name without labels; URL */
	LIST_OF(struct name_value) labels; /* kind NAME: "version" included */
};

/* Classifies and takes apart. */
must_check int reference_parse(const char *text, struct reference *ref,
                               struct error *err);

/* Reads TEXT as NAME[:VERSION][,LABEL=VALUE]... (appc 2.1). */
must_check int reference_parse_name(const char *text, struct reference *ref,
                                    struct error *err);

/* Adds os and arch of this machine where the labels have none (rkt 4.2). */
void reference_add_defaults(struct reference *ref);

void reference_clear(struct reference *ref);
