/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/transport.h"

#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "stage0/import/net/header.h"

enum {
	REDIRECTS_MAX = 10,
	RETRIES_MAX = 3,
	RETRY_MILLISECONDS = 500, /* before the first; twice as long before each other */
	RETRY_SECONDS_MAX = 30    /* a server that wants longer is not waited for */
};

struct transport {
	struct http *http;
	const struct net_ask *ask;

	char *url; /* where redirects have led */
	char *origin;
	bool is_trusted; /* still the origin that the credentials are for */
	unsigned redirects, retries;
	struct strv headers;

	int64_t offset; /* bytes one has already, of the file that these two say it is */
	char *etag, *last_modified;
	int64_t total; /* bytes of the file; -1: unknown */
	bool resumable;
};

struct transport *transport_new(struct http *http)
{
	struct transport *made = memory_zeroed(1, sizeof(*made));

	made->http = http;
	return made;
}

static void forget(struct transport *t)
{
	struct http *http = t->http;

	free(t->url);
	free(t->origin);
	free(t->etag);
	free(t->last_modified);
	strv_clear(&t->headers);
	*t = (struct transport){.http = http, .total = -1};
}

void transport_free(struct transport *t)
{
	if (t)
		forget(t);
	free(t);
}

/* URL for people, without what may be a secret: a user and password, and what stands behind
 * a '?'. The caller's. */
static char *show(const char *url)
{
	const char *host = strstr(url, "://");
	size_t scheme = host ? (size_t)(host - url) + 3 : 0;
	size_t authority = strcspn(url + scheme, "/?#");
	const char *at = memrchr(url + scheme, '@', authority);
	size_t len = strcspn(url, "?#");

	if (strcmp(url + len, "?ac-discovery=1") == 0)
		len = strlen(url);
	if (!at)
		return memory_format("%.*s%s", (int)len, url, url[len] ? "?..." : "");
	return memory_format("%.*s...%.*s%s", (int)scheme, url,
	                     (int)(len - (size_t)(at - url)), at, url[len] ? "?..." : "");
}

static int start(struct transport *t, const struct net_ask *ask, struct error *err)
{
	forget(t);
	t->ask = ask;
	t->url = memory_text(ask->url);
	t->offset = ask->offset;
	t->etag = memory_text(ask->etag);
	t->last_modified = memory_text(ask->last_modified);
	if (http_origin(t->url, &t->origin, err) < 0)
		return err->code;
	/* Whatever was meant: over http everybody would learn them. */
	t->is_trusted = strncmp(t->url, "https:", 6) == 0;
	return 0;
}

/* The part is asked for if the file is still the one that the part is of. */
static void add_range(struct transport *t)
{
	bool is_strong = t->etag && header_is_strong(t->etag);

	strv_add_format(&t->headers, "Range: bytes=%lld-", (long long)t->offset);
	strv_add_format(&t->headers, "If-Range: %s",
	                is_strong ? t->etag : t->last_modified);
}

static void make_headers(struct transport *t)
{
	const struct net_ask *ask = t->ask;

	strv_clear(&t->headers);
	/* The file as it lies there: signatures are of that. */
	strv_add(&t->headers, "Accept-Encoding: identity");
	if (t->offset > 0)
		add_range(t);
	else if (ask->offset > 0)
		return; /* a part is no copy that could be unchanged */
	else if (ask->etag)
		strv_add_format(&t->headers, "If-None-Match: %s", ask->etag);
	else if (ask->last_modified)
		strv_add_format(&t->headers, "If-Modified-Since: %s", ask->last_modified);
}

/* Something one has a part of must say which file it is a part of. */
static bool can_resume(const char *etag, const char *last_modified)
{
	return (etag && header_is_strong(etag)) || last_modified;
}

static bool is_overloaded(int status)
{
	return status == 429 || (status >= 502 && status <= 504);
}

/* Waits until it may be tried again. -EAGAIN: it may not. */
static int wait_to_retry(struct transport *t, int64_t seconds, const char *why,
                         struct error *err)
{
	int64_t milliseconds = (int64_t)RETRY_MILLISECONDS << t->retries;
	autofree char *shown = show(t->url);

	if (t->retries >= RETRIES_MAX || seconds > RETRY_SECONDS_MAX)
		return -EAGAIN;
	if (milliseconds < seconds * 1000)
		milliseconds = seconds * 1000;
	t->retries++;
	log_debug("'%s': %s: trying again", shown, why);
	return http_wait(t->http, milliseconds, err);
}

