/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The meta tags of a page (appc 2.4): each one counts, wherever it stands, but not what only
 * looks like one within a comment, a script, a style, a title or another element whose content
 * is text. What cannot be read ends the search, and what was found until then is good.
 */

#include <stdbool.h>
#include <stddef.h>

/* Told of each meta tag that has a name and a content, until it returns false. */
typedef bool meta_found(const char *name, const char *content, void *context);

void meta_scan(const char *html, size_t len, meta_found *found, void *context);
