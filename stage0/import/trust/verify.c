/* SPDX-License-Identifier: Apache-2.0 */

/* The half that checks a signature (stage0/fetch/verify_protocol.h). */

#include <string.h>
#include <sys/socket.h>

#include "common/file.h"
#include "common/memory.h"
#include "stage0/fetch/verify_protocol.h"
#include "stage0/import/trust/cell.h"
#include "stage0/import/trust/gpg.h"
#include "stage0/import/trust/key_packets.h"
#include "stage0/import/trust/signature_packet.h"
#include "stage0/import/trust/trust.h"

struct verification {
	struct trusted_keys trusted;
	struct signature_packet signature;
	struct public_key candidate; /* that may have made it */
	struct pubkey key;           /* the same, as gpg sees it */
};

static void verification_clear(struct verification *v)
{
	schema_clear(&verify_request_schema, &v->trusted);
	signature_packet_clear(&v->signature);
	public_key_clear(&v->candidate);
	free(v->key.fingerprint);
	strv_clear(&v->key.subkeys);
	strv_clear(&v->key.identities);
}

static int read_request(struct verification *v, struct error *err)
{
	autoclear(buf) text = {0}, signature = {0};
	int r = file_read(VERIFY_REQUEST, SCHEMA_DOCUMENT_MAX, &text, err);

	if (r >= 0)
		r = schema_decode_strict(&verify_request_schema, buf_string(&text),
		                         text.len, &v->trusted, err);
	if (r < 0)
		return r;
	r = file_read(VERIFY_SIGNATURE, SIGNATURE_SIZE_MAX, &signature, err);
	if (r >= 0)
		r = signature_packet_read(signature.data, signature.len, &v->signature,
		                          err);
	return r < 0 ? error_wrap(err, "signature") : 0;
}

/* A key counts by the name of its file: what is in there must be that key, and no other. */
static int read_key(const struct trusted_key *trusted, struct public_keys *keys,
                    struct error *err)
{
	int r = public_keys_read(trusted->text, strlen(trusted->text), false, keys, err);

	if (r >= 0 && keys->count != 1)
		r = error_set(err, -EINVAL, "it has more than one key");
	if (r >= 0 && strcmp(keys->items[0].fingerprint, trusted->fingerprint) != 0)
		r = error_set(err, -EINVAL, "it has the key '%s', which is not its name",
		              keys->items[0].fingerprint);
	return r < 0 ? error_wrap(err, "trusted key '%.256s'", trusted->path) : 0;
}

/* Keeps the one key that may have made the signature, if any is there. */
static int keep_key(struct verification *v, struct public_key *key, struct error *err)
{
	if (!v->candidate.fingerprint) {
		v->candidate = *key;
		*key = (struct public_key){0};
		return 0;
	}
	/* A key that is trusted for several prefixes is still one. */
	if (strcmp(v->candidate.fingerprint, key->fingerprint) == 0)
		return 0;
	return error_set(err, -EKEYREJECTED,
	                 "signature: the trusted keys '%s' and '%s' both claim to have "
	                 "made it",
	                 v->candidate.fingerprint, key->fingerprint);
}

static int find_key(struct verification *v, struct error *err)
{
	for (size_t i = 0; i < v->trusted.count; i++) {
		autoclear(public_keys) read = {0};
		int r = read_key(&v->trusted.items[i], &read, err);

		if (r >= 0 && public_key_is(&read.items[0], v->signature.fingerprint,
		                            v->signature.key_id))
			r = keep_key(v, &read.items[0], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "signature by key 'abc' (Alice <a@example.com>)" */
static int blame(const struct verification *v, struct error *err)
{
	const char *identity = v->key.identities.count ? v->key.identities.items[0] : "";

	return error_wrap(err, "signature by key '%s'%s%s%s", v->candidate.fingerprint,
	                  identity[0] ? " (" : "", identity, identity[0] ? ")" : "");
}

/* What can be known before the file's bytes are there, or while the first arrive. */
static int describe_key(struct verification *v, struct error *err)
{
	int r = gpg_describe(v->candidate.fingerprint, &v->key, err);

	if (r < 0)
		return r;
	if (v->key.revoked)
		return error_set(err, -EKEYREJECTED, "its key was revoked");
	if (v->key.expired)
		return error_set(err, -EKEYREJECTED, "its key has expired");
	return 0;
}

static int check_file(struct verification *v, struct verdict *verdict, struct error *err)
{
	autoclear(gpg_signature) found = {0};

	if (describe_key(v, err) < 0 ||
	    gpg_verify(&v->signature.packet, VERIFY_DATA, &found, err) < 0)
		return err->code;
	if (!public_key_is(&v->candidate, found.fingerprint, ""))
		return error_set(err, -EKEYREJECTED, "gpg says that another key made it");
	*verdict = (struct verdict){
		.fingerprint = memory_text(v->candidate.fingerprint),
		.key_id = memory_text(v->signature.key_id),
		.identities = v->key.identities,
		.signed_at = found.signed_at,
		.expires = v->key.expires,
	};
	v->key.identities = (struct strv){0};
	return 0;
}

static int prepare(struct verification *v, struct error *err)
{
	if (cell_enter(err) < 0 || read_request(v, err) < 0 || find_key(v, err) < 0)
		return err->code;
	return v->candidate.fingerprint ? gpg_prepare(&v->candidate.packets, err) : 0;
}

static int send_answer(const struct verify_answer *answer, struct error *err)
{
	autoclear(buf) text = {0};

	schema_encode(&verify_answer_schema, answer, SCHEMA_COMPACT, &text);
	if (send(VERIFY_ANSWER, buf_string(&text), text.len, MSG_NOSIGNAL) < 0)
		return error_errno(err, "cannot answer");
	return 0;
}

static int send_error(const struct error *why, struct error *err)
{
	const struct verify_answer answer = {
		.error_code = why->code,
		.error_text = (char *)(uintptr_t)why->text,
	};

	return send_answer(&answer, err);
}

static int run_verify(char **argv, struct error *err)
{
	autoclear(verification) v = {0};
	autoclear(verify_answer) early = {0}, last = {0};
	struct error why = {0};
	int r;

	(void)argv;
	if (prepare(&v, &why) < 0)
		return send_error(&why, err);
	early.unknown = !v.candidate.fingerprint;
	early.verdict.key_id = memory_text(v.signature.key_id);
	r = send_answer(&early, err);
	if (r < 0 || early.unknown)
		return r;
	if (check_file(&v, &last.verdict, &why) < 0) {
		(void)!blame(&v, &why);
		return send_error(&why, err);
	}
	return send_answer(&last, err);
}

const struct half half_verify = {
	.name = VERIFY_HALF,
	.fd_count = VERIFY_FD_COUNT,
	.run = run_verify,
};
