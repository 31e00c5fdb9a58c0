/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/pax_records.h"

#include <stddef.h>
#include <string.h>

#include "common/memory.h"

struct record {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

static const struct pax_records nothing = {
	.size = -1, .real_size = -1, .uid = -1, .gid = -1};

static int malformed(struct error *err)
{
	return error_set(err, -EBADMSG, "its extended header is malformed");
}

/* A decimal number without a sign or a leading zero. */
static bool take_number(const char **at, const char *end, int64_t *number)
{
	const char *p = *at;

	*number = 0;
	while (p < end && *p >= '0' && *p <= '9') {
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, *p - '0', number))
			return false;
		p++;
	}
	if (p == *at || (**at == '0' && p - *at > 1))
		return false;
	*at = p;
	return true;
}

/* Takes one record from *AT. */
static int take_record(const char **at, const char *end, struct record *record,
                       struct error *err)
{
	const char *start = *at, *equals;
	int64_t len;

	if (!take_number(at, end, &len) || *at == end || *(*at)++ != ' ')
		return malformed(err);
	if (len > end - start || start + len - 1 <= *at || start[len - 1] != '\n')
		return malformed(err);
	equals = memchr(*at, '=', (size_t)(start + len - *at));
	if (!equals || equals == *at || memchr(*at, '\0', (size_t)(equals - *at)))
		return malformed(err);
	record->key = *at;
	record->key_len = (size_t)(equals - *at);
	record->value = equals + 1;
	record->value_len = (size_t)(start + len - 1 - record->value);
	*at = start + len;
	return 0;
}

static bool is_key(const struct record *record, const char *key)
{
	return record->key_len == strlen(key) &&
	       memcmp(record->key, key, record->key_len) == 0;
}

static int set_text(const struct record *record, void *to, struct error *err)
{
	char **text = to;

	if (*text || record->value_len == 0 ||
	    memchr(record->value, '\0', record->value_len))
		return malformed(err);
	*text = memory_bytes(record->value, record->value_len);
	return 0;
}

static int set_number(const struct record *record, void *to, struct error *err)
{
	const char *at = record->value, *end = at + record->value_len;
	int64_t *number = to;

	if (*number >= 0 || !take_number(&at, end, number) || at != end)
		return malformed(err);
	return 0;
}

/* The digits after a point, to nanoseconds. Sets *MORE if they say more than these. */
static const char *take_fraction(const char *at, const char *end, long *nanoseconds,
                                 bool *more)
{
	long unit = 100000000;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		*nanoseconds += (*at - '0') * unit;
		*more |= unit == 0 && *at != '0';
		unit /= 10;
	}
	return at;
}

/* Seconds with a point and a sign, if need be. */
static int set_time(const struct record *record, void *to, struct error *err)
{
	const char *at = record->value, *end = at + record->value_len;
	struct tar_time *time = to;
	bool is_negative = at < end && *at == '-', more = false;
	long nanoseconds = 0;
	int64_t seconds;

	at += is_negative;
	if (time->is_set || !take_number(&at, end, &seconds))
		return malformed(err);
	if (at < end && *at == '.')
		at = take_fraction(at + 1, end, &nanoseconds, &more);
	if (at != end)
		return malformed(err);
	if (is_negative) {
		nanoseconds += more;
		seconds = -seconds - (nanoseconds > 0);
		nanoseconds = nanoseconds > 0 ? 1000000000 - nanoseconds : 0;
	}
	*time = (struct tar_time){true, {.tv_sec = seconds, .tv_nsec = nanoseconds}};
	return 0;
}

/* The records that we read ourselves; the rest is libarchive's. Each of these may stand once. */
static const struct {
	const char *key;
	int (*set)(const struct record *record, void *to, struct error *err);
	size_t offset;
} keys[] = {
	{"path", set_text, offsetof(struct pax_records, path)},
	{"linkpath", set_text, offsetof(struct pax_records, link_path)},
	{"GNU.sparse.name", set_text, offsetof(struct pax_records, sparse_name)},
	{"size", set_number, offsetof(struct pax_records, size)},
	{"GNU.sparse.size", set_number, offsetof(struct pax_records, real_size)},
	{"GNU.sparse.realsize", set_number, offsetof(struct pax_records, real_size)},
	{"SCHILY.realsize", set_number, offsetof(struct pax_records, real_size)},
	{"uid", set_number, offsetof(struct pax_records, uid)},
	{"gid", set_number, offsetof(struct pax_records, gid)},
	{"mtime", set_time, offsetof(struct pax_records, mtime)},
	{"atime", set_time, offsetof(struct pax_records, atime)},
};

static int use_record(const struct record *record, struct pax_records *records,
                      struct error *err)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (is_key(record, keys[i].key))
			return keys[i].set(record, (char *)records + keys[i].offset, err);
	return 0;
}

int pax_records_parse(const char *data, size_t len, struct pax_records *records,
                      struct error *err)
{
	const char *end = data + len;

	*records = nothing;
	while (data < end) {
		struct record record;
		int r = take_record(&data, end, &record, err);

		if (r >= 0)
			r = use_record(&record, records, err);
		if (r < 0) {
			pax_records_clear(records);
			return r;
		}
	}
	return 0;
}

int pax_records_check_global(const char *data, size_t len, struct error *err)
{
	const char *end = data + len;

	while (data < end) {
		struct record record;
		int r = take_record(&data, end, &record, err);

		if (r < 0)
			return r;
		if (!is_key(&record, "comment"))
			return error_set(err, -EBADMSG,
			                 "a global extended header with '%.*s'",
			                 record.key_len < 100 ? (int)record.key_len : 100,
			                 record.key);
	}
	return 0;
}

void pax_records_clear(struct pax_records *records)
{
	free(records->path);
	free(records->link_path);
	free(records->sparse_name);
	*records = nothing;
}
