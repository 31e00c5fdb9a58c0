/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The network, as gantry sees it: a child, `import-net`, that talks HTTP and reads HTML under
 * an unprivileged user, and can open nothing for writing. What comes back has been judged
 * here once more; the bytes of a body, which arrive by a pipe, are for the reader to judge.
 *
 * One thread uses a struct net at a time; a process may have several. The child ends with
 * net_free(), and with the thread that started it. Connections are kept between requests.
 * Credentials go to exactly the scheme, host and port that auth.d has them for, and not
 * along on a redirect to another (threat class 17).
 */

#include "common/appc/schema.h"

struct auth;
struct net;

struct net_options {
	bool insecure_tls;       /* certificates are not verified */
	bool insecure_http;      /* plain http may be used, by discovery after https */
	const char *program;     /* "gantry", "rkt": User-Agent is PROGRAM/VERSION */
	const struct auth *auth; /* stage0/config/auth.h, or NULL: no credentials */
};

/* Starts the child; OPTIONS and what they point at must live as long. */
must_check int net_start(const struct net_options *options, struct net **net,
                         struct error *err);
void net_free(struct net *net);
define_autoptr(net);

/* Ends the child, from any thread: what another waits for in a call below fails at once. Not
 * while net_free() is called. */
void net_cancel(struct net *net);

enum discovery_kind { DISCOVER_IMAGES, DISCOVER_KEYS };

/* What a template became (appc 2.5). */
struct endpoint {
	char *image;
	char *signature; /* NULL if the template cannot tell it from the image: no {ext} */
};

struct discovery {
	LIST_OF(struct endpoint) endpoints; /* in the order of the page */
	struct strv keys;                   /* URLs */
	char *prefix;                       /* the name that the first tag used is for */
};
void discovery_clear(struct discovery *discovery);

/* Walks up from NAME to a page that says where its images, or its keys, are (appc 2.3 to
 * 2.5, rkt 4.3, 4.4). -ENOENT says which pages were tried, and why each did not do. */
must_check int net_discover(struct net *net, enum discovery_kind kind, const char *name,
                            const struct name_value *labels, size_t count,
                            struct discovery *found, struct error *err);

struct net_request {
	const char *url;
	const char *etag;          /* of the copy one has, or NULL: If-None-Match */
	const char *last_modified; /* likewise, an HTTP-date: If-Modified-Since */
	int64_t offset;   /* bytes of that copy one has; above 0 the rest is asked
	                              for, if the file is still the same */
	int64_t size_max; /* a longer file fails */
};

struct net_reply {
	int64_t offset; /* where the body begins: the request's, or 0: it begins afresh */
	int64_t total;  /* bytes of the whole file; -1: unknown */
	int64_t max_age; /* seconds, of Cache-Control; 0: none, no-cache, no-store */
	char *etag, *last_modified; /* or NULL */
	bool resumable; /* the rest of it can be asked for, with these two, later */
};
void net_reply_clear(struct net_reply *reply);

enum net_outcome {
	NET_BODY,      /* the file comes: net_body_fd() */
	NET_UNCHANGED, /* the copy one has is the file */
	NET_DEFERRED   /* 202: to be asked for again when the rest is there */
};

/* Begins to get a file, after redirects and with retries (rkt 4.6); returns a net_outcome.
 * -ENOENT: the server says there is none. */
must_check int net_get(struct net *net, const struct net_request *request,
                       struct net_reply *reply, struct error *err);

/* After NET_BODY: a pipe, of which the reader takes no more bytes than size_max allows. It is
 * NET's, until net_finish(). */
int net_body_fd(const struct net *net);

/* After the pipe's end, or to give up the rest: whether the body came whole. */
must_check int net_finish(struct net *net, struct error *err);

/* Gets a small file, as a key or a signature, whole into TEXT: more than SIZE_MAX bytes fail.
 * NET_BODY or NET_DEFERRED. */
must_check int net_get_text(struct net *net, const char *url, int64_t size_max,
                            struct buf *text, struct error *err);
