/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/auth.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/appc/schema.h"
#include "common/memory.h"
#include "stage0/config/config_kind.h"

#define HIDDEN        "(hidden)"
#define AWS_REGION    "us-east-1"
#define HTTPS         "https://"
#define HTTPS_PORT    443
#define AUTHORITY_MAX 300

/* A host and its port, as two URLs that mean the same have them. */
struct endpoint_name {
	char host[AUTHORITY_MAX]; /* lower case; an IPv6 address in brackets */
	int port;
};

static bool is_host(const char *text, size_t len)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789.-_";

	if (len > 2 && text[0] == '[' && text[len - 1] == ']')
		return strspn(text + 1, "0123456789abcdefABCDEF:.") == len - 2;
	return len > 0 && strspn(text, allowed) >= len;
}

/* Reads the LEN bytes of HOST[:PORT]; whatever is not plainly that is none. */
static bool read_endpoint(const char *text, size_t len, struct endpoint_name *name)
{
	size_t host = len;
	long port = HTTPS_PORT;

	while (host > 0 && isdigit((unsigned char)text[host - 1]))
		host--;
	if (host > 0 && text[host - 1] == ':' && host < len) {
		port = strtol(text + host, NULL, 10);
		host--;
	} else {
		host = len;
	}
	if (port < 1 || port > 65535 || host >= sizeof(name->host) ||
	    !is_host(text, host))
		return false;
	for (size_t i = 0; i < host; i++)
		name->host[i] = (char)tolower((unsigned char)text[i]);
	name->host[host] = '\0';
	name->port = (int)port;
	return true;
}

static bool is_same(const struct endpoint_name *a, const struct endpoint_name *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static const char *check_domain(const char *text)
{
	struct endpoint_name ignored;

	return read_endpoint(text, strlen(text), &ignored)
	               ? NULL
	               : "must be a host's name, or HOST:PORT";
}

/* Header fields are lines. */
static const char *check_secret(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return "must not have control characters";
	return NULL;
}

static const char *check_user(const char *text)
{
	return strchr(text, ':') ? "must not have a ':'" : check_secret(text);
}

static const struct field basic_fields[] = {
	{"user", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct credentials, user),
         .check = check_user},
	{"password", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct credentials, password),
         .check = check_secret},
	{0},
};

static const struct field bearer_fields[] = {
	{"token", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct credentials, token),
         .check = check_secret},
	{0},
};

static const struct field aws_fields[] = {
	{"accessKeyID", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct credentials, key_id),
         .check = check_secret},
	{"secretAccessKey", FIELD_TEXT, FIELD_REQUIRED,
         offsetof(struct credentials, secret), .check = check_secret},
	{"awsRegion", FIELD_TEXT, FIELD_BLANK, offsetof(struct credentials, region),
         .check = check_secret},
	{0},
};

/* The types of credentials, and which of their fields no one else should see. */
static const struct credentials_type {
	const char *name;
	struct schema schema;
	size_t secret;
} types[] = {
	[CREDENTIALS_BASIC] = {"basic",
                               {sizeof(struct credentials), basic_fields},
                               offsetof(struct credentials, password)},
	[CREDENTIALS_BEARER] = {"oauth",
                                {sizeof(struct credentials), bearer_fields},
                                offsetof(struct credentials, token)},
	[CREDENTIALS_AWS] = {"aws",
                             {sizeof(struct credentials), aws_fields},
                             offsetof(struct credentials, secret)},
};

enum { TYPES = sizeof(types) / sizeof(*types) };

/* A file of the kind auth. */
struct auth_file {
	char *version;
	char *kind;
	struct strv domains;
	char *type;
	char *credentials; /* JSON */
};

static const char *check_type(const char *text)
{
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(types[i].name, text) == 0)
			return NULL;
	return "must be 'basic', 'oauth' or 'aws'";
}

static const struct field auth_fields[] = {
	{"rktVersion", FIELD_TEXT, 0, offsetof(struct auth_file, version)},
	{"rktKind", FIELD_TEXT, 0, offsetof(struct auth_file, kind)},
	{"domains", FIELD_TEXTS, FIELD_REQUIRED, offsetof(struct auth_file, domains),
         .check = check_domain},
	{"type", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct auth_file, type),
         .check = check_type},
	{"credentials", FIELD_RAW, FIELD_REQUIRED,
         offsetof(struct auth_file, credentials)},
	{0},
};
static const struct schema auth_schema = {sizeof(struct auth_file), auth_fields};

static void auth_file_clear(struct auth_file *file)
{
	schema_clear(&auth_schema, file);
}

