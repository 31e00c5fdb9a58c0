/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/appc/schema.h"
#include "common/file.h"
#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/listing.h"
#include "stage0/store/store.h"
#include "stage0/table.h"
#include "stage0/time_text.h"

static bool no_legend;
static bool full;
static enum listing_format format;

/* What can be shown, and what can be sorted by. */
struct column {
	const char *word;
	const char *title;
	char *(*text)(const struct store_image *image, int64_t now);
	int (*compare)(const struct store_image *a, const struct store_image *b);
};

/* Those that the user chose, each once. */
struct columns {
	const struct column *items[8];
	size_t count;
};

static int64_t size_of(const struct store_image *image)
{
	return image->info.size + image->info.tree_size;
}

static char *text_id(const struct store_image *image, int64_t now)
{
	enum { SHORT_ID = sizeof("sha512-") - 1 + 12 };

	(void)now;
	return memory_format("%.*s", full ? (int)sizeof(image->id.text) : SHORT_ID,
	                     image->id.text);
}

static char *text_name(const struct store_image *image, int64_t now)
{
	(void)now;
	return image_manifest_title(&image->manifest);
}

/* To two digits at least: "9.4MiB", "12MiB", "9B" (rkt 2.22). */
static char *text_size(const struct store_image *image, int64_t now)
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
	                                    "TiB", "PiB", "EiB"};
	int64_t bytes = size_of(image), unit = 1;
	double value;
	size_t i = 0;

	(void)now;
	if (full || bytes < 10)
		return memory_format("%lld%s", (long long)bytes, full ? "" : "B");
	for (; bytes / unit >= 1024; unit *= 1024)
		i++;
	value = (double)(int64_t)((double)bytes / (double)unit * 10 + 0.5) / 10;
	return memory_format(value < 10 ? "%.1f%s" : "%.0f%s", value, units[i]);
}

static char *text_time(int64_t then, int64_t now)
{
	return full ? time_full(then) : time_relative(then, now);
}

static char *text_import_time(const struct store_image *image, int64_t now)
{
	return text_time(image->info.import_time, now);
}

static char *text_last_used(const struct store_image *image, int64_t now)
{
	return text_time(image->info.last_used, now);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_name(const struct store_image *a, const struct store_image *b)
{
	autofree char *name_a = text_name(a, 0), *name_b = text_name(b, 0);

	return strcmp(name_a, name_b);
}

static int by_import_time(const struct store_image *a, const struct store_image *b)
{
	return compare_numbers(a->info.import_time, b->info.import_time);
}

static int by_last_used(const struct store_image *a, const struct store_image *b)
{
	return compare_numbers(a->info.last_used, b->info.last_used);
}

static int by_size(const struct store_image *a, const struct store_image *b)
{
	return compare_numbers(size_of(a), size_of(b));
}

static const struct column all_columns[] = {
	{"id", "ID", text_id, NULL},
	{"name", "NAME", text_name, by_name},
	{"size", "SIZE", text_size, by_size},
	{"importtime", "IMPORT TIME", text_import_time, by_import_time},
	{"lastused", "LAST USED", text_last_used, by_last_used},
	{0},
};

static struct columns fields = {
	{&all_columns[0], &all_columns[1], &all_columns[2], &all_columns[3],
         &all_columns[4]},
	5,
};
static struct columns sort = {{&all_columns[3]}, 1};
static bool descending;

static int choose(struct columns *chosen, const char *word, bool sortable,
                  struct error *err)
{
	const struct column *column = all_columns;

	while (column->word && strcmp(column->word, word) != 0)
		column++;
	if (!column->word || (sortable && !column->compare))
		return error_set(err, -EINVAL, "unknown field '%s'", word);
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->items[i] == column)
			return error_set(err, -EINVAL, "field '%s' is given twice", word);
	chosen->items[chosen->count++] = column;
	return 0;
}

static int parse_columns(struct columns *columns, const char *arg, bool sortable,
                         struct error *err)
{
	autoclear(strv) words = {0};
	struct columns chosen = {0};
	int r = 0;

	strv_split(&words, arg, ',');
	for (size_t i = 0; r >= 0 && i < words.count; i++)
		r = choose(&chosen, words.items[i], sortable, err);
	if (r >= 0)
		*columns = chosen;
	return r;
}

static int parse_fields(void *value, const char *arg, struct error *err)
{
	return parse_columns(value, arg, false, err);
}

static int parse_sort(void *value, const char *arg, struct error *err)
{
	return parse_columns(value, arg, true, err);
}

