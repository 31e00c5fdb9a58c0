/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Getting one file: redirects, retries, the rest of what one has a part of (rkt 4.6).
 *
 * Credentials are for the scheme, host and port of the URL that was asked for. The first
 * redirect to another takes them away for good. No redirect leads from https to http, unless
 * http is allowed anyway.
 */

#include "stage0/import/net/http.h"

struct transport;

struct transport *transport_new(struct http *http);
void transport_free(struct transport *transport);
define_autoptr(transport);

/* Asks for ASK's file, until it is known what becomes of it. Fills ANSWER's outcome and what
 * belongs to it; -ENOENT, if the server has no such file. */
must_check int transport_begin(struct transport *transport, const struct net_ask *ask,
                               struct net_answer *answer, struct error *err);

/* After NET_BODY: moves the body on. A connection that breaks is taken up again if the file
 * can be told to be still the same. */
must_check int transport_body(struct transport *transport, int pipe_fd,
                              struct error *err);

/* All of it for a page, which must be there (200) and at most ASK's size_max long. */
must_check int transport_page(struct transport *transport, const struct net_ask *ask,
                              struct buf *page, struct error *err);