/* Amazon's names say it: s3.REGION, s3-REGION and s3.dualstack.REGION below amazonaws.com. */
static char *guess_region(const char *domain)
{
	autoclear(strv) labels = {0};
	struct endpoint_name name = {0};
	size_t end;

	(void)read_endpoint(domain, strlen(domain), &name);
	strv_split(&labels, name.host, '.');
	for (end = labels.count; end > 0; end--)
		if (strcmp(labels.items[end - 1], "amazonaws") == 0)
			break;
	for (size_t i = end ? end - 1 : 0; i > 0; i--) {
		const char *label = labels.items[i - 1];

		if (strncmp(label, "s3-", 3) == 0 && label[3])
			return memory_text(label + 3);
		if (strcmp(label, "s3") != 0)
			continue;
		return memory_text(i + 1 < end ? labels.items[end - 2] : AWS_REGION);
	}
	return memory_text(AWS_REGION);
}

static struct auth_entry *find_domain(struct auth *auth, const char *domain)
{
	struct endpoint_name wanted, name;

	if (!read_endpoint(domain, strlen(domain), &wanted))
		return NULL;
	for (size_t i = 0; i < auth->domains.count; i++) {
		struct auth_entry *entry = &auth->domains.items[i];

		if (read_endpoint(entry->domain, strlen(entry->domain), &name) &&
		    is_same(&name, &wanted))
			return entry;
	}
	return NULL;
}

static void credentials_clear(struct credentials *credentials)
{
	schema_clear(&types[credentials->kind].schema, credentials);
}

static int read_credentials(const struct auth_file *file,
                            const struct config_source *source,
                            struct credentials *credentials, struct error *err)
{
	enum credentials_kind kind = CREDENTIALS_BASIC;

	while (strcmp(types[kind].name, file->type) != 0)
		kind++;
	if (config_decode(&types[kind].schema, file->credentials,
	                  strlen(file->credentials), source, ".credentials", credentials,
	                  err) < 0)
		return err->code;
	credentials->kind = kind;
	return 0;
}

/* CREDENTIALS as they are for DOMAIN. */
static struct credentials credentials_copy(const struct credentials *credentials,
                                           const char *domain)
{
	struct credentials copy = {.kind = credentials->kind};

	schema_copy(&types[copy.kind].schema, credentials, &copy);
	if (copy.kind == CREDENTIALS_AWS && !copy.region) {
		copy.region = guess_region(domain);
		copy.region_guessed = true;
	}
	return copy;
}

static int add_domain(struct auth *auth, const char *domain, size_t i,
                      const struct credentials *credentials,
                      const struct config_source *source, struct error *err)
{
	struct auth_entry *entry = find_domain(auth, domain);
	char place[48];

	snprintf(place, sizeof(place), ".domains[%zu]", i);
	if (entry && config_may_set(&entry->origin, source, place, domain, err) < 0)
		return err->code;
	if (!entry)
		entry = list_add(&auth->domains);
	credentials_clear(&entry->credentials);
	entry->credentials = credentials_copy(credentials, domain);
	free(entry->domain);
	entry->domain = memory_text(domain);
	config_was_set(&entry->origin, source);
	return 0;
}

int auth_read(struct config *config, const struct config_source *source,
              struct error *err)
{
	autoclear(credentials) credentials = {0};
	autoclear(auth_file) file = {0};
	int r = config_decode(&auth_schema, source->text, source->len, source, "", &file,
	                      err);

	if (r >= 0)
		r = read_credentials(&file, source, &credentials, err);
	for (size_t i = 0; r >= 0 && i < file.domains.count; i++)
		r = add_domain(&config->auth, file.domains.items[i], i, &credentials,
		               source, err);
	return r;
}

/* A file of the kind dockerAuth. */
struct docker_auth_file {
	char *version;
	char *kind;
	struct strv registries;
	struct credentials credentials;
};

static const struct field docker_auth_fields[] = {
	{"rktVersion", FIELD_TEXT, 0, offsetof(struct docker_auth_file, version)},
	{"rktKind", FIELD_TEXT, 0, offsetof(struct docker_auth_file, kind)},
	{"registries", FIELD_TEXTS, FIELD_REQUIRED,
         offsetof(struct docker_auth_file, registries), .check = check_domain},
	{"credentials", FIELD_OBJECT, FIELD_REQUIRED,
         offsetof(struct docker_auth_file, credentials),
         .of = &types[CREDENTIALS_BASIC].schema},
	{0},
};
static const struct schema docker_auth_schema = {sizeof(struct docker_auth_file),
                                                 docker_auth_fields};

static void docker_auth_file_clear(struct docker_auth_file *file)
{
	schema_clear(&docker_auth_schema, file);
}

static struct docker_auth_entry *find_registry(struct auth *auth, const char *registry)
{
	for (size_t i = 0; i < auth->registries.count; i++)
		if (strcasecmp(auth->registries.items[i].registry, registry) == 0)
			return &auth->registries.items[i];
	return NULL;
}

