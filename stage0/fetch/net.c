/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/net.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"
#include "stage0/config/auth.h"
#include "stage0/config/import_program.h"
#include "stage0/fetch/net_protocol.h"

/* What a pipe may hold: less often does one end wait for the other. */
enum { PIPE_SIZE = 1 << 20 };

struct net {
	const struct net_options *options;
	char *agent;
	pid_t pid; /* 0 once it has been waited for */
	int socket_fd;
	int cancel_fd; /* the same, and open as long as this is */
	int body_fd;   /* -1 while no body is on its way */
	bool is_gone;  /* it has ended, or said what cannot be: it is not asked again */
};

static int start_program(struct net *net, int child_fd, struct error *err)
{
	char *argv[] = {(char *)(uintptr_t)NET_HALF, NULL};
	autoclose int unused = path_open(AT_FDCWD, "/dev/null", PATH_HOST, O_RDWR, err);

	if (unused < 0)
		return unused;
	const int fds[NET_FD_COUNT] = {
		[NET_UNUSED_IN] = unused,
		[NET_UNUSED_OUT] = unused,
		[NET_MESSAGES] = STDERR_FILENO,
		[NET_SOCKET] = child_fd,
	};
	return import_program_start(INSTALL_IMPORT_NET, argv, fds, NET_FD_COUNT,
	                            &net->pid, err);
}

int net_start(const struct net_options *options, struct net **net, struct error *err)
{
	autoptr(net) started = memory_zeroed(1, sizeof(*started));
	autoclose int child_fd = -1;
	int ends[2];

	started->options = options;
	started->socket_fd = started->cancel_fd = started->body_fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "cannot make a socket");
	started->socket_fd = ends[0];
	child_fd = ends[1];
	started->cancel_fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	if (started->cancel_fd < 0)
		return error_errno(err, "cannot make a socket");
	started->agent = memory_format("%s/%s", options->program, GANTRY_VERSION);
	if (start_program(started, child_fd, err) < 0)
		return err->code;
	*net = take(started);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void net_free(struct net *net)
{
	struct error ignored;

	if (!net)
		return;
	close_fd(&net->body_fd);
	close_fd(&net->socket_fd);
	close_fd(&net->cancel_fd);
	if (net->pid > 0) {
		/* It has nothing to put in order. */
		(void)!kill(net->pid, SIGKILL);
		(void)!process_wait(net->pid, &ignored);
	}
	free(net->agent);
	free(net);
}

void net_cancel(struct net *net)
{
	(void)!shutdown(net->cancel_fd, SHUT_RDWR);
}

/* The child is not there any more. */
static int ended(struct net *net, struct error *err)
{
	int status;

	net->is_gone = true;
	close_fd(&net->socket_fd);
	if (net->pid == 0)
		return error_set(err, -EPROTO, "the import program has ended");
	status = import_program_reap(net->pid, err);
	net->pid = 0;
	return status < 0 ? status : import_program_ended(status, err);
}

/* The child has read hostile bytes: an answer that cannot be is its last. */
static int senseless(struct net *net, struct error *err)
{
	net->is_gone = true;
	close_fd(&net->socket_fd);
	return error_set(err, -EPROTO, "the import program's answer makes no sense");
}

