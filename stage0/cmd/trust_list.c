/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/appc/schema.h"
#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/config/keystore.h"
#include "stage0/fetch/verify.h"
#include "stage0/host.h"
#include "stage0/listing.h"
#include "stage0/table.h"
#include "stage0/time_text.h"

static bool no_legend;
static bool full;
static const char *prefix;
static enum listing_format format;

static const struct option_spec options[] = {
	OPTION_VALUE("format", "FORMAT", option_format, &format,
                     "'json' or 'json-pretty' instead of columns"),
	OPTION_FLAG("full", &full, "all identities, times as dates, and paths"),
	OPTION_FLAG("no-legend", &no_legend, "no header"),
	OPTION_VALUE("prefix", "NAME", option_text, &prefix,
                     "only what counts for the image NAME"),
	{0},
};

/* What is told of a file, also by --format=json; times in nanoseconds. */
struct row {
	char *fingerprint;
	char *prefix;
	const char *state;
	struct strv identities;
	struct strv subkeys;
	int64_t created;
	int64_t expires;
	const char *layer;
	char *path;
	char *hidden_by;
};

static const struct field row_fields[] = {
	{"fingerprint", FIELD_TEXT, FIELD_KEEP, offsetof(struct row, fingerprint)},
	{"prefix", FIELD_TEXT, FIELD_KEEP, offsetof(struct row, prefix)},
	{"state", FIELD_TEXT, FIELD_KEEP, offsetof(struct row, state)},
	{"identities", FIELD_TEXTS, FIELD_KEEP, offsetof(struct row, identities)},
	{"subkeys", FIELD_TEXTS, FIELD_KEEP, offsetof(struct row, subkeys)},
	{"created_at", FIELD_INT, FIELD_KEEP, offsetof(struct row, created)},
	{"expires_at", FIELD_INT, FIELD_KEEP, offsetof(struct row, expires)},
	{"layer", FIELD_TEXT, FIELD_KEEP, offsetof(struct row, layer)},
	{"path", FIELD_TEXT, FIELD_KEEP, offsetof(struct row, path)},
	{"hidden_by", FIELD_TEXT, 0, offsetof(struct row, hidden_by)},
	{0},
};

static const struct schema row_schema = {sizeof(struct row), row_fields};

struct listing {
	LIST_OF(struct row) rows;
	struct strv problems;
};

static void listing_clear(struct listing *listing)
{
	for (size_t i = 0; i < listing->rows.count; i++) {
		struct row *row = &listing->rows.items[i];

		/* They are constants. */
		row->state = row->layer = NULL;
		schema_clear(&row_schema, row);
	}
	free(listing->rows.items);
	strv_clear(&listing->problems);
}

/* The key in the file, which must be what its name says. */
static int read_key(const struct trusted_key *file, struct pubkeys *keys,
                    struct error *err)
{
	int r = pubkeys_read(file->text, strlen(file->text), keys, err);

	if (r >= 0 && (keys->count != 1 ||
	               strcmp(keys->items[0].fingerprint, file->fingerprint) != 0))
		r = error_set(err, -EBADMSG,
		              "it holds something else than the key it is called by");
	return r < 0 ? error_wrap(err, "'%s'", file->path) : 0;
}

static int64_t nanoseconds(int64_t seconds)
{
	return seconds > INT64_MAX / 1000000000 ? INT64_MAX : seconds * 1000000000;
}

static const char *state_of(const struct pubkey *key)
{
	return key->revoked ? "revoked" : key->expired ? "expired" : "trusted";
}

/* Whether the file at PATH is a mask. */
static bool is_mask(const struct trusted_keys *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].path, path) == 0)
			return !*files->items[i].text;
	return false;
}

