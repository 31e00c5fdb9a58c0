/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/http.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <poll.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/import/net/authorities.h"

enum {
	CONNECT_SECONDS = 20,
	SLOW_BYTES = 1, /* a second; for SLOW_SECONDS no more than that: it has stopped */
	SLOW_SECONDS = 60,
	HEADERS_MAX = 256 << 10, /* of one exchange, with those of a proxy */
	UNREAD_MAX = 16 << 10,   /* read to keep a connection, and thrown away */
	POLL_MILLISECONDS = 1000
};

struct http {
	int gantry_fd;
	CURLM *multi;
	CURL *easy;
	struct authorities authorities;

	/* of the exchange */
	struct curl_slist *headers;
	struct http_sink *sink; /* NULL until the body is wanted */
	struct buf unwritten;   /* what the pipe had no room for */
	size_t header_size, unread;
	bool is_added, has_body, is_paused, is_done;
	CURLcode result;
	struct error refusal; /* why a callback wants no more */
	char text[CURL_ERROR_SIZE];
};

static size_t take_header(const char *data __attribute__((unused)), size_t size,
                          size_t count, void *context)
{
	struct http *http = context;

	http->header_size += size * count;
	if (http->header_size <= HEADERS_MAX)
		return size * count;
	(void)!error_set(&http->refusal, -EFBIG, "the headers are longer than %d bytes",
	                 HEADERS_MAX);
	return 0;
}

/* Writes what the pipe has room for; returns how much that was, or < 0. */
static ssize_t write_some(struct http *http, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(http->sink->fd, data + done, len - done);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != EINTR)
			return error_errno(&http->refusal, "cannot hand the file on");
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Tries to get rid of what was kept for the pipe. */
static int flush(struct http *http)
{
	struct buf *kept = &http->unwritten;
	ssize_t n = kept->len ? write_some(http, kept->data, kept->len) : 0;

	if (n <= 0)
		return (int)n;
	memmove(kept->data, kept->data + n, kept->len - (size_t)n);
	kept->len -= (size_t)n;
	return 0;
}

static int sink_take(struct http *http, const char *data, size_t len)
{
	struct http_sink *sink = http->sink;
	ssize_t n;

	if (sink->max - sink->size < (int64_t)len)
		return error_set(&http->refusal, -EFBIG, "larger than %lld bytes",
		                 (long long)sink->max);
	if (sink->text) {
		buf_add(sink->text, data, len);
	} else {
		n = write_some(http, data, len);
		if (n < 0)
			return (int)n;
		buf_add(&http->unwritten, data + n, len - (size_t)n);
	}
	sink->size += (int64_t)len;
	return 0;
}

static size_t take_body(const char *data, size_t size, size_t count, void *context)
{
	struct http *http = context;
	size_t len = size * count;

	if (http->is_done) { /* nobody wants it any more */
		http->unread += len;
		return http->unread > UNREAD_MAX ? 0 : len;
	}
	http->has_body = true;
	if (!http->sink || flush(http) < 0 || http->unwritten.len) {
		http->is_paused = true;
		return http->refusal.code < 0 ? 0 : CURL_WRITEFUNC_PAUSE;
	}
	return sink_take(http, data, len) < 0 ? 0 : len;
}

/* Options that no request changes. */
static void set_always(struct http *http)
{
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->text);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
}

