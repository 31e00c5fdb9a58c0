/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/isolator.h"

#include <assert.h>
#include <string.h>

#include "common/memory.h"

/* Each value is decoded as the only member of a document, {"value": ...}, so that a boolean
 * or a number goes the way of an object and messages name the place. */

struct set {
	struct strv set;
	char *errno_name;
};

struct set_value {
	struct set value;
};

static const struct field set_fields[] = {
	{"set", FIELD_TEXTS, FIELD_REQUIRED, offsetof(struct set, set)},
	{0},
};
static const struct schema set_schema = {sizeof(struct set), set_fields, NULL};

static const struct field set_value_fields[] = {
	{"value", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct set_value, value),
         .of = &set_schema},
	{0},
};
static const struct schema capabilities = {sizeof(struct set_value), set_value_fields,
                                           NULL};

static const struct field seccomp_fields[] = {
	{"set", FIELD_TEXTS, FIELD_REQUIRED, offsetof(struct set, set)},
	{"errno", FIELD_TEXT, FIELD_KEEP, offsetof(struct set, errno_name),
         .check = name_check_errno},
	{0},
};
static const struct schema seccomp_schema = {sizeof(struct set), seccomp_fields, NULL};

static const struct field seccomp_value_fields[] = {
	{"value", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct set_value, value),
         .of = &seccomp_schema},
	{0},
};
static const struct schema seccomp = {sizeof(struct set_value), seccomp_value_fields,
                                      NULL};

struct bool_value {
	bool value;
};

static const struct field bool_fields[] = {
	{"value", FIELD_BOOL, FIELD_REQUIRED, offsetof(struct bool_value, value)},
	{0},
};
static const struct schema boolean = {sizeof(struct bool_value), bool_fields, NULL};

struct int_value {
	int64_t value;
};

static const struct field oom_score_fields[] = {
	{"value", FIELD_INT, FIELD_REQUIRED, offsetof(struct int_value, value),
         .min = -1000, .max = 1000},
	{0},
};
static const struct schema oom_score = {sizeof(struct int_value), oom_score_fields, NULL};

static const struct field cpu_shares_fields[] = {
	{"value", FIELD_INT, FIELD_REQUIRED, offsetof(struct int_value, value), .min = 2,
         .max = 262144},
	{0},
};
static const struct schema cpu_shares = {sizeof(struct int_value), cpu_shares_fields,
                                         NULL};

struct selinux_context {
	char *user;
	char *role;
	char *type;
	char *level;
};

struct selinux_value {
	struct selinux_context value;
};

static const char *check_no_colon(const char *text)
{
	return strchr(text, ':') ? "must not contain ':'" : NULL;
}

static const struct field selinux_context_fields[] = {
	{"user", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct selinux_context, user),
         .check = check_no_colon},
	{"role", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct selinux_context, role),
         .check = check_no_colon},
	{"type", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct selinux_context, type),
         .check = check_no_colon},
	{"level", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct selinux_context, level)},
	{0},
};
static const struct schema selinux_context_schema = {sizeof(struct selinux_context),
                                                     selinux_context_fields, NULL};

static const struct field selinux_fields[] = {
	{"value", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct selinux_value, value),
         .of = &selinux_context_schema},
	{0},
};
static const struct schema selinux = {sizeof(struct selinux_value), selinux_fields, NULL};

struct apparmor_profile {
	char *profile;
};

struct apparmor_value {
	struct apparmor_profile value;
};

static const struct field apparmor_profile_fields[] = {
	{"profile", FIELD_TEXT, FIELD_REQUIRED,
         offsetof(struct apparmor_profile, profile)},
	{0},
};
static const struct schema apparmor_profile_schema = {sizeof(struct apparmor_profile),
                                                      apparmor_profile_fields, NULL};

static const struct field apparmor_fields[] = {
	{"value", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct apparmor_value, value),
         .of = &apparmor_profile_schema},
	{0},
};
static const struct schema apparmor = {sizeof(struct apparmor_value), apparmor_fields,
                                       NULL};