/* One request, tried again while that may help. 0: there is an answer with a status. */
static int request(struct transport *t, struct error *err)
{
	const struct http_request asked = {
		.url = t->url,
		.agent = t->ask->agent,
		.insecure_tls = t->ask->insecure_tls,
		.credentials = t->is_trusted ? t->ask->credentials : NULL,
		.headers = &t->headers,
	};
	autofree char *shown = show(t->url);

	for (;;) {
		struct error why = {0};
		int64_t seconds = 0;
		int r;

		log_debug("asking for '%s'%s", shown,
		          asked.credentials ? " with its credentials" : "");
		r = http_begin(t->http, &asked, &why);
		if (r >= 0) {
			int status = http_status(t->http);

			log_debug("'%s' answers %d", shown, status);
			if (!is_overloaded(status))
				return 0;
			seconds = http_retry_after(t->http);
			(void)!error_set(&why, -EIO, "bad HTTP status code: %d", status);
		}
		if (r >= 0 || http_is_passing(t->http)) {
			http_end(t->http);
			r = wait_to_retry(t, seconds, why.text, err);
			if (r == 0)
				continue;
			if (r == -ECANCELED)
				return r;
		}
		*err = why;
		return err->code;
	}
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

/* Goes where the answer leads. */
static int redirect(struct transport *t, struct error *err)
{
	autofree char *to = http_redirect(t->http, t->url);
	autofree char *origin = NULL, *shown = NULL;
	const char *wrong = to ? net_check_url(to) : "names no URL";

	if (wrong)
		return error_set(err, -EPROTO, "the redirect %s", wrong);
	shown = show(to);
	if (t->redirects++ >= REDIRECTS_MAX)
		return error_set(err, -ELOOP, "more than %d redirects", REDIRECTS_MAX);
	if (http_origin(to, &origin, err) < 0)
		return error_wrap(err, "a redirect to '%s'", shown);
	if (strncmp(origin, "http:", 5) == 0 && !t->ask->insecure_http)
		return error_set(err, -EPERM,
		                 "a redirect to plain http, to '%s', is not followed; "
		                 "--insecure-options=http allows it",
		                 shown);
	if (strcmp(origin, t->origin) != 0)
		t->is_trusted = false;
	log_debug("redirected to '%s'%s", shown,
	          t->ask->credentials && !t->is_trusted ? ", without credentials" : "");
	free(t->url);
	t->url = take(to);
	free(t->origin);
	t->origin = take(origin);
	return 0;
}

/* Requests, as far as redirects lead. */
static int follow(struct transport *t, struct error *err)
{
	for (;;) {
		int r;

		make_headers(t);
		r = request(t, err);
		if (r < 0 || !is_redirect(http_status(t->http)))
			return r;
		r = redirect(t, err);
		http_end(t->http);
		if (r < 0)
			return r;
	}
}

static char *validator(const struct transport *t, const char *name)
{
	const char *text = http_header(t->http, name, 0);

	return text && !net_check_validator(text) ? memory_text(text) : NULL;
}

/* A date says which bytes are meant only if nobody could change them within that second. */
static bool is_settled(const struct transport *t)
{
	const char *date = http_header(t->http, "Date", 0);
	const char *changed = http_header(t->http, "Last-Modified", 0);

	return date && changed && strcmp(date, changed) != 0;
}

static int64_t max_age(const struct transport *t)
{
	int64_t found = -1, age;
	const char *text;

	for (size_t i = 0; (text = http_header(t->http, "Cache-Control", i)); i++) {
		age = header_max_age(text);
		if (age >= 0 && (found < 0 || age < found))
			found = age;
	}
	return found < 0 ? 0 : found;
}

/* What the answer says of the file, for this request and later ones. */
static void learn(struct transport *t)
{
	const char *ranges = http_header(t->http, "Accept-Ranges", 0);
	bool is_part = http_status(t->http) == 206;

	if (is_part)
		return;
	free(t->etag);
	free(t->last_modified);
	t->etag = validator(t, "ETag");
	t->last_modified = validator(t, "Last-Modified");
	t->offset = 0;
	t->total = http_length(t->http);
	t->resumable = ranges && header_has_word(ranges, "bytes") &&
	               ((t->etag && header_is_strong(t->etag)) || is_settled(t));
}

/* Whether a part came that can be put behind what one has. */
static int check_part(struct transport *t, struct error *err)
{
	const char *text = http_header(t->http, "Content-Range", 0);
	int64_t length = http_length(t->http);
	struct header_range range;

	if (!text || !header_content_range(text, &range) || range.first != t->offset ||
	    range.last != range.total - 1 ||
	    (length >= 0 && length != range.total - range.first) ||
	    (t->total >= 0 && t->total != range.total))
		return error_set(
			err, -EPROTO,
			"the server sends another part of it than was asked for");
	t->total = range.total;
	t->resumable = true;
	return 0;
}

static int refuse_credentials(const struct transport *t, int status, struct error *err)
{
	const char *host = strstr(t->origin, "://") + 3;
	const char *had = "it has no credentials in auth.d";

	if (t->ask->credentials)
		had = t->is_trusted ? "the server refuses its credentials in auth.d"
		                    : "credentials are not sent along on a redirect";
	return error_set(err, -EACCES, "bad HTTP status code: %d: '%s': %s", status, host,
	                 had);
}

static int refuse_status(const struct transport *t, int status, struct error *err)
{
	if (status == 401 || status == 403)
		return refuse_credentials(t, status, err);
	return error_set(err, status == 404 || status == 410 ? -ENOENT : -EIO,
	                 "bad HTTP status code: %d", status);
}

/* Begins afresh what one cannot have the rest of. */
static int restart(struct transport *t, struct error *err)
{
	http_end(t->http);
	t->offset = 0;
	return follow(t, err);
}

static int settle(struct transport *t, struct error *err)
{
	struct error why;
	int status = http_status(t->http);
	int r = 0;

	if (t->offset > 0 &&
	    (status == 416 || (status == 206 && check_part(t, &why) < 0))) {
		log_debug("the rest of it cannot be had: from the beginning");
		r = restart(t, err);
		status = http_status(t->http);
	}
	if (r < 0)
		return r;
	if (status == 202)
		return NET_DEFERRED;
	if (status == 304 && (t->ask->etag || t->ask->last_modified) && !t->ask->offset)
		return NET_UNCHANGED;
	if (status != 200 && !(status == 206 && t->offset > 0))
		return refuse_status(t, status, err);
	learn(t);
	if (t->total > t->ask->size_max)
		return error_set(err, -EFBIG, "has %lld bytes, more than %lld",
		                 (long long)t->total, (long long)t->ask->size_max);
	return NET_BODY;
}

static int begin(struct transport *t, const struct net_ask *ask, struct error *err)
{
	int r = start(t, ask, err);

	if (r >= 0 && strncmp(t->origin, "http:", 5) == 0 && !ask->insecure_http)
		return error_set(err, -EPERM,
		                 "plain http is not used: what comes could be anybody's; "
		                 "--insecure-options=http allows it");
	if (r >= 0 && !can_resume(t->etag, t->last_modified))
		t->offset = 0;
	if (r >= 0)
		r = follow(t, err);
	return r < 0 ? r : settle(t, err);
}

static int cannot_get(const char *url, struct error *err)
{
	autofree char *shown = show(url);

	return error_wrap(err, "cannot get '%s'", shown);
}

static void fill(const struct transport *t, enum net_outcome outcome,
                 struct net_answer *answer)
{
	answer->outcome = outcome;
	answer->max_age = max_age(t);
	answer->total = -1;
	if (outcome != NET_BODY)
		return;
	answer->offset = t->offset;
	answer->total = t->total;
	answer->resumable = t->resumable;
	answer->etag = memory_text(t->etag);
	answer->last_modified = memory_text(t->last_modified);
}

int transport_begin(struct transport *t, const struct net_ask *ask,
                    struct net_answer *answer, struct error *err)
{
	int r = begin(t, ask, err);

	if (r >= 0)
		fill(t, (enum net_outcome)r, answer);
	if (r != NET_BODY)
		http_end(t->http);
	return r < 0 ? cannot_get(ask->url, err) : 0;
}

/* Asks for what is still to come after a connection broke. */
static int resume(struct transport *t, struct error *err)
{
	make_headers(t);
	if (request(t, err) < 0)
		return err->code;
	if (http_status(t->http) == 206)
		return check_part(t, err);
	return error_set(err, -ESTALE, "has changed while it was being fetched");
}

/* Whether a body that broke off can go on; -EAGAIN if not. */
static int repair(struct transport *t, int64_t size, const char *why, struct error *err)
{
	int r = -EAGAIN;

	if (t->resumable && http_is_passing(t->http) && t->offset + size > 0) {
		http_end(t->http);
		t->offset += size;
		r = wait_to_retry(t, 0, why, err);
	}
	return r < 0 ? r : resume(t, err);
}

static int get_body(struct transport *t, struct http_sink *sink, struct error *err)
{
	for (;;) {
		struct error why = {0};
		int64_t before = sink->size;
		int r = http_body(t->http, sink, &why);

		if (r >= 0)
			break;
		r = repair(t, sink->size - before, why.text, err);
		if (r == -EAGAIN) {
			*err = why;
			r = why.code;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_length(const struct transport *t, int64_t end, struct error *err)
{
	if (t->total >= 0 && end != t->total)
		return error_set(err, -EIO, "%lld bytes came, and not %lld",
		                 (long long)end, (long long)t->total);
	return 0;
}

int transport_body(struct transport *t, int pipe_fd, struct error *err)
{
	struct http_sink sink = {.fd = pipe_fd, .max = t->ask->size_max - t->offset};
	int64_t begun = t->offset;
	int r = get_body(t, &sink, err);

	if (r >= 0)
		r = check_length(t, begun + sink.size, err);
	http_end(t->http);
	return r < 0 ? cannot_get(t->ask->url, err) : 0;
}

int transport_page(struct transport *t, const struct net_ask *ask, struct buf *page,
                   struct error *err)
{
	struct http_sink sink = {.text = page, .fd = -1, .max = ask->size_max};
	int r = begin(t, ask, err);

	if (r == NET_BODY)
		r = get_body(t, &sink, err);
	else if (r >= 0)
		r = refuse_status(t, http_status(t->http), err);
	http_end(t->http);
	return r < 0 ? r : 0;
}
