/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/verify_protocol.h"

#include <string.h>

static const char *check_fingerprint(const char *text)
{
	size_t len = strlen(text);

	if ((len == 40 || len == 64) && strspn(text, "0123456789abcdef") == len)
		return NULL;
	return "must be a fingerprint";
}

static const char *check_key_id(const char *text)
{
	if (strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16)
		return NULL;
	return "must be a key ID";
}

/* It is printed as it is. */
static const char *check_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return "must be printable";
	return NULL;
}

static const struct field request_key_fields[] = {
	{"fingerprint", FIELD_TEXT, FIELD_REQUIRED,
         offsetof(struct trusted_key, fingerprint), .check = check_fingerprint},
	{"path", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct trusted_key, path)},
	{"text", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct trusted_key, text)},
	{0},
};

static const struct schema request_key_schema = {
	.size = sizeof(struct trusted_key),
	.fields = request_key_fields,
};

static const struct field request_fields[] = {
	{"keys", FIELD_LIST, 0, 0, .of = &request_key_schema},
	{0},
};

const struct schema verify_request_schema = {
	.size = sizeof(struct trusted_keys),
	.fields = request_fields,
};

#define V(field) offsetof(struct verdict, field)
static const struct field verdict_fields[] = {
	{"fingerprint", FIELD_TEXT, 0, V(fingerprint), .check = check_fingerprint},
	{"keyId", FIELD_TEXT, 0, V(key_id), .check = check_key_id},
	{"identities", FIELD_TEXTS, 0, V(identities), .check = check_plain},
	{"signedAt", FIELD_INT, 0, V(signed_at)},
	{"expires", FIELD_INT, 0, V(expires)},
	{0},
};

static const struct schema verdict_schema = {
	.size = sizeof(struct verdict),
	.fields = verdict_fields,
};

#define K(field) offsetof(struct pubkey, field)
static const struct field key_fields[] = {
	{"fingerprint", FIELD_TEXT, FIELD_REQUIRED, K(fingerprint),
         .check = check_fingerprint},
	{"subkeys", FIELD_TEXTS, 0, K(subkeys), .check = check_fingerprint},
	{"identities", FIELD_TEXTS, 0, K(identities), .check = check_plain},
	{"created", FIELD_INT, 0, K(created)},
	{"expires", FIELD_INT, 0, K(expires)},
	{"revoked", FIELD_BOOL, 0, K(revoked)},
	{"expired", FIELD_BOOL, 0, K(expired)},
	{"armored", FIELD_TEXT, FIELD_REQUIRED, K(armored)},
	{0},
};

static const struct schema key_schema = {
	.size = sizeof(struct pubkey),
	.fields = key_fields,
};

#define A(field) offsetof(struct verify_answer, field)
static const struct field answer_fields[] = {
	{"errorCode", FIELD_INT, 0, A(error_code), .min = -4095, .max = 0},
	{"errorText", FIELD_TEXT, 0, A(error_text)},
	{"unknown", FIELD_BOOL, 0, A(unknown)},
	{"verdict", FIELD_OBJECT, 0, A(verdict), .of = &verdict_schema},
	{"keys", FIELD_LIST, 0, A(keys), .of = &key_schema},
	{0},
};

const struct schema verify_answer_schema = {
	.size = sizeof(struct verify_answer),
	.fields = answer_fields,
};

void verify_answer_clear(struct verify_answer *answer)
{
	schema_clear(&verify_answer_schema, answer);
}

void verdict_clear(struct verdict *verdict)
{
	schema_clear(&verdict_schema, verdict);
}

void pubkeys_clear(struct pubkeys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		schema_clear(&key_schema, &keys->items[i]);
	free(keys->items);
	*keys = (struct pubkeys){0};
}

int verify_answer_decode(const char *text, size_t len, struct verify_answer *answer,
                         struct error *err)
{
	int r = schema_decode_strict(&verify_answer_schema, text, len, answer, err);

	if (r < 0)
		return error_wrap(err, "the import program's answer makes no sense");
	if (answer->error_code < 0)
		return error_set(err, (int)answer->error_code, "%s",
		                 answer->error_text
		                         ? answer->error_text
		                         : "the import program gave no reason");
	return 0;
}
