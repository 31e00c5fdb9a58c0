/* SPDX-License-Identifier: Apache-2.0 */
#include "common/limits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "common/list.h"
#include "common/number.h"
#include "common/quantity.h"
#include "common/strv.h"

static const struct kind {
	const char *name;
	int resource;
	bool is_bytes;
} kinds[] = {
	{"as", RLIMIT_AS, true},
	{"core", RLIMIT_CORE, true},
	{"cpu", RLIMIT_CPU, false},
	{"data", RLIMIT_DATA, true},
	{"fsize", RLIMIT_FSIZE, true},
	{"locks", RLIMIT_LOCKS, false},
	{"memlock", RLIMIT_MEMLOCK, true},
	{"msgqueue", RLIMIT_MSGQUEUE, true},
	{"nice", RLIMIT_NICE, false},
	{"nofile", RLIMIT_NOFILE, false},
	{"nproc", RLIMIT_NPROC, false},
	{"rss", RLIMIT_RSS, true},
	{"rtprio", RLIMIT_RTPRIO, false},
	{"rttime", RLIMIT_RTTIME, false},
	{"sigpending", RLIMIT_SIGPENDING, false},
	{"stack", RLIMIT_STACK, true},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(*kinds) };

static const struct kind *find_kind(const char *name, size_t len)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strlen(kinds[i].name) == len && !strncmp(kinds[i].name, name, len))
			return &kinds[i];
	return NULL;
}

static int parse_bytes(const char *text, uint64_t *value, struct error *err)
{
	struct quantity amount;
	int64_t whole;

	if (quantity_parse(text, &amount, err) < 0)
		return err->code;
	whole = quantity_ceil(&amount, 0);
	if (amount.nano < 0 || whole == INT64_MAX ||
	    (__int128)whole * 1000000000 != amount.nano)
		return error_set(err, -EINVAL,
		                 "'%.64s' is not a whole number of bytes below 2^63",
		                 text);
	*value = (uint64_t)whole;
	return 0;
}

static int parse_value(const struct kind *kind, const char *text, uint64_t *value,
                       struct error *err)
{
	int64_t number;

	if (!strcmp(text, "unlimited")) {
		*value = LIMIT_UNLIMITED;
		return 0;
	}
	if (kind->is_bytes)
		return parse_bytes(text, value, err);
	if (number_parse(text, 0, INT64_MAX - 1, &number, err) < 0)
		return error_set(err, -EINVAL,
		                 "'%.64s' is neither a whole number nor 'unlimited'",
		                 text);
	*value = (uint64_t)number;
	return 0;
}

static const struct limit *find_limit(const struct limits *limits, int resource)
{
	for (size_t i = 0; i < limits->count; i++)
		if (limits->items[i].resource == resource)
			return &limits->items[i];
	return NULL;
}

static int parse_values(const struct kind *kind, const char *text, struct limit *limit,
                        struct error *err)
{
	autoclear(strv) values = {0};

	strv_split(&values, text, ':');
	if (values.count > 2)
		return error_set(err, -EINVAL, "has more than a soft and a hard value");
	if (parse_value(kind, values.items[0], &limit->soft, err) < 0 ||
	    parse_value(kind, values.items[values.count - 1], &limit->hard, err) < 0)
		return err->code;
	if (limit->soft > limit->hard)
		return error_set(err, -EINVAL, "the soft value is above the hard one");
	return 0;
}

int limits_add(struct limits *limits, const char *text, struct error *err)
{
	size_t len = strcspn(text, "=");
	const struct kind *kind = find_kind(text, len);
	struct limit limit = {0};

	if (!text[len])
		return error_set(err, -EINVAL, "'%.64s' is not NAME=SOFT[:HARD]", text);
	if (!kind)
		return error_set(err, -EINVAL,
		                 "no limit is called '%.*s': setrlimit(2) has the names",
		                 (int)(len < 64 ? len : 64), text);
	if (find_limit(limits, kind->resource))
		return error_set(err, -EEXIST, "'%s' stands twice", kind->name);
	limit.name = kind->name;
	limit.resource = kind->resource;
	if (parse_values(kind, text + len + 1, &limit, err) < 0)
		return error_wrap(err, "'%s'", kind->name);
	*list_add(limits) = limit;
	return 0;
}

int limits_parse(struct limits *limits, const char *text, struct error *err)
{
	autoclear(strv) words = {0};

	strv_split(&words, text, ',');
	for (size_t i = 0; i < words.count; i++)
		if (limits_add(limits, words.items[i], err) < 0)
			return err->code;
	return 0;
}

void limits_complete(struct limits *limits, const struct limits *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (!find_limit(limits, from->items[i].resource))
			*list_add(limits) = from->items[i];
}

int limits_complete_by(struct limits *limits, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct rlimit has;

		if (find_limit(limits, kinds[i].resource))
			continue;
		if (prlimit(pid, kinds[i].resource, NULL, &has) < 0)
			return error_errno(err, "cannot read limit '%s' of process %d",
			                   kinds[i].name, (int)pid);
		*list_add(limits) = (struct limit){
			kinds[i].name, kinds[i].resource,
			has.rlim_cur == RLIM_INFINITY ? LIMIT_UNLIMITED : has.rlim_cur,
			has.rlim_max == RLIM_INFINITY ? LIMIT_UNLIMITED : has.rlim_max};
	}
	return 0;
}

static void format_value(uint64_t value, struct buf *out)
{
	if (value == LIMIT_UNLIMITED)
		buf_text(out, "unlimited");
	else
		buf_format(out, "%" PRIu64, value);
}

void limits_format(const struct limits *limits, struct buf *out)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct limit *limit = &limits->items[i];

		buf_format(out, "%s%s=", i ? "," : "", limit->name);
		format_value(limit->soft, out);
		if (limit->hard == limit->soft)
			continue;
		buf_char(out, ':');
		format_value(limit->hard, out);
	}
}

void limits_clear(struct limits *limits)
{
	free(limits->items);
	*limits = (struct limits){0};
}
