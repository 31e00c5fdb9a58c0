/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/key_review.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/printable.h"
#include "stage0/config/auth.h"
#include "stage0/config/keystore.h"
#include "stage0/fetch/net.h"
#include "stage0/fetch/verify.h"

enum { KEYS_MAX = 1 << 20, ANSWER_MAX = 64 };

/* One call of a function of the header. */
struct session {
	struct host *host;
	const struct key_review *review;
	struct net_options options; /* of the net, as long as it lives */
	struct net *net;            /* NULL until it is needed */
};

/* A key on its way. */
struct candidate {
	const char *location;
	const struct pubkey *key;
};

enum { NO, YES };

/* Adds the line, of which others may have written a part. */
static printf_like(2, 3) void add_line(struct buf *out, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printable_add(out, text, "\t");
	buf_char(out, '\n');
}

/* On standard error, with the word before them that rkt's have. */
#define say(...)                                                                    \
	do {                                                                        \
		autoclear(buf) line_ = {0};                                         \
		struct error ignored_;                                              \
		buf_text(&line_, "pubkey: ");                                       \
		add_line(&line_, __VA_ARGS__);                                      \
		(void)!file_write(STDERR_FILENO, line_.data, line_.len, &ignored_); \
	} while (0)

static void say_text(const struct buf *text)
{
	struct error ignored;

	(void)!file_write(STDERR_FILENO, text->data, text->len, &ignored);
}

static bool is_over(const char *location, const char *scheme)
{
	return strncasecmp(location, scheme, strlen(scheme)) == 0;
}

static bool is_url(const char *location)
{
	return is_over(location, "https://") || is_over(location, "http://");
}

/* "AAAA BBBB ...", with two blanks in the middle. */
static char *spaced(const char *fingerprint)
{
	size_t len = strlen(fingerprint);
	autoclear(buf) text = {0};

	for (size_t i = 0; i < len; i++) {
		if (i && i % 4 == 0)
			buf_text(&text, i == len / 2 ? "  " : " ");
		buf_char(&text, (char)toupper((unsigned char)fingerprint[i]));
	}
	return buf_take(&text);
}

static bool can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool needs_answer(const struct session *s, const char *location)
{
	return !s->review->skip &&
	       !(s->review->trust_https && is_over(location, "https://"));
}

static int show(const struct session *s, const struct candidate *c, struct error *err)
{
	autofree char *fingerprint = spaced(c->key->fingerprint);
	autoclear(buf) head = {0}, text = {0};
	int fd = s->review->shown_fd;

	add_line(&head, "pubkey: prefix: \"%s\"", s->review->prefix);
	add_line(&head, "key: \"%s\"", c->location);
	say_text(&head);
	add_line(&text, "gpg key fingerprint is: %s", fingerprint);
	for (size_t i = 0; i < c->key->subkeys.count; i++) {
		autofree char *subkey = spaced(c->key->subkeys.items[i]);

		add_line(&text, "    Subkey fingerprint: %s", subkey);
	}
	for (size_t i = 0; i < c->key->identities.count; i++)
		add_line(&text, "\t%s", c->key->identities.items[i]);
	/* Who is asked must see what about. */
	if (fd == STDOUT_FILENO && needs_answer(s, c->location) && !isatty(fd))
		say_text(&text);
	return file_write(fd, text.data, text.len, err);
}

/* What speaks against the key, or NULL. */
static const char *fault_of(const struct pubkey *key)
{
	return key->revoked ? "it is revoked" : key->expired ? "it has expired" : NULL;
}

/* Reads a line from standard input; what is too long for an answer is cut. */
static int read_answer(char answer[ANSWER_MAX], struct error *err)
{
	size_t len = 0;
	char c = '\0';

	while (c != '\n') {
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read the answer");
		if (n == 0)
			return error_set(err, -EPIPE, "there was no answer");
		if (len < ANSWER_MAX - 1)
			answer[len++] = c;
	}
	answer[len] = '\0';
	return 0;
}

/* Returns YES or NO. */
static int ask(const struct session *s, struct error *err)
{
	char answer[ANSWER_MAX];
	autoclear(buf) question = {0}, again = {0};

	if (!can_ask())
		return error_set(err, -ENOTTY,
		                 "there is no terminal to ask on whether to trust it: "
		                 "once you know its fingerprint to be right, run \"%s "
		                 "trust\" with --skip-fingerprint-review, or use "
		                 "--trust-keys-from-https",
		                 host_program(s->host));
	add_line(&question, "Are you sure you want to trust this key (yes/no)?");
	add_line(&again, "Please enter 'yes' or 'no'");
	for (;;) {
		say_text(&question);
		if (read_answer(answer, err) < 0)
			return err->code;
		if (strcmp(answer, "yes\n") == 0)
			return YES;
		if (strcmp(answer, "no\n") == 0)
			return NO;
		say_text(&again);
	}
}

/* Whether to trust the key: YES or NO. Nobody has to answer for a key with a fault, or one
 * whose trust was taken away, to be refused. */
static int decide(const struct session *s, const struct candidate *c, struct error *err)
{
	const char *fault = fault_of(c->key);
	int masked = keystore_is_masked(host_keystore(s->host), s->review->prefix,
	                                c->key->fingerprint, err);

	if (masked < 0)
		return masked;
	if (fault)
		say("warning: %s: nothing that it signs from then on will be good",
		    fault);
	if (masked)
		say("warning: the trust in this key was taken away: an empty file masks "
		    "it");
	if (needs_answer(s, c->location))
		return ask(s, err);
	return s->review->skip || (!fault && !masked) ? YES : NO;
}

