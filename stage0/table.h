/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Columns on standard output, as rkt prints them (rkt 1.9): each cell but a row's last is
 * padded with tabs to a multiple of eight characters, at least one. A column is as wide as
 * its widest cell among neighbouring rows that have it. A control character in a cell is
 * shown as '?': cells may hold text from an image.
 */

#include "common/buf.h"
#include "common/error.h"
#include "common/strv.h"

/* All zero is a table without rows. */
struct table {
	struct strv *rows;
	size_t count;
};

/* Adds the cells of ROW, which is empty again. */
void table_take(struct table *table, struct strv *row);

/* Adds the table's lines to *OUT. */
void table_text(const struct table *table, struct buf *out);

/* Prints the table on standard output; one without rows is an empty line (rkt 1.4). */
must_check int table_print(const struct table *table, struct error *err);

void table_clear(struct table *table);