static void set_tls(struct http *http, bool insecure)
{
	const struct authorities *from = &http->authorities;
	struct curl_blob blob = {from->pem.data, from->pem.len, CURL_BLOB_NOCOPY};

	if (insecure) {
		curl_easy_setopt(http->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(http->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (from->is_set) {
		curl_easy_setopt(http->easy, CURLOPT_CAINFO_BLOB, &blob);
		curl_easy_setopt(http->easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
	}
	if (from->is_directory_set) {
		curl_easy_setopt(http->easy, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(http->easy, CURLOPT_PROXY_CAPATH, NULL);
	}
}

static void add_header(struct http *http, const char *text)
{
	struct curl_slist *longer = curl_slist_append(http->headers, text);

	assert(longer);
	http->headers = longer;
}

static void set_credentials(struct http *http, const struct net_credentials *use)
{
	if (use->token) {
		autofree char *header = memory_format("Authorization: Bearer %s",
		                                      use->token);

		add_header(http, header);
	} else if (use->key_id) {
		autofree char *kind = memory_format(
			"aws:amz:%s:s3", use->region ? use->region : "us-east-1");

		curl_easy_setopt(http->easy, CURLOPT_AWS_SIGV4, kind);
		curl_easy_setopt(http->easy, CURLOPT_USERNAME, use->key_id);
		curl_easy_setopt(http->easy, CURLOPT_PASSWORD, use->secret);
	} else {
		curl_easy_setopt(http->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(http->easy, CURLOPT_USERNAME, use->user);
		curl_easy_setopt(http->easy, CURLOPT_PASSWORD, use->password);
	}
}

/* What is signed is the query with its fields in order, each with a value; libcurl leaves
 * that to us. */
static void sort_query(CURLU *url)
{
	autoclear(strv) fields = {0};
	autoclear(buf) sorted = {0};
	char *query = NULL;

	if (curl_url_get(url, CURLUPART_QUERY, &query, 0) != CURLUE_OK)
		return;
	strv_split(&fields, query, '&');
	strv_sort(&fields);
	for (size_t i = 0; i < fields.count; i++)
		buf_format(&sorted, "%s%s%s", i ? "&" : "", fields.items[i],
		           strchr(fields.items[i], '=') ? "" : "=");
	curl_url_set(url, CURLUPART_QUERY, buf_string(&sorted), 0);
	curl_free(query);
}

static void set_url(struct http *http, const struct http_request *request)
{
	CURLU *url = curl_url();
	char *sorted = NULL;

	if (request->credentials && request->credentials->key_id &&
	    curl_url_set(url, CURLUPART_URL, request->url, 0) == CURLUE_OK) {
		sort_query(url);
		(void)curl_url_get(url, CURLUPART_URL, &sorted, 0);
	}
	curl_easy_setopt(http->easy, CURLOPT_URL, sorted ? sorted : request->url);
	curl_free(sorted);
	curl_url_cleanup(url);
}

static void set_request(struct http *http, const struct http_request *request)
{
	curl_easy_reset(http->easy);
	set_always(http);
	set_tls(http, request->insecure_tls);
	set_url(http, request);
	curl_easy_setopt(http->easy, CURLOPT_USERAGENT, request->agent);
	for (size_t i = 0; i < request->headers->count; i++)
		add_header(http, request->headers->items[i]);
	if (request->credentials)
		set_credentials(http, request->credentials);
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers);
}

int http_new(int gantry_fd, struct http **http, struct error *err)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	struct http *made = memory_zeroed(1, sizeof(*made));

	*http = made;
	made->gantry_fd = gantry_fd;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, -EIO, "cannot prepare libcurl");
	made->multi = curl_multi_init();
	made->easy = curl_easy_init();
	assert(made->multi && made->easy);
	return authorities_read(&made->authorities, curl->cainfo, curl->capath, err);
}

/* Whether gantry is there and waits, and somebody reads the pipe. */
static int look(const struct http *http, struct error *err)
{
	struct pollfd fds[] = {
		{http->gantry_fd, POLLIN, 0},
		{http->sink && !http->sink->text ? http->sink->fd : -1, 0, 0},
	};

	(void)!poll(fds, 2, 0);
	if (fds[0].revents)
		return error_set(err, -ECANCELED, "given up");
	if (fds[1].revents & POLLERR)
		return error_set(err, -EPIPE, "nobody reads the file");
	return 0;
}

static int wait_for_more(struct http *http, int milliseconds, struct error *err)
{
	struct curl_waitfd fds[] = {{http->gantry_fd, CURL_WAIT_POLLIN, 0}, {-1, 0, 0}};
	unsigned count = 1;

	if (http->sink && !http->sink->text) {
		fds[1].fd = http->sink->fd;
		fds[1].events = http->unwritten.len ? CURL_WAIT_POLLOUT : 0;
		count = 2;
	}
	if (curl_multi_poll(http->multi, fds, count, milliseconds, NULL) != CURLM_OK)
		return error_set(err, -EIO, "cannot wait for the network");
	return look(http, err);
}

static void collect(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		http->is_done = true;
		http->result = message->data.result;
	}
}

static const char authority_advice[] = "; an authority of your own goes into a file that "
				       "SSL_CERT_FILE names, and "
				       "--insecure-options=tls does without any";
static const char file_advice[] =
	"; SSL_CERT_FILE and SSL_CERT_DIR say where certificates "
	"are";

static const struct {
	CURLcode code;
	const char *text;
} advices[] = {
	{CURLE_PEER_FAILED_VERIFICATION, authority_advice},
	{CURLE_SSL_ISSUER_ERROR, authority_advice},
	{CURLE_SSL_CACERT_BADFILE, file_advice},
	{CURLE_SSL_CERTPROBLEM, file_advice},
};

/* What to do about what libcurl says; NULL if that says it. */
static const char *advice(CURLcode code)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (advices[i].code == code)
			return advices[i].text;
	return NULL;
}

/* What libcurl says, as a part of our sentence. */
static int failed(const struct http *http, struct error *err)
{
	const char *text = *http->text ? http->text : curl_easy_strerror(http->result);
	const char *then = advice(http->result);
	bool is_word = isupper((unsigned char)text[0]) && islower((unsigned char)text[1]);

	if (http->refusal.code < 0) {
		*err = http->refusal;
		return err->code;
	}
	return error_set(err, then ? -EACCES : -EIO, "%c%s%s",
	                 is_word ? tolower((unsigned char)text[0]) : text[0],
	                 *text ? text + 1 : "", then ? then : "");
}

/* Goes on until all has come, or a body that nobody has asked for yet. */
static int go_on(struct http *http, struct error *err)
{
	int running, r;

	for (;;) {
		if (http->sink && flush(http) < 0)
			return failed(http, err);
		if (http->is_paused && http->sink && !http->unwritten.len) {
			http->is_paused = false;
			curl_easy_pause(http->easy, CURLPAUSE_CONT);
		}
		if (curl_multi_perform(http->multi, &running) != CURLM_OK)
			return error_set(err, -EIO, "cannot use the network");
		collect(http);
		/* What came before the connection broke counts as handed on. */
		if (http->is_done && (http->refusal.code < 0 || !http->unwritten.len))
			break;
		if (!http->sink && http->has_body)
			return 0;
		r = wait_for_more(http, POLL_MILLISECONDS, err);
		if (r < 0)
			return r;
	}
	return http->result == CURLE_OK ? 0 : failed(http, err);
}

int http_begin(struct http *http, const struct http_request *request, struct error *err)
{
	http_end(http);
	set_request(http, request);
	if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
		return error_set(err, -EIO, "cannot use the network");
	http->is_added = true;
	return go_on(http, err);
}

int http_body(struct http *http, struct http_sink *sink, struct error *err)
{
	int r;

	http->sink = sink;
	r = go_on(http, err);
	http->sink = NULL;
	return r;
}

void http_end(struct http *http)
{
	int running = 1;

	/* What little may be left of it is not worth a new connection. */
	if (http->is_added && http->has_body && !http->is_done) {
		http->is_done = true;
		curl_easy_pause(http->easy, CURLPAUSE_CONT);
		curl_multi_perform(http->multi, &running);
	}
	if (http->is_added)
		curl_multi_remove_handle(http->multi, http->easy);
	curl_slist_free_all(http->headers);
	buf_clear(&http->unwritten);
	http->headers = NULL;
	http->header_size = http->unread = 0;
	http->is_added = http->has_body = http->is_paused = http->is_done = false;
	http->result = CURLE_OK;
	http->refusal = (struct error){0};
	http->text[0] = '\0';
}

bool http_is_passing(const struct http *http)
{
	static const CURLcode codes[] = {
		CURLE_GOT_NOTHING,  CURLE_SEND_ERROR, CURLE_RECV_ERROR,
		CURLE_PARTIAL_FILE, CURLE_HTTP2,      CURLE_HTTP2_STREAM,
	};
	curl_off_t connected = 0;
	long proxy = 0;

	/* What a proxy refuses it will go on refusing. */
	curl_easy_getinfo(http->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
	if (proxy >= 300)
		return false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (http->result == codes[i])
			return http->refusal.code == 0;
	/* Who could not be reached within that time is not there. */
	curl_easy_getinfo(http->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	return http->result == CURLE_OPERATION_TIMEDOUT && connected > 0;
}

int http_wait(struct http *http, int64_t milliseconds, struct error *err)
{
	struct pollfd gantry = {http->gantry_fd, POLLIN, 0};

	(void)!poll(&gantry, 1, (int)milliseconds);
	return look(http, err);
}

int http_status(const struct http *http)
{
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

const char *http_header(const struct http *http, const char *name, size_t index)
{
	struct curl_header *header;

	if (curl_easy_header(http->easy, name, index, CURLH_HEADER, -1, &header) !=
	    CURLHE_OK)
		return NULL;
	return header->value;
}

int64_t http_length(const struct http *http)
{
	curl_off_t length = -1;

	curl_easy_getinfo(http->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length;
}

int64_t http_retry_after(const struct http *http)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &seconds);
	return seconds;
}

/* libcurl would make it, with the user and password of this exchange in it. */
char *http_redirect(const struct http *http, const char *url)
{
	const char *location = http_header(http, "Location", 0);
	CURLU *resolved = curl_url();
	char *text = NULL, *to = NULL;

	if (location && curl_url_set(resolved, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_set(resolved, CURLUPART_URL, location,
	                 CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(resolved, CURLUPART_URL, &text, 0) == CURLUE_OK)
		to = memory_text(text);
	curl_free(text);
	curl_url_cleanup(resolved);
	return to;
}

static const char *refuse_url(CURLUcode code)
{
	if (code == CURLUE_USER_NOT_ALLOWED)
		return "has a user or a password within it: put them into auth.d";
	if (code == CURLUE_UNSUPPORTED_SCHEME)
		return "is neither https nor http";
	return "is no URL that can be got";
}

static bool is_web(const char *scheme)
{
	return strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0;
}

int http_origin(const char *url, char **origin, struct error *err)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);

	if (code == CURLUE_OK)
		code = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
	if (code == CURLUE_OK && !is_web(scheme))
		code = CURLUE_UNSUPPORTED_SCHEME;
	if (code == CURLUE_OK)
		code = curl_url_get(parsed, CURLUPART_HOST, &host, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	if (code == CURLUE_OK)
		*origin = memory_format("%s://%s:%s", scheme, host, port);
	for (char *c = host; code == CURLUE_OK && *c; c++)
		(*origin)[strlen(scheme) + 3 + (size_t)(c - host)] = (char)tolower(
			(unsigned char)*c);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	return code == CURLUE_OK ? 0 : error_set(err, -EINVAL, "%s", refuse_url(code));
}
