/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/net_protocol.h"

#include <string.h>

#include "common/appc/name.h"

/* Whether TEXT has only bytes from FIRST to '~', which can end no line of a header. */
static bool is_plain(const char *text, char first, size_t max)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < first || text[i] > '~')
			return false;
	return len > 0 && len <= max;
}

const char *net_check_url(const char *text)
{
	return is_plain(text, '!', NET_URL_MAX)
	               ? NULL
	               : "must be a URL of at most 2048 visible ASCII characters";
}

const char *net_check_validator(const char *text)
{
	return is_plain(text, ' ', NET_VALIDATOR_MAX)
	               ? NULL
	               : "must be at most 1024 visible ASCII characters";
}

static const char *check_word(const char *text)
{
	return is_plain(text, '!', NET_VALIDATOR_MAX) ? NULL
	                                              : "must be one word of ASCII";
}

/* What becomes part of a header must not be able to end it. */
static const char *check_secret(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return "must have no control characters";
	return NULL;
}

static const struct field credentials_fields[] = {
	{"user", FIELD_TEXT, 0, offsetof(struct net_credentials, user), check_secret},
	{"password", FIELD_TEXT, 0, offsetof(struct net_credentials, password),
         check_secret},
	{"token", FIELD_TEXT, 0, offsetof(struct net_credentials, token), check_secret},
	{"keyID", FIELD_TEXT, 0, offsetof(struct net_credentials, key_id), check_secret},
	{"secret", FIELD_TEXT, 0, offsetof(struct net_credentials, secret), check_secret},
	{"region", FIELD_TEXT, 0, offsetof(struct net_credentials, region), check_word},
	{NULL},
};
static const struct schema credentials_schema = {sizeof(struct net_credentials),
                                                 credentials_fields, NULL};

static const struct field ask_fields[] = {
	{"what", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct net_ask, what)},
	{"agent", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct net_ask, agent),
         check_word},
	{"insecureTLS", FIELD_BOOL, 0, offsetof(struct net_ask, insecure_tls)},
	{"insecureHTTP", FIELD_BOOL, 0, offsetof(struct net_ask, insecure_http)},
	{"debug", FIELD_BOOL, 0, offsetof(struct net_ask, debug)},
	{"credentials", FIELD_POINTER, 0, offsetof(struct net_ask, credentials), NULL,
         &credentials_schema},
	{"url", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct net_ask, url), net_check_url},
	{"etag", FIELD_TEXT, 0, offsetof(struct net_ask, etag), net_check_validator},
	{"lastModified", FIELD_TEXT, 0, offsetof(struct net_ask, last_modified),
         net_check_validator},
	{"offset", FIELD_INT, 0, offsetof(struct net_ask, offset), NULL, NULL, 0,
         INT64_MAX},
	{"sizeMax", FIELD_INT, 0, offsetof(struct net_ask, size_max), NULL, NULL, 0,
         INT64_MAX},
	{"name", FIELD_TEXT, 0, offsetof(struct net_ask, name), name_check_identifier},
	{"labels", FIELD_MAP, 0, offsetof(struct net_ask, labels)},
	{NULL},
};
static const struct schema ask_schema = {sizeof(struct net_ask), ask_fields, NULL};

static const struct field endpoint_fields[] = {
	{"image", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct endpoint, image),
         net_check_url},
	{"signature", FIELD_TEXT, 0, offsetof(struct endpoint, signature), net_check_url},
	{NULL},
};
static const struct schema endpoint_schema = {sizeof(struct endpoint), endpoint_fields,
                                              NULL};

static const struct field answer_fields[] = {
	{"code", FIELD_INT, 0, offsetof(struct net_answer, code), NULL, NULL, -4095, 0},
	{"text", FIELD_TEXT, 0, offsetof(struct net_answer, text)},
	{"outcome", FIELD_INT, 0, offsetof(struct net_answer, outcome), NULL, NULL,
         NET_BODY, NET_DEFERRED},
	{"offset", FIELD_INT, 0, offsetof(struct net_answer, offset), NULL, NULL, 0,
         INT64_MAX},
	{"total", FIELD_INT, 0, offsetof(struct net_answer, total), NULL, NULL, -1,
         INT64_MAX},
	{"maxAge", FIELD_INT, 0, offsetof(struct net_answer, max_age), NULL, NULL, 0,
         INT64_MAX},
	{"etag", FIELD_TEXT, 0, offsetof(struct net_answer, etag), net_check_validator},
	{"lastModified", FIELD_TEXT, 0, offsetof(struct net_answer, last_modified),
         net_check_validator},
	{"resumable", FIELD_BOOL, 0, offsetof(struct net_answer, resumable)},
	{"endpoints", FIELD_LIST, 0, offsetof(struct net_answer, endpoints), NULL,
         &endpoint_schema},
	{"keys", FIELD_TEXTS, 0, offsetof(struct net_answer, keys), net_check_url},
	{"prefix", FIELD_TEXT, 0, offsetof(struct net_answer, prefix)},
	{NULL},
};

static int check_answer(void *value, struct error *err)
{
	const struct net_answer *answer = value;

	if (answer->code < 0 && !(answer->text && *answer->text))
		return error_set(err, -EBADMSG, ".text: required");
	if (answer->total >= 0 && answer->offset > answer->total)
		return error_set(err, -EBADMSG, ".offset: must be at most the total");
	if (answer->endpoints.count > NET_LINKS_MAX || answer->keys.count > NET_LINKS_MAX)
		return error_set(err, -EBADMSG, "too many URLs");
	return 0;
}

static const struct schema answer_schema = {sizeof(struct net_answer), answer_fields,
                                            check_answer};

void net_ask_encode(const struct net_ask *ask, struct buf *out)
{
	schema_encode(&ask_schema, ask, SCHEMA_COMPACT, out);
}

int net_ask_decode(const char *text, size_t len, struct net_ask *ask, struct error *err)
{
	return schema_decode_strict(&ask_schema, text, len, ask, err);
}

void net_ask_clear(struct net_ask *ask)
{
	schema_clear(&ask_schema, ask);
}

void net_answer_encode(const struct net_answer *answer, struct buf *out)
{
	schema_encode(&answer_schema, answer, SCHEMA_COMPACT, out);
}

int net_answer_decode(const char *text, size_t len, struct net_answer *answer,
                      struct error *err)
{
	return schema_decode_strict(&answer_schema, text, len, answer, err);
}

void net_answer_clear(struct net_answer *answer)
{
	schema_clear(&answer_schema, answer);
}

void discovery_clear(struct discovery *discovery)
{
	for (size_t i = 0; i < discovery->endpoints.count; i++) {
		free(discovery->endpoints.items[i].image);
		free(discovery->endpoints.items[i].signature);
	}
	free(discovery->endpoints.items);
	strv_clear(&discovery->keys);
	free(discovery->prefix);
	*discovery = (struct discovery){0};
}
