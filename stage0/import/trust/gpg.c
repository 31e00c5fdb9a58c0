/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/gpg.h"

#include <ctype.h>
#include <fcntl.h>
#include <gpgme.h>
#include <poll.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/printable.h"
#include "stage0/import/trust/cell.h"

enum { IDENTITIES_MAX = 64, SUBKEYS_MAX = 64, WATCHES_MAX = 16 };

/* What gpgme hands to gpg at once: as much as gpg reads. Of more, it would move to and fro what
 * a full pipe does not take, at twice the cost. */
#define CHUNK "8192"

/* Of the older form, a keyring is nothing but packets. */
#define KEYRING "pubring.gpg"

static const char options[] = "no-autostart\n"
			      "no-auto-check-trustdb\n"
			      "no-auto-key-retrieve\n"
			      "no-auto-key-locate\n"
			      "no-random-seed-file\n"
			      "no-permission-warning\n"
			      "lock-never\n"
			      "trust-model always\n"
			      "display-charset utf-8\n";

struct context {
	gpgme_ctx_t ctx;
};

static void context_clear(struct context *context)
{
	if (context->ctx)
		gpgme_release(context->ctx);
}

struct bytes {
	gpgme_data_t data;
};

static void bytes_clear(struct bytes *bytes)
{
	if (bytes->data)
		gpgme_data_release(bytes->data);
}

struct key_of {
	gpgme_key_t key;
};

static void key_of_clear(struct key_of *of)
{
	if (of->key)
		gpgme_key_unref(of->key);
}

static int fail(gpgme_error_t e, const char *what, struct error *err)
{
	char text[128];

	gpgme_strerror_r(e, text, sizeof(text));
	return error_set(err, -EIO, "gpg cannot %s: %s", what, text);
}

int gpg_prepare(const struct buf *keyring, struct error *err)
{
	int r = file_create_at(AT_FDCWD, "gpg.conf", 0600, options, err);
	autoclose int fd = -1;

	if (r >= 0 && keyring->len)
		r = fd = path_create(AT_FDCWD, KEYRING, 0600, err);
	if (fd >= 0)
		r = file_write(fd, keyring->data, keyring->len, err);
	if (r < 0)
		return error_wrap(err, "cannot make a keyring");
	/* It would ask another program where gpg is. */
	if (gpgme_set_global_flag("disable-gpgconf", "1") < 0 ||
	    !gpgme_check_version(NULL))
		return error_set(err, -ENOTSUP, "gpgme is not to be had");
	return 0;
}

static int start(struct context *context, struct error *err)
{
	gpgme_error_t e;

	if (gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP))
		return error_set(err, -ENOPKG,
		                 "there is no gpg in " CELL_PATH ", or too old a one: "
		                 "install GnuPG");
	e = gpgme_new(&context->ctx);
	/* Signatures on keys are checked as they are listed. */
	if (!e)
		e = gpgme_set_keylist_mode(context->ctx, GPGME_KEYLIST_MODE_LOCAL |
		                                                 GPGME_KEYLIST_MODE_SIGS);
	return e ? fail(e, "be started", err) : 0;
}

