/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the headers of an answer mean that libcurl leaves as text (RFC 9110, 9111; rkt 4.6). */

#include <stdbool.h>
#include <stdint.h>

/* The seconds of a Cache-Control for which no one needs to ask again; -1 if it says nothing
 * of that; 0 if it says no-cache or no-store. */
int64_t header_max_age(const char *cache_control);

struct header_range {
	int64_t first, last, total; /* of the whole file; both ends belong to the range */
};

/* Reads a Content-Range; one that does not say all three is none. */
bool header_content_range(const char *text, struct header_range *range);

/* Whether a list of words, as of Accept-Ranges, has WORD, in any case. */
bool header_has_word(const char *list, const char *word);

/* Whether an ETag means these very bytes, and not only as good as these. */
bool header_is_strong(const char *etag);
