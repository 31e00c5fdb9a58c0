/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The specification's scalar types (appc 1.4). Each check is a field_check: it returns NULL
 * for a good text, else what it should have been ("must be ...").
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* The version of the specification that is implemented. */
#define APPC_VERSION "0.8.11"

enum { IMAGE_ID_DIGITS = 64, NAME_MAX_LENGTH = 1024 };

/*
 * An image's name in the store: "sha512-" and the first 64 hex digits of the SHA-512 digest
 * of its uncompressed archive. 256 bits, as rkt shows and stores it (rkt 5.2).
 */
struct image_id {
	char text[sizeof("sha512-") + IMAGE_ID_DIGITS];
};

const char *name_check_identifier(const char *text);  /* AC Identifier */
const char *name_check_name(const char *text);        /* AC Name */
const char *name_check_version(const char *text);     /* AC Version */
const char *name_check_image_id(const char *text);    /* as the reference: lenient */
const char *name_check_timestamp(const char *text);   /* RFC 3339 */
const char *name_check_url(const char *text);         /* http or https, with a host */
const char *name_check_environment(const char *text); /* a variable's name */
const char *name_check_absolute(const char *text);    /* a path that begins with '/' */
const char *name_check_mount_path(const char *text);  /* absolute, without '..' */
const char *name_check_errno(const char *text); /* empty, or E and capitals, digits */

/* TEXT as an AC Name: lower case, '-' for what is not allowed, none at the ends (appc 1.4).
 * Fails if nothing remains. *NAME is the caller's. */
must_check int name_sanitize(const char *text, char **name, struct error *err);

/* Whether TEXT looks like an image ID or a prefix of one: "sha512-" and something, one '-'
 * only (rkt 4.1). It may still be no good ID. */
bool image_id_is_hash(const char *text);

/* Reads "sha512-" and 64 to 128 lower-case hex digits; digits past the 64th are dropped. */
must_check int image_id_parse(const char *text, struct image_id *id, struct error *err);