static char *copy_name(const char *hex)
{
	char *copy = memory_text(hex ? hex : "");

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/* Whether KEY itself has signed that it is called IDENTITY. */
static bool is_own(gpgme_key_t key, gpgme_user_id_t identity)
{
	enum { GENERIC = 0x10, POSITIVE = 0x13 };

	if (identity->revoked || identity->invalid)
		return false;
	for (gpgme_key_sig_t s = identity->signatures; s; s = s->next)
		if (!s->status && !s->revoked && !s->expired && !s->invalid &&
		    s->sig_class >= GENERIC && s->sig_class <= POSITIVE && s->keyid &&
		    strcmp(s->keyid, key->subkeys->keyid) == 0)
			return true;
	return false;
}

static void describe(gpgme_key_t from, struct pubkey *key)
{
	*key = (struct pubkey){
		.fingerprint = copy_name(from->fpr),
		.created = from->subkeys->timestamp > 0 ? from->subkeys->timestamp : 0,
		.expires = from->subkeys->expires > 0 ? from->subkeys->expires : 0,
		.revoked = from->revoked,
		.expired = from->expired,
	};
	for (gpgme_subkey_t s = from->subkeys->next;
	     s && key->subkeys.count < SUBKEYS_MAX; s = s->next)
		strv_take(&key->subkeys, copy_name(s->fpr));
	for (gpgme_user_id_t u = from->uids; u && key->identities.count < IDENTITIES_MAX;
	     u = u->next)
		if (is_own(from, u))
			strv_take(&key->identities, printable_copy(u->uid));
}

/* A key without a sound signature of its own on itself is none. */
static bool is_sound(gpgme_key_t key)
{
	return key->fpr && key->subkeys && !key->invalid;
}

int gpg_describe(const char *fingerprint, struct pubkey *key, struct error *err)
{
	autoclear(context) context = {0};
	autoclear(key_of) found = {0};
	autofree char *name = NULL;
	gpgme_error_t e;

	if (start(&context, err) < 0)
		return err->code;
	e = gpgme_get_key(context.ctx, fingerprint, &found.key, 0);
	if (e && gpgme_err_code(e) != GPG_ERR_EOF)
		return fail(e, "look for a key", err);
	name = found.key ? copy_name(found.key->fpr) : NULL;
	if (!name || strcmp(name, fingerprint) != 0 || !is_sound(found.key))
		return error_set(err, -EKEYREJECTED,
		                 "gpg finds no sound key '%s' in its file", fingerprint);
	describe(found.key, key);
	return 0;
}

static const struct {
	gpgme_err_code_t code;
	const char *why;
} verdicts[] = {
	{GPG_ERR_BAD_SIGNATURE, "it is not of these bytes"},
	{GPG_ERR_SIG_EXPIRED, "it has expired"},
	{GPG_ERR_KEY_EXPIRED, "its key has expired"},
	{GPG_ERR_CERT_REVOKED, "its key was revoked"},
	{GPG_ERR_NO_PUBKEY, "its key has no such valid subkey"},
	{GPG_ERR_DIGEST_ALGO, "gpg does not accept its hash"},
	{GPG_ERR_UNSUPPORTED_ALGORITHM, "gpg does not know its algorithm"},
};

static int judge(gpgme_signature_t s, struct error *err)
{
	gpgme_err_code_t code = gpgme_err_code(s->status);
	const unsigned bad = GPGME_SIGSUM_RED | GPGME_SIGSUM_KEY_REVOKED |
	                     GPGME_SIGSUM_KEY_EXPIRED | GPGME_SIGSUM_SIG_EXPIRED |
	                     GPGME_SIGSUM_KEY_MISSING | GPGME_SIGSUM_SYS_ERROR |
	                     GPGME_SIGSUM_BAD_POLICY;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (code == verdicts[i].code)
			return error_set(err, -EKEYREJECTED, "%s", verdicts[i].why);
	if (code != GPG_ERR_NO_ERROR || s->summary & bad || s->wrong_key_usage || !s->fpr)
		return error_set(err, -EKEYREJECTED,
		                 "gpg does not accept it (%u, 0x%x): its key may not be "
		                 "for signing, or was not valid then",
		                 code, (unsigned)s->summary);
	return 0;
}

/* A file that gpg is given. */
struct shown {
	int fd;
	bool ended;
};

static ssize_t read_data(void *handle, void *buffer, size_t size)
{
	struct shown *shown = handle;
	ssize_t n;

	do {
		n = read(shown->fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	shown->ended = n == 0;
	return n;
}

/* What gpgme waits for. By itself it would wait for ever, and busily, once gpg has died while a
 * pipe to it is full. */
struct loop {
	struct watch {
		int fd;
		int for_reading;
		gpgme_io_cb_t call; /* NULL: nothing */
		void *data;
	} watches[WATCHES_MAX];
	bool started, done;
	gpgme_error_t result;
};

static gpgme_error_t add_watch(void *context, int fd, int for_reading, gpgme_io_cb_t call,
                               void *data, void **tag)
{
	struct loop *loop = context;

	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct watch *watch = &loop->watches[i];

		if (watch->call)
			continue;
		*watch = (struct watch){fd, for_reading, call, data};
		*tag = watch;
		return 0;
	}
	return gpgme_error(GPG_ERR_TOO_MANY);
}

static void remove_watch(void *tag)
{
	*(struct watch *)tag = (struct watch){0};
}

static void take_event(void *context, gpgme_event_io_t type, void *data)
{
	struct loop *loop = context;
	const struct gpgme_io_event_done_data *result = data;

	if (type == GPGME_EVENT_START)
		loop->started = true;
	if (type != GPGME_EVENT_DONE)
		return;
	loop->done = true;
	loop->result = result->err ? result->err : result->op_err;
}

/* Until gpg has ended, and all that it said has been read. */
static gpgme_error_t run_loop(struct loop *loop)
{
	while (!loop->done) {
		struct pollfd fds[WATCHES_MAX];

		for (size_t i = 0; i < WATCHES_MAX; i++) {
			const struct watch *watch = &loop->watches[i];

			fds[i] = (struct pollfd){
				watch->call && loop->started ? watch->fd : -1,
				watch->for_reading ? POLLIN : POLLOUT, 0};
		}
		if (poll(fds, WATCHES_MAX, -1) < 0 && errno != EINTR)
			return gpgme_error_from_errno(errno);
		for (size_t i = 0; i < WATCHES_MAX && !loop->done; i++) {
			const struct watch *watch = &loop->watches[i];

			/* An earlier one may have removed it. */
			if (fds[i].revents && watch->call && watch->fd == fds[i].fd)
				(void)watch->call(watch->data, watch->fd);
		}
	}
	return loop->result;
}

static int run_verify(struct context *context, const struct buf *signature,
                      struct shown *shown, struct error *err)
{
	struct gpgme_data_cbs callbacks = {.read = read_data};
	struct loop loop = {0};
	struct gpgme_io_cbs io = {add_watch, &loop, remove_watch, take_event, &loop};
	autoclear(bytes) packets = {0}, data = {0};
	gpgme_error_t e = gpgme_data_new_from_mem(&packets.data, signature->data,
	                                          signature->len, 0);

	if (!e)
		e = gpgme_data_new_from_cbs(&data.data, &callbacks, shown);
	if (!e)
		e = gpgme_data_set_flag(data.data, "io-buffer-size", CHUNK);
	gpgme_set_io_cbs(context->ctx, &io);
	if (!e)
		e = gpgme_op_verify_start(context->ctx, packets.data, data.data, NULL);
	if (!e)
		e = run_loop(&loop);
	return e ? fail(e, "check a signature", err) : 0;
}

int gpg_verify(const struct buf *signature, int data_fd, struct gpg_signature *found,
               struct error *err)
{
	autoclear(context) context = {0};
	struct shown shown = {.fd = data_fd};
	gpgme_verify_result_t result;
	gpgme_signature_t s;

	if (start(&context, err) < 0 || run_verify(&context, signature, &shown, err) < 0)
		return err->code;
	result = gpgme_op_verify_result(context.ctx);
	s = result ? result->signatures : NULL;
	if (shown.ended && (!s || s->next))
		return error_set(err, -EKEYREJECTED, "it is not one to gpg");
	if (s && judge(s, err) < 0)
		return err->code;
	if (!shown.ended)
		return error_set(err, -EIO, "gpg ended before the file did");
	found->fingerprint = copy_name(s->fpr);
	found->signed_at = (int64_t)s->timestamp;
	return 0;
}

void gpg_signature_clear(struct gpg_signature *signature)
{
	free(signature->fingerprint);
}

static int import(struct context *context, const struct buf *packets, struct error *err)
{
	autoclear(bytes) data = {0};
	gpgme_import_result_t result;
	gpgme_error_t e = gpgme_data_new_from_mem(&data.data, packets->data, packets->len,
	                                          0);

	if (!e)
		e = gpgme_op_import(context->ctx, data.data);
	if (e)
		return fail(e, "read the keys", err);
	result = gpgme_op_import_result(context->ctx);
	if (!result || result->considered == 0 || result->imported == 0)
		return error_set(err, -EINVAL, "gpg finds no sound public key in it");
	return 0;
}

static int export(struct pubkey *key, struct error *err)
{
	autoclear(context) context = {0};
	autoclear(bytes) data = {0};
	gpgme_error_t e;
	char *text;
	size_t len;

	if (start(&context, err) < 0)
		return err->code;
	gpgme_set_armor(context.ctx, 1);
	e = gpgme_data_new(&data.data);
	if (!e)
		e = gpgme_op_export(context.ctx, key->fingerprint,
		                    GPGME_EXPORT_MODE_MINIMAL, data.data);
	if (e)
		return fail(e, "write a key", err);
	text = gpgme_data_release_and_get_mem(take(data.data), &len);
	if (!text || !len)
		return error_set(err, -EIO, "gpg writes no key");
	key->armored = memory_bytes(text, len);
	gpgme_free(text);
	return 0;
}

static int list(struct context *context, struct pubkeys *keys, struct error *err)
{
	gpgme_error_t e = gpgme_op_keylist_start(context->ctx, NULL, 0);

	while (!e) {
		autoclear(key_of) next = {0};

		e = gpgme_op_keylist_next(context->ctx, &next.key);
		if (!e && is_sound(next.key))
			describe(next.key, list_add(keys));
	}
	return gpgme_err_code(e) == GPG_ERR_EOF ? 0 : fail(e, "list the keys", err);
}

int gpg_read_keys(const struct buf *packets, struct pubkeys *keys, struct error *err)
{
	autoclear(context) context = {0};
	int r = start(&context, err);

	if (r >= 0)
		r = import(&context, packets, err);
	if (r >= 0)
		r = list(&context, keys, err);
	for (size_t i = 0; i < keys->count && r >= 0; i++)
		r = export(&keys->items[i], err);
	return r;
}