struct sysctl_value {
	LIST_OF(struct name_value) value;
};

static const struct field sysctl_fields[] = {
	{"value", FIELD_MAP, FIELD_REQUIRED, offsetof(struct sysctl_value, value)},
	{0},
};
static const struct schema sysctl = {sizeof(struct sysctl_value), sysctl_fields, NULL};

struct amount {
	bool is_default;
	char *request;
	char *limit;
};

struct amount_value {
	struct amount value;
};

static const struct field amount_fields[] = {
	{"default", FIELD_BOOL, 0, offsetof(struct amount, is_default)},
	{"request", FIELD_TEXT, FIELD_NUMBER, offsetof(struct amount, request)},
	{"limit", FIELD_TEXT, FIELD_NUMBER, offsetof(struct amount, limit)},
	{0},
};

static int parse_amount(const char *text, struct quantity *quantity, struct error *err)
{
	/* Spaces around it are no harm in JSON (appc 1.4). */
	const char *from = text + strspn(text, " \t\r\n");
	autofree char *trimmed = memory_text(from);
	size_t len = strlen(trimmed);

	while (len && strchr(" \t\r\n", trimmed[len - 1]))
		trimmed[--len] = '\0';
	return quantity_parse(trimmed, quantity, err);
}

static int check_amount(const char *text, const char *name, struct error *err)
{
	struct quantity quantity;
	struct error why;

	if (!text)
		return 0;
	if (parse_amount(text, &quantity, &why) < 0)
		return error_set(err, why.code, ".%s: %s", name, why.text);
	if (quantity.nano < 0)
		return error_set(err, -EBADMSG, ".%s: must not be negative", name);
	return 0;
}

/* One limit of the whole app or pod: request and limit. */
static int check_range(void *value, struct error *err)
{
	const struct amount *amount = value;
	int r;

	if (amount->is_default)
		return error_set(err, -EBADMSG, ".default: has no place here");
	r = check_amount(amount->request, "request", err);
	return r < 0 ? r : check_amount(amount->limit, "limit", err);
}

/* A limit of every device: it says so, and guarantees nothing. */
static int check_default(void *value, struct error *err)
{
	const struct amount *amount = value;

	if (!amount->is_default)
		return error_set(err, -EBADMSG, ".default: must be true");
	if (amount->request)
		return error_set(err, -EBADMSG, ".request: has no place here");
	return check_amount(amount->limit, "limit", err);
}

static const struct schema range_schema = {sizeof(struct amount), amount_fields,
                                           check_range};
static const struct schema default_schema = {sizeof(struct amount), amount_fields,
                                             check_default};

static const struct field range_fields[] = {
	{"value", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct amount_value, value),
         .of = &range_schema},
	{0},
};
static const struct schema range = {sizeof(struct amount_value), range_fields, NULL};

static const struct field default_fields[] = {
	{"value", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct amount_value, value),
         .of = &default_schema},
	{0},
};
static const struct schema device_limit = {sizeof(struct amount_value), default_fields,
                                           NULL};

enum row_flag {
	ROW_ONCE = 1 << 0, /* at most one in a list */
	ROW_APP = 1 << 1   /* has no place in a pod's list */
};