static int parse_order(void *value, const char *arg, struct error *err)
{
	bool is_desc = strcmp(arg, "desc") == 0;

	if (!is_desc && strcmp(arg, "asc") != 0)
		return error_set(err, -EINVAL, "must be 'asc' or 'desc'");
	*(bool *)value = is_desc;
	return 0;
}

static const struct option_spec options[] = {
	OPTION_INITIAL("fields", "FIELDS", "id,name,size,importtime,lastused",
                       parse_fields, &fields, "what to show, separated by commas"),
	OPTION_VALUE("format", "FORMAT", option_format, &format,
                     "'json' or 'json-pretty' instead of columns"),
	OPTION_FLAG("full", &full, "whole IDs, sizes in bytes, and times as dates"),
	OPTION_FLAG("no-legend", &no_legend, "no header"),
	OPTION_INITIAL("order", "ORDER", "asc", parse_order, &descending,
                       "'asc' or 'desc'"),
	OPTION_INITIAL("sort", "FIELDS", "importtime", parse_sort, &sort,
                       "what to sort by: name, importtime, lastused, size"),
	{0},
};

/* Images that are alike in all that was asked for stand by their IDs. */
static int compare_images(const void *a, const void *b)
{
	const struct store_image *one = a, *other = b;
	int order = 0;

	for (size_t i = 0; order == 0 && i < sort.count; i++)
		order = sort.items[i]->compare(one, other);
	if (order == 0)
		order = strcmp(one->id.text, other->id.text);
	return descending ? -order : order;
}

static int print_table(const struct store_image *images, size_t count, struct error *err)
{
	autoclear(table) table = {0};
	int64_t now = time_now();
	struct strv row = {0};

	for (size_t i = 0; !no_legend && i < fields.count; i++)
		strv_add(&row, fields.items[i]->title);
	if (row.count)
		table_take(&table, &row);
	for (size_t k = 0; k < count; k++) {
		for (size_t i = 0; i < fields.count; i++)
			strv_take(&row, fields.items[i]->text(&images[k], now));
		table_take(&table, &row);
	}
	return table_print(&table, err);
}

/* What --format=json tells of an image (rkt 2.22). */
struct image_object {
	char *id;
	char *name;
	int64_t import_time;
	int64_t last_used_time;
	int64_t size;
};

static const struct field image_fields[] = {
	{"id", FIELD_TEXT, FIELD_KEEP, offsetof(struct image_object, id)},
	{"name", FIELD_TEXT, FIELD_KEEP, offsetof(struct image_object, name)},
	{"import_time", FIELD_INT, FIELD_KEEP,
         offsetof(struct image_object, import_time)},
	{"last_used_time", FIELD_INT, FIELD_KEEP,
         offsetof(struct image_object, last_used_time)},
	{"size", FIELD_INT, FIELD_KEEP, offsetof(struct image_object, size)},
	{0},
};

static const struct schema image_schema = {sizeof(struct image_object), image_fields};

static int print_json(const struct store_image *images, size_t count, struct error *err)
{
	autoclear(buf) compact = {0}, text = {0};

	for (size_t i = 0; i < count; i++) {
		struct image_object object = {
			.id = memory_text(images[i].id.text),
			.name = text_name(&images[i], 0),
			.import_time = images[i].info.import_time,
			.last_used_time = images[i].info.last_used,
			.size = size_of(&images[i]),
		};

		buf_char(&compact, i ? ',' : '[');
		schema_encode(&image_schema, &object, SCHEMA_COMPACT, &compact);
		schema_clear(&image_schema, &object);
	}
	buf_text(&compact, count ? "]" : "null");
	if (format == LISTING_JSON)
		return listing_print(format, &compact, err);
	if (count == 0)
		buf_text(&text, "null");
	else if (schema_reformat(compact.data, compact.len, SCHEMA_PRETTY, &text, err) <
	         0)
		return err->code;
	return listing_print(format, &text, err);
}

static int run_image_list(struct host *host, int argc, char **argv, struct error *err)
{
	struct store_image *images;
	struct store *store;
	size_t count;
	int r;

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	if (host_store(host, &store, err) < 0 ||
	    store_list(store, &images, &count, err) < 0)
		return err->code;
	if (count)
		qsort(images, count, sizeof(*images), compare_images);
	r = format == LISTING_TEXT ? print_table(images, count, err)
	                           : print_json(images, count, err);
	store_images_free(images, count);
	return r;
}

const struct command cmd_image_list = {
	.name = "image list",
	.args = "[OPTIONS]",
	.summary = "list the images in the store",
	.about = "Lists the images in the store. The size is that of the uncompressed "
		 "archive and of the files laid out for pods together.",
	.options = options,
	.run = run_image_list,
};
