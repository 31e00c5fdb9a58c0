/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "stage0/table.h"

/* Rows are lines of TEXT, cells are between '|'. */
static void assert_table(const char *text, const char *expected)
{
	autoclear(table) table = {0};
	autoclear(strv) lines = {0};
	autoclear(buf) out = {0};

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		struct strv row = {0};

		strv_split(&row, lines.items[i], '|');
		table_take(&table, &row);
		assert_null(row.items);
	}
	table_text(&table, &out);
	assert_string_equal(buf_string(&out), expected);
}

test(cells_are_padded_with_tabs_to_a_multiple_of_eight)
{
	assert_table("UUID|APP|STATE\n3f156900|rkt-inspect|exited",
	             "UUID\t\tAPP\t\tSTATE\n3f156900\trkt-inspect\texited\n");
	assert_table("1234567|x\n1|y", "1234567\tx\n1\ty\n");
}

test(the_last_cell_of_a_row_widens_no_column)
{
	assert_table("a|b\na much longer last cell", "a\tb\na much longer last cell\n");
}

test(a_column_ends_where_a_row_lacks_it)
{
	assert_table("a long first|x\nnone\nb|y", "a long first\tx\nnone\nb\ty\n");
	assert_table("a|b|c\nwide first cell|d", "a\t\tb\tc\nwide first cell\td\n");
}

test(empty_cells_keep_their_place)
{
	assert_table("12345678|b|c\n||d", "12345678\tb\tc\n\t\t\td\n");
}

test(characters_are_counted_not_bytes)
{
	assert_table("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9|x\n1234567|y",
	             "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\tx\n1234567\ty\n");
}

test(control_characters_do_not_reach_the_terminal)
{
	assert_table("a\x1b[31m|b\x7f", "a?[31m\tb?\n");
	assert_table("a\xc2\x9b"
	             "31m|\xe2\x80\xae",
	             "a?31m\t?\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_padded_with_tabs_to_a_multiple_of_eight),
		cmocka_unit_test(the_last_cell_of_a_row_widens_no_column),
		cmocka_unit_test(a_column_ends_where_a_row_lacks_it),
		cmocka_unit_test(empty_cells_keep_their_place),
		cmocka_unit_test(characters_are_counted_not_bytes),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