static void add_row(struct listing *listing, const struct trusted_keys *files,
                    const struct trusted_key *file)
{
	autoclear(pubkeys) keys = {0};
	struct row *row = list_add(&listing->rows);
	struct error problem;

	row->fingerprint = memory_text(file->fingerprint);
	row->prefix = memory_text(file->prefix);
	row->layer = config_layer_names[file->layer];
	row->path = memory_text(file->path);
	row->hidden_by = memory_text(file->hidden_by);
	row->state = "mask";
	if (*file->text && read_key(file, &keys, &problem) < 0) {
		strv_add(&listing->problems, problem.text);
		row->state = "broken";
	} else if (*file->text) {
		row->state = state_of(&keys.items[0]);
		strv_extend(&row->identities, &keys.items[0].identities);
		strv_extend(&row->subkeys, &keys.items[0].subkeys);
		row->created = nanoseconds(keys.items[0].created);
		row->expires = nanoseconds(keys.items[0].expires);
	}
	if (file->hidden_by)
		row->state = is_mask(files, file->hidden_by) ? "masked" : "replaced";
}

static char *text_identity(const struct row *row)
{
	autoclear(buf) text = {0};

	for (size_t i = 0; i < row->identities.count && (full || i == 0); i++)
		buf_format(&text, "%s%s", i ? ", " : "", row->identities.items[i]);
	return memory_text(text.len ? text.data : "-");
}

static char *text_expires(const struct row *row, int64_t now)
{
	if (!row->created)
		return memory_text("-");
	if (!row->expires)
		return memory_text("never");
	return full ? time_full(row->expires) : time_relative(row->expires, now);
}

static int print_table(const struct listing *listing, struct error *err)
{
	static const char *const titles[] = {"FINGERPRINT", "PREFIX", "IDENTITY",
	                                     "EXPIRES",     "STATE",  "FROM"};
	autoclear(table) table = {0};
	int64_t now = time_now();
	struct strv cells = {0};

	for (size_t i = 0; !no_legend && i < sizeof(titles) / sizeof(*titles); i++)
		strv_add(&cells, titles[i]);
	if (cells.count)
		table_take(&table, &cells);
	for (size_t i = 0; i < listing->rows.count; i++) {
		const struct row *row = &listing->rows.items[i];

		strv_add(&cells, row->fingerprint);
		strv_add(&cells, *row->prefix ? row->prefix : "*");
		strv_take(&cells, text_identity(row));
		strv_take(&cells, text_expires(row, now));
		strv_add(&cells, row->state);
		strv_add(&cells, full ? row->path : row->layer);
		table_take(&table, &cells);
	}
	return table_print(&table, err);
}

static int print_json(const struct listing *listing, struct error *err)
{
	autoclear(buf) compact = {0}, text = {0};

	buf_char(&compact, '[');
	for (size_t i = 0; i < listing->rows.count; i++) {
		buf_text(&compact, i ? "," : "");
		schema_encode(&row_schema, &listing->rows.items[i], SCHEMA_COMPACT,
		              &compact);
	}
	buf_char(&compact, ']');
	if (schema_reformat(compact.data, compact.len,
	                    format == LISTING_JSON ? SCHEMA_COMPACT : SCHEMA_PRETTY,
	                    &text, err) < 0)
		return err->code;
	return listing_print(format, &text, err);
}

static int run_trust_list(struct host *host, int argc, char **argv, struct error *err)
{
	const char *wrong = prefix ? keystore_check_prefix(prefix) : NULL;
	autoclear(trusted_keys) files = {0};
	autoclear(listing) listing = {0};
	int r;

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	if (wrong)
		return error_set(err, -EINVAL, "--prefix %s: '%s'", wrong, prefix);
	if (keystore_list(host_keystore(host), &files, err) < 0)
		return err->code;
	for (size_t i = 0; i < files.count; i++)
		if (!prefix || keystore_is_prefix(files.items[i].prefix, prefix))
			add_row(&listing, &files, &files.items[i]);
	r = format == LISTING_TEXT ? print_table(&listing, err)
	                           : print_json(&listing, err);
	listing_print_problems(host, "reading keys", &listing.problems);
	return r;
}

const struct command cmd_trust_list = {
	.name = "trust list",
	.args = "[OPTIONS]",
	.summary = "list the keys that may sign images",
	.about =
		"Lists the keys, which names each may sign ('*': any), until when, and "
		"where it comes from. Keys that do not count are listed too: one is "
		"'masked' by an empty file, the 'mask', or 'replaced' by another file of "
		"its name.",
	.options = options,
	.run = run_trust_list,
};
