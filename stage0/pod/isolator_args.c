/* SPDX-License-Identifier: Apache-2.0 */
/* Options that limit an app: each becomes an isolator (appc 1.7.5). */
#include <inttypes.h>
#include <string.h>

#include "common/appc/isolator.h"
#include "common/memory.h"
#include "common/number.h"
#include "common/quantity.h"
#include "stage0/pod/app_flags.h"

enum { MEMORY_MIN = 4096 };

struct isolators {
	struct isolator *items;
	size_t count;
};

/* The values, in the order that rkt writes them. */
struct resource_value {
	char *request;
	char *limit;
};

struct set_value {
	struct strv set;
	char *errno_name;
};

static const struct schema resource_schema = {
	sizeof(struct resource_value),
	(const struct field[]){
		{"request", FIELD_TEXT, 0, offsetof(struct resource_value, request)},
		{"limit", FIELD_TEXT, 0, offsetof(struct resource_value, limit)},
		{0},
	},
	NULL,
};

static const struct schema set_schema = {
	sizeof(struct set_value),
	(const struct field[]){
		{"set", FIELD_TEXTS, FIELD_KEEP, offsetof(struct set_value, set)},
		{"errno", FIELD_TEXT, 0, offsetof(struct set_value, errno_name)},
		{0},
	},
	NULL,
};

static void drop(struct isolators *isolators, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < isolators->count; i++) {
		if (strcmp(isolators->items[i].name, name) != 0) {
			isolators->items[kept++] = isolators->items[i];
			continue;
		}
		free(isolators->items[i].name);
		free(isolators->items[i].value);
	}
	isolators->count = kept;
}

/* VALUE, which is its from now on, becomes the one isolator called NAME. */
static int set_isolator(struct isolators *isolators, const char *name, char *value,
                        struct error *err)
{
	struct isolator *isolator;

	drop(isolators, name);
	isolator = list_add(isolators);
	isolator->name = memory_text(name);
	isolator->value = value;
	return isolator_check(isolator, err);
}

static char *encode(const struct schema *schema, const void *value)
{
	struct buf text = {0};

	schema_encode(schema, value, SCHEMA_COMPACT, &text);
	return buf_take(&text);
}

/* A limit is asked for: what is guaranteed is as much (ACE-170). */
static int set_resource(void *value, const char *name, const char *arg, struct error *err)
{
	struct resource_value resource = {(char *)arg, (char *)arg};

	return set_isolator(value, name, encode(&resource_schema, &resource), err);
}

int flag_memory(void *value, const char *arg, struct error *err)
{
	struct quantity limit;

	if (quantity_parse(arg, &limit, err) < 0)
		return err->code;
	if (quantity_ceil(&limit, 0) < MEMORY_MIN)
		return error_set(err, -ERANGE, "must be at least %d bytes", MEMORY_MIN);
	return set_resource(value, "resource/memory", arg, err);
}

int flag_cpu(void *value, const char *arg, struct error *err)
{
	struct quantity limit;

	if (quantity_parse(arg, &limit, err) < 0)
		return err->code;
	if (limit.nano <= 0)
		return error_set(err, -ERANGE, "must be more than 0");
	return set_resource(value, "resource/cpu", arg, err);
}

static int set_number(void *value, const char *name, const char *arg, int64_t min,
                      int64_t max, struct error *err)
{
	int64_t number;

	if (number_parse(arg, min, max, &number, err) < 0)
		return err->code;
	return set_isolator(value, name, memory_format("%" PRId64, number), err);
}

int flag_cpu_shares(void *value, const char *arg, struct error *err)
{
	return set_number(value, "os/linux/cpu-shares", arg, 2, 262144, err);
}

int flag_oom_score_adj(void *value, const char *arg, struct error *err)
{
	return set_number(value, "os/linux/oom-score-adj", arg, -1000, 1000, err);
}

static int check_words(const struct strv *set, struct error *err)
{
	if (set->count == 0)
		return error_set(err, -EINVAL, "names nothing");
	for (size_t i = 0; i < set->count; i++)
		if (!*set->items[i])
			return error_set(err, -EINVAL, "has an empty name");
	return 0;
}

static int set_capabilities(void *value, const char *name, const char *arg,
                            struct error *err)
{
	autoclear(strv) set = {0};
	struct set_value caps = {0};

	strv_split(&set, arg, ',');
	if (check_words(&set, err) < 0)
		return err->code;
	caps.set = set;
	return set_isolator(value, name, encode(&set_schema, &caps), err);
}

int flag_caps_retain(void *value, const char *arg, struct error *err)
{
	return set_capabilities(value, "os/linux/capabilities-retain-set", arg, err);
}

int flag_caps_remove(void *value, const char *arg, struct error *err)
{
	return set_capabilities(value, "os/linux/capabilities-remove-set", arg, err);
}

static const struct seccomp_mode {
	const char *word;
	const char *isolator;
} seccomp_modes[] = {
	{"mode=retain", "os/linux/seccomp-retain-set"},
	{"mode=remove", "os/linux/seccomp-remove-set"},
	{0},
};

/* Sets *NAME from "mode=retain" or "mode=remove". */
static int read_seccomp_mode(const char *word, const char **name, struct error *err)
{
	if (*name)
		return error_set(err, -EEXIST, "'mode' stands twice");
	for (const struct seccomp_mode *mode = seccomp_modes; mode->word; mode++)
		if (!strcmp(mode->word, word))
			*name = mode->isolator;
	if (!*name)
		return error_set(err, -EINVAL, "'%s' must be mode=retain or mode=remove",
		                 word);
	return 0;
}

static int read_seccomp_errno(char *word, char **errno_name, struct error *err)
{
	const char *wrong;

	if (*errno_name)
		return error_set(err, -EEXIST, "'errno' stands twice");
	*errno_name = strchr(word, '=') + 1;
	wrong = **errno_name ? name_check_errno(*errno_name) : "must not be empty";
	return wrong ? error_set(err, -EINVAL, "errno '%s' %s", *errno_name, wrong) : 0;
}

int flag_seccomp(void *value, const char *arg, struct error *err)
{
	autoclear(strv) words = {0};
	autoclear(strv) calls = {0};
	struct set_value filter = {0};
	const char *name = NULL;

	strv_split(&words, arg, ',');
	for (size_t i = 0; i < words.count; i++) {
		char *word = words.items[i];
		int r = 0;

		if (!strncmp(word, "mode=", 5))
			r = read_seccomp_mode(word, &name, err);
		else if (!strncmp(word, "errno=", 6))
			r = read_seccomp_errno(word, &filter.errno_name, err);
		else
			strv_add(&calls, word);
		if (r < 0)
			return r;
	}
	if (!name)
		return error_set(err, -EINVAL, "needs mode=retain or mode=remove");
	if (check_words(&calls, err) < 0)
		return err->code;
	filter.set = calls;
	for (const struct seccomp_mode *mode = seccomp_modes; mode->word; mode++)
		drop(value, mode->isolator);
	return set_isolator(value, name, encode(&set_schema, &filter), err);
}
