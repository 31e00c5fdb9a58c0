/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What passes between gantry and `import-net`, which talks to the network.
 *
 * gantry starts `import-net net` with four descriptors. On the socket (SOCK_SEQPACKET), each
 * message is one JSON document: a struct net_ask, with a pipe's end beside it (SCM_RIGHTS) if
 * it asks for a file; then a struct net_answer, and if that says a body comes, another when
 * all of it is in the pipe, or is not going to be. The child ends when the socket does.
 *
 * Neither believes the other's documents beyond what is checked here and by its reader.
 */

#include "common/appc/schema.h"
#include "stage0/fetch/net.h"

enum net_fd { NET_UNUSED_IN, NET_UNUSED_OUT, NET_MESSAGES, NET_SOCKET, NET_FD_COUNT };

#define NET_HALF "net"

enum {
	NET_MESSAGE_MAX = 128 << 10,
	NET_URL_MAX = 2048,
	NET_LINKS_MAX = 16, /* endpoints, or keys, of one page: they fit into an answer */
	NET_VALIDATOR_MAX = 1024
};

/* For one scheme, host and port: those of the URL it comes with. */
struct net_credentials {
	char *user, *password;          /* basic */
	char *token;                    /* bearer */
	char *key_id, *secret, *region; /* aws; the region may be NULL */
};

#define NET_ASK_FILE   "file"
#define NET_ASK_IMAGES "images"
#define NET_ASK_KEYS   "keys"

struct net_ask {
	char *what;
	char *agent;
	bool insecure_tls, insecure_http, debug;
	struct net_credentials *credentials; /* or NULL */

	char *url; /* of the file; or of the name to walk up from */
	char *etag, *last_modified;
	int64_t offset, size_max;

	char *name;
	LIST_OF(struct name_value) labels;
};

struct net_answer {
	int64_t code; /* 0, or a negative errno: the text says why */
	char *text;

	int64_t outcome; /* enum net_outcome */
	int64_t offset, total, max_age;
	char *etag, *last_modified;
	bool resumable;

	LIST_OF(struct endpoint) endpoints;
	struct strv keys;
	char *prefix;
};

void net_ask_encode(const struct net_ask *ask, struct buf *out);
must_check int net_ask_decode(const char *text, size_t len, struct net_ask *ask,
                              struct error *err);
void net_ask_clear(struct net_ask *ask);

void net_answer_encode(const struct net_answer *answer, struct buf *out);
must_check int net_answer_decode(const char *text, size_t len, struct net_answer *answer,
                                 struct error *err);
void net_answer_clear(struct net_answer *answer);

/* The checks of both sides, each a field_check. */
const char *net_check_url(const char *text);       /* visible ASCII, and not too long */
const char *net_check_validator(const char *text); /* an ETag or an HTTP-date, likewise */
