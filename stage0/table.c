/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/table.h"

#include "common/file.h"
#include "common/memory.h"
#include "common/printable.h"

enum { TAB = 8 };

void table_take(struct table *table, struct strv *row)
{
	table->rows = memory_resized(table->rows, table->count + 1, sizeof(*table->rows));
	table->rows[table->count++] = *row;
	*row = (struct strv){0};
}

/* Characters, not bytes: those that go on within one begin with the bits 10. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* A row's last cell needs no padding, and belongs to no column. */
static bool has_column(const struct table *table, size_t row, size_t column)
{
	return column + 1 < table->rows[row].count;
}

static size_t column_width(const struct table *table, size_t row, size_t column)
{
	size_t first = row, widest = 0;

	while (first > 0 && has_column(table, first - 1, column))
		first--;
	for (size_t i = first; i < table->count && has_column(table, i, column); i++) {
		size_t w = width(table->rows[i].items[column]);

		widest = w > widest ? w : widest;
	}
	return (widest / TAB + 1) * TAB;
}

/* Widths of the block of rows that ROW is in: the same for all until one ends its columns. */
struct widths {
	size_t *of;
	size_t count;
};

static void see_widths(const struct table *table, size_t row, struct widths *widths)
{
	size_t cells = table->rows[row].count;

	if (row > 0 && table->rows[row - 1].count == cells)
		return;
	widths->of = memory_resized(widths->of, cells + 1, sizeof(*widths->of));
	widths->count = cells;
	for (size_t i = 0; i + 1 < cells; i++)
		widths->of[i] = column_width(table, row, i);
}

void table_text(const struct table *table, struct buf *out)
{
	struct widths widths = {0};

	for (size_t row = 0; row < table->count; row++) {
		const struct strv *cells = &table->rows[row];

		see_widths(table, row, &widths);
		for (size_t i = 0; i < cells->count; i++) {
			size_t at = width(cells->items[i]);

			printable_add(out, cells->items[i], "");
			for (; i + 1 < cells->count && at < widths.of[i];
			     at = (at / TAB + 1) * TAB)
				buf_char(out, '\t');
		}
		buf_char(out, '\n');
	}
	free(widths.of);
}

int table_print(const struct table *table, struct error *err)
{
	autoclear(buf) text = {0};

	table_text(table, &text);
	if (!table->count)
		buf_char(&text, '\n');
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		strv_clear(&table->rows[i]);
	free(table->rows);
	*table = (struct table){0};
}