/* Sends ASK, and the descriptor FD unless it is -1. */
static int send_ask(struct net *net, const struct net_ask *ask, int fd, struct error *err)
{
	autoclear(buf) text = {0};
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	net_ask_encode(ask, &text);
	if (text.len > NET_MESSAGE_MAX)
		return error_set(err, -E2BIG, "is too long to ask for");
	part = (struct iovec){text.data, text.len};
	if (fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	/* One that has ended may have said why. */
	while (sendmsg(net->socket_fd, &message, MSG_NOSIGNAL) < 0)
		if (errno == EPIPE || errno == ECONNRESET)
			break;
		else if (errno != EINTR)
			return error_errno(err, "cannot ask the import program");
	return 0;
}

/* Receives an answer: one that says that something failed is that failure. */
static int receive(struct net *net, struct net_answer *answer, struct error *err)
{
	autoclear(buf) text = {0};
	char *room = buf_reserve(&text, NET_MESSAGE_MAX);
	bool is_reset = false;
	ssize_t len;

	/* That it did not read what we sent comes before what it said. */
	do {
		len = recv(net->socket_fd, room, NET_MESSAGE_MAX, MSG_TRUNC);
		is_reset = len < 0 && errno == ECONNRESET && !is_reset;
	} while (is_reset || (len < 0 && errno == EINTR));
	if (len <= 0)
		return ended(net, err);
	if (len > NET_MESSAGE_MAX ||
	    net_answer_decode(room, (size_t)len, answer, err) < 0)
		return senseless(net, err);
	return answer->code < 0 ? error_set(err, (int)answer->code, "%s", answer->text)
	                        : 0;
}

/* What no request of before has left behind stands in the way of the next. */
static int ready(struct net *net, struct error *err)
{
	struct error ignored;

	if (net->body_fd >= 0)
		(void)!net_finish(net, &ignored);
	return net->is_gone ? ended(net, err) : 0;
}

/* What auth.d has for the server of ask->url; the texts stay the auth's. */
static bool find_credentials(const struct net *net, const struct net_ask *ask,
                             struct net_credentials *found)
{
	const struct credentials *use = NULL;

	if (net->options->auth)
		use = auth_for(net->options->auth, ask->url);
	if (use)
		*found = (struct net_credentials){use->user,   use->password,
		                                  use->token,  use->key_id,
		                                  use->secret, use->region};
	return use;
}

/* What the child would not take, and would end of. */
static int check_ask(const struct net_ask *ask, struct error *err)
{
	const char *wrong = net_check_url(ask->url);

	if (wrong)
		return error_set(err, -EINVAL, "'%s' %s", ask->url, wrong);
	for (size_t i = 0; i < ask->labels.count; i++) {
		wrong = schema_check_text(ask->labels.items[i].value);
		if (wrong)
			return error_set(err, -EINVAL, "label '%s' %s",
			                 ask->labels.items[i].name, wrong);
	}
	return 0;
}

/* A validator that no server could have sent is none. */
static char *validator(const char *text)
{
	return text && !net_check_validator(text) ? (char *)(uintptr_t)text : NULL;
}

static int exchange(struct net *net, struct net_ask *ask, int fd,
                    struct net_answer *answer, struct error *err)
{
	struct net_credentials credentials;
	int r = check_ask(ask, err);

	if (r < 0)
		return r;
	if (find_credentials(net, ask, &credentials))
		ask->credentials = &credentials;
	ask->agent = net->agent;
	ask->insecure_tls = net->options->insecure_tls;
	ask->insecure_http = net->options->insecure_http;
	ask->debug = log_is_debug();
	r = send_ask(net, ask, fd, err);
	return r < 0 ? r : receive(net, answer, err);
}

/* Whether all of it is for NAME, and of the kind that was asked for. */
static bool is_discovery(const struct net_answer *answer, enum discovery_kind kind,
                         const char *name)
{
	size_t wanted = kind == DISCOVER_KEYS ? answer->keys.count
	                                      : answer->endpoints.count;
	size_t other = kind == DISCOVER_KEYS ? answer->endpoints.count
	                                     : answer->keys.count;

	return wanted && !other && answer->prefix &&
	       strncmp(name, answer->prefix, strlen(answer->prefix)) == 0;
}

int net_discover(struct net *net, enum discovery_kind kind, const char *name,
                 const struct name_value *labels, size_t count, struct discovery *found,
                 struct error *err)
{
	static const char *const whats[] = {NET_ASK_IMAGES, NET_ASK_KEYS};
	autofree char *url = memory_format("https://%s", name);
	autoclear(net_answer) answer = {0};
	struct net_ask ask = {
		.what = (char *)(uintptr_t)whats[kind],
		.url = url,
		.name = (char *)(uintptr_t)name,
	};
	int r = ready(net, err);

	ask.labels.items = (struct name_value *)(uintptr_t)labels;
	ask.labels.count = count;
	if (r >= 0)
		r = exchange(net, &ask, -1, &answer, err);
	if (r < 0)
		return r;
	if (!is_discovery(&answer, kind, name))
		return senseless(net, err);
	*found = (struct discovery){.keys = answer.keys, .prefix = take(answer.prefix)};
	found->endpoints.items = take(answer.endpoints.items);
	found->endpoints.count = answer.endpoints.count;
	answer.endpoints.count = 0;
	answer.keys = (struct strv){0};
	return 0;
}

/* Whether it answers what was asked for. */
static bool is_reply(const struct net_answer *answer, const struct net_request *request)
{
	if (answer->outcome == NET_UNCHANGED)
		return !request->offset && (request->etag || request->last_modified);
	if (answer->outcome == NET_DEFERRED)
		return true;
	return (answer->offset == 0 || answer->offset == request->offset) &&
	       answer->total <= request->size_max;
}

static int get(struct net *net, const struct net_request *request, int write_fd,
               struct net_reply *reply, struct error *err)
{
	autoclear(net_answer) answer = {0};
	struct net_ask ask = {
		.what = (char *)(uintptr_t)NET_ASK_FILE,
		.url = (char *)(uintptr_t)request->url,
		.etag = validator(request->etag),
		.last_modified = validator(request->last_modified),
		.offset = request->offset,
		.size_max = request->size_max,
	};
	int r = exchange(net, &ask, write_fd, &answer, err);

	if (r < 0)
		return r;
	if (!is_reply(&answer, request))
		return senseless(net, err);
	*reply = (struct net_reply){
		.offset = answer.offset,
		.total = answer.total,
		.max_age = answer.max_age,
		.etag = take(answer.etag),
		.last_modified = take(answer.last_modified),
		.resumable = answer.resumable,
	};
	return (int)answer.outcome;
}

int net_get(struct net *net, const struct net_request *request, struct net_reply *reply,
            struct error *err)
{
	autoclose int read_fd = -1, write_fd = -1;
	int ends[2];
	int r = ready(net, err);

	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	/* The kernel may give a user less; it is only slower then. */
	(void)!fcntl(read_fd, F_SETPIPE_SZ, PIPE_SIZE);
	r = get(net, request, write_fd, reply, err);
	if (r == NET_BODY)
		net->body_fd = take_fd(read_fd);
	return r;
}

int net_body_fd(const struct net *net)
{
	return net->body_fd;
}

int net_finish(struct net *net, struct error *err)
{
	autoclear(net_answer) answer = {0};

	assert(net->body_fd >= 0);
	/* A child that still writes learns that nobody reads. */
	close_fd(&net->body_fd);
	return net->is_gone ? ended(net, err) : receive(net, &answer, err);
}

int net_get_text(struct net *net, const char *url, int64_t size_max, struct buf *text,
                 struct error *err)
{
	const struct net_request request = {.url = url, .size_max = size_max};
	autoclear(net_reply) reply = {0};
	struct error ending;
	int r = net_get(net, &request, &reply, err);
	int finished;

	if (r != NET_BODY)
		return r;
	r = file_read(net->body_fd, (size_t)size_max, text, err);
	finished = net_finish(net, &ending);
	if (r == 0 && finished < 0) {
		*err = ending;
		r = finished;
	}
	return r < 0 ? r : NET_BODY;
}

void net_reply_clear(struct net_reply *reply)
{
	free(reply->etag);
	free(reply->last_modified);
	*reply = (struct net_reply){0};
}