static const struct row {
	const char *name;
	const struct schema *value;
	unsigned flags;
	const char *excludes; /* may not stand beside it */
} rows[] = {
	{"os/linux/capabilities-retain-set", &capabilities, ROW_APP,
         "os/linux/capabilities-remove-set"},
	{"os/linux/capabilities-remove-set", &capabilities, ROW_APP,
         "os/linux/capabilities-retain-set"},
	{"os/linux/no-new-privileges", &boolean, ROW_APP, NULL},
	{"os/linux/seccomp-remove-set", &seccomp, ROW_APP | ROW_ONCE,
         "os/linux/seccomp-retain-set"},
	{"os/linux/seccomp-retain-set", &seccomp, ROW_APP | ROW_ONCE,
         "os/linux/seccomp-remove-set"},
	{"os/linux/oom-score-adj", &oom_score, ROW_ONCE, NULL},
	{"os/linux/cpu-shares", &cpu_shares, ROW_ONCE, NULL},
	{"os/linux/selinux-context", &selinux, ROW_ONCE, NULL},
	{"os/linux/apparmor-profile", &apparmor, ROW_ONCE, NULL},
	{"os/unix/sysctl", &sysctl, ROW_ONCE, NULL},
	{"resource/cpu", &range, 0, NULL},
	{"resource/memory", &range, 0, NULL},
	{"resource/block-bandwidth", &device_limit, 0, NULL},
	{"resource/block-iops", &device_limit, 0, NULL},
	{"resource/network-bandwidth", &device_limit, 0, NULL},
};

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static int decode(const struct isolator *isolator, const struct schema *schema,
                  void *value, struct error *err)
{
	autofree char *text = memory_format("{\"value\":%s}", isolator->value);

	return schema_decode(schema, text, strlen(text), value, err);
}

/* What was checked decodes again; anything else is our own fault. */
static void decode_checked(const struct isolator *isolator, void *value)
{
	struct error err;
	int r = decode(isolator, find_row(isolator->name)->value, value, &err);

	assert(r == 0);
	(void)r;
}

int isolator_check(const struct isolator *isolator, struct error *err)
{
	const struct row *row = find_row(isolator->name);
	union {
		struct set_value set;
		struct selinux_value selinux;
		struct sysctl_value sysctl;
		struct amount_value amount;
	} value = {0};
	int r;

	if (!row)
		return 0;
	r = decode(isolator, row->value, &value, err);
	if (r == 0)
		schema_clear(row->value, &value);
	return r;
}

int isolator_check_list(const struct isolator *items, size_t count,
                        enum isolator_scope scope, struct error *err)
{
	size_t seen[sizeof(rows) / sizeof(rows[0])] = {0};

	for (size_t i = 0; i < count; i++) {
		const struct row *row = find_row(items[i].name);
		const struct row *other;

		if (!row)
			continue;
		other = row->excludes ? find_row(row->excludes) : NULL;
		if (scope == ISOLATOR_POD && row->flags & ROW_APP)
			return error_set(err, -EBADMSG,
			                 "[%zu]: '%s' is for an app, not a pod", i,
			                 row->name);
		if (seen[row - rows]++ && row->flags & ROW_ONCE)
			return error_set(err, -EBADMSG, "[%zu]: '%s' stands twice", i,
			                 row->name);
		if (other && seen[other - rows])
			return error_set(err, -EBADMSG,
			                 "[%zu]: '%s' may not stand beside '%s'", i,
			                 row->name, other->name);
	}
	return 0;
}

bool isolator_is_known(const char *name)
{
	return find_row(name);
}

const struct isolator *isolator_find(const struct isolator *items, size_t count,
                                     const char *name)
{
	while (count--)
		if (strcmp(items[count].name, name) == 0)
			return &items[count];
	return NULL;
}

void isolator_set(const struct isolator *isolator, struct strv *set, char **errno_name)
{
	struct set_value value = {0};

	decode_checked(isolator, &value);
	strv_extend(set, &value.value.set);
	if (errno_name)
		*errno_name = take(value.value.errno_name);
	schema_clear(find_row(isolator->name)->value, &value);
}

bool isolator_bool(const struct isolator *isolator)
{
	struct bool_value value = {0};

	decode_checked(isolator, &value);
	return value.value;
}

int64_t isolator_int(const struct isolator *isolator)
{
	struct int_value value = {0};

	decode_checked(isolator, &value);
	return value.value;
}

struct isolator_amount isolator_amount(const struct isolator *isolator)
{
	struct isolator_amount amount = {0};
	struct amount_value value = {0};
	struct error err;

	decode_checked(isolator, &value);
	amount.has_request = value.value.request &&
	                     parse_amount(value.value.request, &amount.request, &err) ==
	                             0;
	amount.has_limit = value.value.limit &&
	                   parse_amount(value.value.limit, &amount.limit, &err) == 0;
	schema_clear(find_row(isolator->name)->value, &value);
	return amount;
}
