/* SPDX-License-Identifier: Apache-2.0 */

/* The half that talks to the network: one request after another, until gantry goes. */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/memory.h"
#include "stage0/fetch/net_protocol.h"
#include "stage0/import/net/discovery.h"
#include "stage0/import/net/net.h"
#include "stage0/import/net/sandbox.h"
#include "stage0/import/net/transport.h"

enum { PAGE_MAX = 1 << 20 };

enum asked { ASKED, GONE };

/* Takes the next message, and the descriptor with it, or -1. */
static int receive(struct net_ask *ask, int *pipe_fd, struct error *err)
{
	autoclear(buf) text = {0};
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));
	struct iovec part = {buf_reserve(&text, NET_MESSAGE_MAX), NET_MESSAGE_MAX};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header;
	ssize_t len;

	*pipe_fd = -1;
	do
		len = recvmsg(NET_SOCKET, &message, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return GONE;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(pipe_fd, CMSG_DATA(header), sizeof(int));
	return net_ask_decode(part.iov_base, (size_t)len, ask, err);
}

static int answer_with(const struct net_answer *answer, struct error *err)
{
	autoclear(buf) text = {0};

	net_answer_encode(answer, &text);
	if (send(NET_SOCKET, text.data, text.len, MSG_NOSIGNAL) >= 0)
		return 0;
	/* gantry has given it up, and needs no message. */
	return errno == EPIPE ? error_set(err, -ECANCELED, "given up")
	                      : error_errno(err, "cannot answer");
}

/* Answers that it failed, if R says so. */
static int answer_result(int r, const struct error *why, struct error *err)
{
	struct net_answer answer = {.total = -1};

	if (r < 0) {
		answer.code = why->code;
		answer.text = (char *)(uintptr_t)why->text;
	}
	return answer_with(&answer, err);
}

struct server {
	struct http *http;
	struct transport *transport;
	struct net_ask ask;
};

static int get_page(void *context, const char *url, struct buf *html, struct error *err)
{
	struct server *server = context;
	struct net_ask ask = server->ask;

	ask.url = (char *)(uintptr_t)url;
	ask.size_max = PAGE_MAX;
	ask.offset = 0;
	ask.etag = ask.last_modified = NULL;
	return transport_page(server->transport, &ask, html, err);
}

static int discover(struct server *server, enum discovery_kind kind, struct error *err)
{
	const struct discovery_walk walk = {
		.kind = kind,
		.name = server->ask.name,
		.labels = server->ask.labels.items,
		.label_count = server->ask.labels.count,
		.insecure_http = server->ask.insecure_http,
		.get_page = get_page,
		.context = server,
	};
	struct net_answer answer = {.total = -1};
	struct discovery found = {0};
	struct error why = {0};
	int r = discovery_find(&walk, &found, &why);

	if (r == -ECANCELED)
		return error_set(err, r, "%s", why.text);
	if (r < 0) {
		r = answer_result(r, &why, err);
	} else {
		answer.endpoints.items = found.endpoints.items;
		answer.endpoints.count = found.endpoints.count;
		answer.keys = found.keys;
		answer.prefix = found.prefix;
		r = answer_with(&answer, err);
	}
	discovery_clear(&found);
	return r;
}

static int answer_images(struct server *server, int *pipe_fd __attribute__((unused)),
                         struct error *err)
{
	return discover(server, DISCOVER_IMAGES, err);
}

static int answer_keys(struct server *server, int *pipe_fd __attribute__((unused)),
                       struct error *err)
{
	return discover(server, DISCOVER_KEYS, err);
}

/* The pipe's end says that there is no more of it, before the answer says how it was. */
static int move_body(struct server *server, int *pipe_fd, struct error *err)
{
	struct error why = {0};
	int r = transport_body(server->transport, *pipe_fd, &why);

	close(*pipe_fd);
	*pipe_fd = -1;
	return r == -ECANCELED ? error_set(err, r, "%s", why.text)
	                       : answer_result(r, &why, err);
}

static int answer_file(struct server *server, int *pipe_fd, struct error *err)
{
	struct net_answer answer = {0};
	struct error why = {0};
	bool has_body = false;
	int r;

	if (*pipe_fd < 0 || fcntl(*pipe_fd, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, -EPROTO, "a file is asked for without a pipe");
	r = transport_begin(server->transport, &server->ask, &answer, &why);
	if (r == -ECANCELED) {
		*err = why;
		return r;
	}
	if (r < 0)
		return answer_result(r, &why, err);
	has_body = answer.outcome == NET_BODY;
	r = answer_with(&answer, err);
	net_answer_clear(&answer);
	return r < 0 || !has_body ? r : move_body(server, pipe_fd, err);
}

static const struct {
	const char *what;
	int (*answer)(struct server *server, int *pipe_fd, struct error *err);
	bool is_named;
} answers[] = {
	{NET_ASK_FILE, answer_file, false},
	{NET_ASK_IMAGES, answer_images, true},
	{NET_ASK_KEYS, answer_keys, true},
};

static int serve(struct server *server, int *pipe_fd, struct error *err)
{
	const struct net_ask *ask = &server->ask;

	log_set_debug(ask->debug);
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (strcmp(ask->what, answers[i].what) == 0 &&
		    (!answers[i].is_named || ask->name))
			return answers[i].answer(server, pipe_fd, err);
	return error_set(err, -EPROTO, "asked for '%s'", ask->what);
}

static int serve_all(struct server *server, struct error *err)
{
	for (;;) {
		autoclose int pipe_fd = -1;
		int r = receive(&server->ask, &pipe_fd, err);

		if (r != ASKED)
			return r == GONE ? 0 : r;
		r = serve(server, &pipe_fd, err);
		net_ask_clear(&server->ask);
		if (r < 0)
			return r == -ECANCELED ? 0 : r;
	}
}

/* As Go's programs, and so rkt, have it: libcurl reads the small letters only, since a web
 * server would let its clients set the others. */
static void use_proxy_variable(void)
{
	const char *proxy = getenv("HTTP_PROXY");

	if (proxy && !getenv("REQUEST_METHOD"))
		setenv("http_proxy", proxy, 0);
}

/* Says why nothing can be asked for, which is no answer such as -ENOENT would be. */
static int answer_start(const struct error *why)
{
	struct error ignored, start = *why;

	(void)!error_set(&start, -EIO, "%s", why->text);
	return answer_result(start.code, &start, &ignored);
}

static int run_net(char **argv __attribute__((unused)), struct error *err)
{
	struct server server = {0};
	int r;

	use_proxy_variable();
	/* It would be written while it still can be. */
	unsetenv("SSLKEYLOGFILE");
	/* A reader that has gone is an error to report. */
	if (sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL) < 0)
		return error_errno(err, "cannot ignore SIGPIPE");
	r = http_new(NET_SOCKET, &server.http, err);
	if (r >= 0)
		r = sandbox_network(err);
	if (r < 0)
		return answer_start(err);
	server.transport = transport_new(server.http);
	r = serve_all(&server, err);
	transport_free(server.transport);
	return r;
}

const struct half half_net = {
	.name = NET_HALF,
	.fd_count = NET_FD_COUNT,
	.run = run_net,
};
