/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One HTTP exchange after another, over connections that are kept (libcurl). No redirect is
 * followed and nothing is tried again here: transport.h decides that.
 *
 * Every wait is one for gantry too: when its end of the socket closes, or it sends something
 * out of turn, what waits fails with -ECANCELED.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/strv.h"
#include "stage0/fetch/net_protocol.h"

struct http;

/* Reads what needs files: certificates of SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL has
 * them. GANTRY_FD is the socket to gantry. */
must_check int http_new(int gantry_fd, struct http **http, struct error *err);

struct http_request {
	const char *url;
	const char *agent;
	bool insecure_tls;
	const struct net_credentials *credentials; /* or NULL */
	const struct strv *headers;
};

/* Sends a GET and waits until a body begins, or nothing more comes. */
must_check int http_begin(struct http *http, const struct http_request *request,
                          struct error *err);

/* Whether what failed last may well go better another time. */
bool http_is_passing(const struct http *http);

/* Of the answer: its status, header NAME (the INDEXth of that name) or NULL, the bytes of the
 * body or -1, the seconds to wait or 0. */
int http_status(const struct http *http);
const char *http_header(const struct http *http, const char *name, size_t index);
int64_t http_length(const struct http *http);
int64_t http_retry_after(const struct http *http);

/* Where it redirects to, seen from URL, or NULL; the caller's. */
must_check char *http_redirect(const struct http *http, const char *url);

/* Where a body goes: into TEXT, or else into the pipe FD, which does not block. */
struct http_sink {
	struct buf *text;
	int fd;
	int64_t max;  /* a longer one fails: -EFBIG */
	int64_t size; /* bytes so far */
};

/* Waits for the whole body. -EPIPE: nobody reads the pipe. */
must_check int http_body(struct http *http, struct http_sink *sink, struct error *err);

/* Ends the exchange, whatever it has come to; the connection is kept if that is cheap. */
void http_end(struct http *http);

must_check int http_wait(struct http *http, int64_t milliseconds, struct error *err);

/* The scheme, host and port of URL as one text, the caller's: "https://example.com:443".
 * Fails for any other scheme, and for a user or password within it. */
must_check int http_origin(const char *url, char **origin, struct error *err);
