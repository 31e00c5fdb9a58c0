/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/verify.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/process.h"
#include "stage0/config/import_program.h"
#include "stage0/fetch/verify_protocol.h"

struct verifier {
	pid_t pid; /* 0 once it was waited for */
	int data_fd;
	int answer_fd;
};

static char *const verify_argv[] = {(char *)(uintptr_t)VERIFY_HALF, NULL};
static char *const pubkey_argv[] = {(char *)(uintptr_t)PUBKEY_HALF, NULL};

static int make_request(const struct trusted_keys *keys, struct error *err)
{
	autoclear(buf) text = {0};

	schema_encode(&verify_request_schema, keys, SCHEMA_COMPACT, &text);
	if (text.len > SCHEMA_DOCUMENT_MAX)
		return error_set(err, -E2BIG,
		                 "%zu trusted keys of %zu KiB are too many at once",
		                 keys->count, text.len >> 10);
	return file_in_memory(buf_string(&text), text.len, err);
}

static int make_sockets(int type, int *ours, int *theirs, struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "cannot make a socket");
	*ours = ends[0];
	*theirs = ends[1];
	return 0;
}

static int start_program(struct verifier *v, const struct trusted_keys *keys,
                         const void *signature, size_t len, struct error *err)
{
	autoclose int data = -1, answer = -1;
	autoclose int request = make_request(keys, err);
	autoclose int file = -1;

	if (request < 0)
		return request;
	file = file_in_memory(signature, len, err);
	if (file < 0 || make_sockets(SOCK_STREAM, &v->data_fd, &data, err) < 0 ||
	    make_sockets(SOCK_SEQPACKET, &v->answer_fd, &answer, err) < 0)
		return err->code;
	const int fds[VERIFY_FD_COUNT] = {
		[VERIFY_DATA] = data,
		[VERIFY_REQUEST] = request,
		[VERIFY_MESSAGES] = STDERR_FILENO,
		[VERIFY_SIGNATURE] = file,
		[VERIFY_ANSWER] = answer,
	};
	return import_program_start(INSTALL_IMPORT_TRUST, verify_argv, fds,
	                            VERIFY_FD_COUNT, &v->pid, err);
}

static int reap(pid_t *pid, struct error *err)
{
	int status = import_program_reap(*pid, err);

	*pid = 0;
	return status < 0 ? status : import_program_ended(status, err);
}

/* Waits for an answer. Returns VERIFY_UNKNOWN_KEY if that is what it says. */
static int read_answer(struct verifier *v, struct verdict *verdict, struct error *err)
{
	autofree char *text = memory_zeroed(1, VERIFY_ANSWER_MAX);
	autoclear(verify_answer) answer = {0};
	ssize_t n;
	int r;

	do {
		n = recv(v->answer_fd, text, VERIFY_ANSWER_MAX, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read the import program's answer");
	if (n == 0)
		return v->pid ? reap(&v->pid, err)
		              : error_set(err, -EPROTO, "the import program has ended");
	r = verify_answer_decode(text, (size_t)n, &answer, err);
	if (r < 0)
		return r;
	*verdict = answer.verdict;
	answer.verdict = (struct verdict){0};
	return answer.unknown ? VERIFY_UNKNOWN_KEY : VERIFY_GOOD;
}

int verifier_start(const struct trusted_keys *keys, const void *signature, size_t len,
                   struct verifier **verifier, struct verdict *verdict, struct error *err)
{
	autoptr(verifier) v = memory_zeroed(1, sizeof(*v));
	int r;

	v->data_fd = v->answer_fd = -1;
	r = start_program(v, keys, signature, len, err);
	if (r < 0)
		return error_wrap(err, "cannot check a signature");
	r = read_answer(v, verdict, err);
	if (r == VERIFY_GOOD)
		*verifier = take(v);
	return r;
}

/* The program wants no more bytes before it was told that there are none: it has failed. */
static int explain(struct verifier *v, struct error *err)
{
	autoclear(verdict) verdict = {0};
	int r = read_answer(v, &verdict, err);

	if (r < 0)
		return r;
	return error_set(err, -EPROTO, "the import program did not read the whole file");
}

int verifier_add(struct verifier *v, const void *bytes, size_t len, struct error *err)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = send(v->data_fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return explain(v, err);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int verifier_end(struct verifier *v, struct verdict *verdict, struct error *err)
{
	struct verdict found = {0};
	int r;

	(void)shutdown(v->data_fd, SHUT_WR);
	r = read_answer(v, &found, err);
	if (r == VERIFY_UNKNOWN_KEY || (r == VERIFY_GOOD && !found.fingerprint))
		r = error_set(err, -EPROTO, "the import program's answer makes no sense");
	if (r < 0)
		verdict_clear(&found);
	else
		*verdict = found;
	return r;
}

void verifier_free(struct verifier *v)
{
	struct error ignored;

	if (!v)
		return;
	if (v->pid) {
		(void)kill(v->pid, SIGKILL);
		(void)!process_wait(v->pid, &ignored);
	}
	if (v->data_fd >= 0)
		close(v->data_fd);
	if (v->answer_fd >= 0)
		close(v->answer_fd);
	free(v);
}

/* Runs the half to its end, and adds what it said to *ANSWER. */
static int ask_pubkey(int text_fd, struct buf *answer, struct error *err)
{
	const int fds[PUBKEY_FD_COUNT] = {
		[PUBKEY_TEXT] = text_fd,
		[PUBKEY_MESSAGES] = STDERR_FILENO,
	};
	const struct import_question question = {
		.import = INSTALL_IMPORT_TRUST,
		.argv = pubkey_argv,
		.fds = fds,
		.fd_count = PUBKEY_FD_COUNT,
		.answer_at = PUBKEY_ANSWER,
		.answer_max = SCHEMA_DOCUMENT_MAX,
	};
	int status = import_program_ask(&question, answer, err);

	return status < 0 || answer->len ? status : import_program_ended(status, err);
}

int pubkeys_read(const void *text, size_t len, struct pubkeys *keys, struct error *err)
{
	autoclose int fd = file_in_memory(text, len, err);
	autoclear(verify_answer) answer = {0};
	autoclear(buf) json = {0};
	int r = fd;

	if (r >= 0)
		r = ask_pubkey(fd, &json, err);
	if (r >= 0)
		r = verify_answer_decode(buf_string(&json), json.len, &answer, err);
	if (r < 0)
		return r;
	if (!answer.keys.count)
		return error_set(err, -EPROTO, "the import program found no key");
	*keys = answer.keys;
	answer.keys = (struct pubkeys){0};
	return 0;
}