static int store(const struct session *s, const struct candidate *c, struct error *err)
{
	const struct keystore *keystore = host_keystore(s->host);
	const char *prefix = s->review->prefix, *fingerprint = c->key->fingerprint;
	autofree char *path = NULL;
	int r;

	say("Trusting \"%s\" for prefix \"%s\" %s fingerprint review.", c->location,
	    prefix, needs_answer(s, c->location) ? "after" : "without");
	if (keystore_add(keystore, prefix, fingerprint, c->key->armored, &path, err) < 0)
		return err->code;
	if (*prefix)
		say("Added key for prefix \"%s\" at \"%s\"", prefix, path);
	else
		say("Added root key at \"%s\"", path);
	r = keystore_covers(keystore, prefix, fingerprint, err);
	if (r == 0)
		say("warning: a file of the user configuration masks it");
	return r < 0 ? r : 0;
}

static int review_key(const struct session *s, const struct candidate *c,
                      struct error *err)
{
	autofree char *path = NULL;
	int r = show(s, c, err);

	if (r >= 0)
		r = keystore_has(host_keystore(s->host), s->review->prefix,
		                 c->key->fingerprint, c->key->armored, &path, err);
	if (r > 0) {
		say("it is trusted already, by \"%s\"", path);
		return 0;
	}
	if (r == 0)
		r = decide(s, c, err);
	if (r == NO)
		say("not trusting \"%s\"", c->location);
	return r == YES ? store(s, c, err) : r;
}

static int review_text(const struct session *s, const char *location,
                       const struct buf *text, struct error *err)
{
	autoclear(pubkeys) keys = {0};
	int r = pubkeys_read(text->data, text->len, &keys, err);

	for (size_t i = 0; r >= 0 && i < keys.count; i++)
		r = review_key(s, &(struct candidate){location, &keys.items[i]}, err);
	return r;
}

static int start_net(struct session *s, struct error *err)
{
	if (s->net)
		return 0;
	s->options = (struct net_options){
		.insecure_tls = s->review->insecure_tls,
		.insecure_http = s->review->allow_http || s->review->discover_http,
		.program = host_program(s->host),
	};
	if (host_auth(s->host, &s->options.auth, err) < 0)
		return err->code;
	return net_start(&s->options, &s->net, err);
}

static int read_url(struct session *s, const char *url, struct buf *text,
                    struct error *err)
{
	int r;

	if (is_over(url, "http://") && !s->review->allow_http)
		return error_set(err, -EPERM,
		                 "a key that comes over plain http may be anybody's "
		                 "(--insecure-allow-http takes it nevertheless)");
	if (start_net(s, err) < 0)
		return err->code;
	/* Neither may a redirect lead there. */
	s->options.insecure_http = s->review->allow_http;
	r = net_get_text(s->net, url, KEYS_MAX, text, err);
	if (r == NET_DEFERRED)
		return error_set(err, -EAGAIN, "the server says that it is to come");
	return r;
}

static int read_file(const char *path, struct buf *text, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_NOCTTY, err);

	return fd < 0 ? fd : file_read(fd, KEYS_MAX, text, err);
}

static int read_location(struct session *s, const char *location, struct buf *text,
                         struct error *err)
{
	if (is_url(location))
		return read_url(s, location, text, err);
	if (is_over(location, "file:///"))
		return read_file(location + strlen("file://"), text, err);
	if (strstr(location, "://"))
		return error_set(err, -EINVAL, "must be a file, or a URL with https");
	return read_file(location, text, err);
}

static int review_location(struct session *s, const char *location, struct error *err)
{
	autoclear(buf) text = {0};

	if (read_location(s, location, &text, err) < 0 ||
	    review_text(s, location, &text, err) < 0)
		return error_wrap(err, "key '%s'", location);
	return 0;
}

int key_review_location(struct host *host, const struct key_review *review,
                        const char *location, struct error *err)
{
	struct session s = {.host = host, .review = review};
	int r = review_location(&s, location, err);

	net_free(s.net);
	return r;
}

/* Over plain http when nothing else is said, and only where that is allowed. */
static int discover(struct session *s, struct discovery *found, struct error *err)
{
	if (start_net(s, err) < 0 ||
	    net_discover(s->net, DISCOVER_KEYS, s->review->prefix, NULL, 0, found, err) <
	            0)
		return error_wrap(err, "error determining key location");
	return 0;
}

/* A page speaks for the network, and never of this host's files. */
static int review_discovered(struct session *s, const char *location, struct error *err)
{
	if (!is_url(location))
		return error_set(err, -EINVAL,
		                 "key '%s': a page may only name a key by a URL with "
		                 "https or http",
		                 location);
	return review_location(s, location, err);
}

int key_review_discovered(struct host *host, const struct key_review *review,
                          struct error *err)
{
	struct session s = {.host = host, .review = review};
	autoclear(discovery) found = {0};
	int r = discover(&s, &found, err);

	for (size_t i = 0; r >= 0 && i < found.keys.count; i++)
		r = review_discovered(&s, found.keys.items[i], err);
	net_free(s.net);
	return r;
}

void key_review_for_name(struct host *host, const char *name)
{
	bool insecure = host_insecure(host) & INSECURE_PUBKEY;
	const struct key_review review = {
		.prefix = name,
		.trust_https = host_trusts_https(host),
		.allow_http = insecure,
		.insecure_tls = insecure,
		.shown_fd = STDERR_FILENO,
	};
	struct error why;

	if (insecure)
		log_warning("signing keys may be downloaded from an insecure connection");
	if (key_review_discovered(host, &review, &why) < 0)
		log_warning("%s", why.text);
}