static void registry_clear(struct docker_auth_entry *entry)
{
	free(entry->registry);
	free(entry->user);
	free(entry->password);
	free(entry->origin.path);
}

static int add_registry(struct auth *auth, const struct docker_auth_file *file, size_t i,
                        const struct config_source *source, struct error *err)
{
	const char *registry = file->registries.items[i];
	struct docker_auth_entry *entry = find_registry(auth, registry);
	char place[48];

	snprintf(place, sizeof(place), ".registries[%zu]", i);
	if (entry && config_may_set(&entry->origin, source, place, registry, err) < 0)
		return err->code;
	if (!entry)
		entry = list_add(&auth->registries);
	registry_clear(entry);
	*entry = (struct docker_auth_entry){
		.registry = memory_text(registry),
		.user = memory_text(file->credentials.user),
		.password = memory_text(file->credentials.password),
	};
	config_was_set(&entry->origin, source);
	return 0;
}

int auth_read_docker(struct config *config, const struct config_source *source,
                     struct error *err)
{
	autoclear(docker_auth_file) file = {0};
	int r = config_decode(&docker_auth_schema, source->text, source->len, source, "",
	                      &file, err);

	for (size_t i = 0; r >= 0 && i < file.registries.count; i++)
		r = add_registry(&config->auth, &file, i, source, err);
	return r;
}

const struct credentials *auth_for(const struct auth *auth, const char *url)
{
	struct endpoint_name wanted, name;
	const char *authority;

	if (strncasecmp(url, HTTPS, strlen(HTTPS)) != 0)
		return NULL;
	authority = url + strlen(HTTPS);
	if (!read_endpoint(authority, strcspn(authority, "/?#"), &wanted))
		return NULL;
	for (size_t i = 0; i < auth->domains.count; i++) {
		const struct auth_entry *entry = &auth->domains.items[i];

		if (read_endpoint(entry->domain, strlen(entry->domain), &name) &&
		    is_same(&name, &wanted))
			return &entry->credentials;
	}
	return NULL;
}

/* Of entries that begin with their key. */
static int by_key(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void auth_sort(struct auth *auth)
{
	if (auth->domains.count)
		qsort(auth->domains.items, auth->domains.count,
		      sizeof(*auth->domains.items), by_key);
	if (auth->registries.count)
		qsort(auth->registries.items, auth->registries.count,
		      sizeof(*auth->registries.items), by_key);
}

/* The credentials as they were written, but for the secret. */
static char *encode_credentials(const struct credentials *credentials, bool secrets)
{
	const struct credentials_type *type = &types[credentials->kind];
	struct credentials shown = *credentials;
	autoclear(buf) text = {0};

	if (!secrets)
		*(const char **)((char *)&shown + type->secret) = HIDDEN;
	if (shown.region_guessed)
		shown.region = NULL;
	schema_encode(&type->schema, &shown, SCHEMA_COMPACT, &text);
	return buf_take(&text);
}

static void encode_domain(const struct auth_entry *entry, bool secrets, struct buf *text)
{
	autoclear(auth_file) file = {
		.version = memory_text("v1"),
		.kind = memory_text("auth"),
		.type = memory_text(types[entry->credentials.kind].name),
		.credentials = encode_credentials(&entry->credentials, secrets),
	};

	strv_add(&file.domains, entry->domain);
	buf_text(text, text->len ? "," : "");
	schema_encode(&auth_schema, &file, SCHEMA_COMPACT, text);
}

static void encode_registry(const struct docker_auth_entry *entry, bool secrets,
                            struct buf *text)
{
	autoclear(docker_auth_file) file = {
		.version = memory_text("v1"),
		.kind = memory_text("dockerAuth"),
		.credentials = {.user = memory_text(entry->user),
	                        .password = memory_text(secrets ? entry->password
	                                                        : HIDDEN)},
	};

	strv_add(&file.registries, entry->registry);
	buf_text(text, text->len ? "," : "");
	schema_encode(&docker_auth_schema, &file, SCHEMA_COMPACT, text);
}

void auth_encode(const struct auth *auth, bool secrets, struct buf *text)
{
	for (size_t i = 0; i < auth->domains.count; i++)
		encode_domain(&auth->domains.items[i], secrets, text);
	for (size_t i = 0; i < auth->registries.count; i++)
		encode_registry(&auth->registries.items[i], secrets, text);
}

void auth_clear(struct auth *auth)
{
	for (size_t i = 0; i < auth->domains.count; i++) {
		credentials_clear(&auth->domains.items[i].credentials);
		free(auth->domains.items[i].domain);
		free(auth->domains.items[i].origin.path);
	}
	for (size_t i = 0; i < auth->registries.count; i++)
		registry_clear(&auth->registries.items[i]);
	free(auth->domains.items);
	free(auth->registries.items);
	memset(auth, 0, sizeof(*auth));
}
