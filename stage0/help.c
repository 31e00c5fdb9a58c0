/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/help.h"

#include <string.h>

#include "common/memory.h"
#include "stage0/table.h"

enum { TEXT_WIDTH = 72 };

bool help_shows_option(const struct option_spec *option)
{
	return !(option->flags & OPTION_HIDDEN) && !option->unserved && !option->instead;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct option_spec *const *)a)->name,
	              (*(const struct option_spec *const *)b)->name);
}

const struct option_spec **help_sort_options(const struct option_spec *table)
{
	const struct option_spec **sorted = NULL;
	size_t count = 0;

	for (const struct option_spec *o = table; o && o->name; o++)
		count++;
	sorted = memory_zeroed(count + 1, sizeof(*sorted));
	count = 0;
	for (const struct option_spec *o = table; o && o->name; o++)
		if (help_shows_option(o))
			sorted[count++] = o;
	qsort(sorted, count, sizeof(*sorted), by_name);
	return sorted;
}

void help_option(const struct option_spec *option, struct buf *out)
{
	const char *initial = option->initial;

	buf_format(out, "--%s", option->name);
	if (!option->arg)
		initial = initial ? initial : "false";
	if (option->flags & OPTION_OPTIONAL)
		buf_format(out, "[=%s]", initial ? initial : option->arg);
	else if (initial && option->parse == option_text)
		buf_format(out, "=\"%s\"", initial);
	else
		buf_format(out, "=%s", initial ? initial : option->arg);
}

static void add_options(const char *title, const struct option_spec *options,
                        struct buf *out)
{
	autofree const struct option_spec **sorted = help_sort_options(options);
	autoclear(table) table = {0};

	if (!sorted[0])
		return;
	for (size_t i = 0; sorted[i]; i++) {
		struct strv row = {0};
		autoclear(buf) line = {0};

		if (sorted[i]->letter)
			buf_format(&line, "  -%c, ", sorted[i]->letter);
		else
			buf_text(&line, "      ");
		help_option(sorted[i], &line);
		strv_take(&row, buf_take(&line));
		strv_add_format(&row, "%s%s", sorted[i]->help,
		                sorted[i]->flags & OPTION_REPEATED
		                        ? " (may be given more than once)"
		                        : "");
		table_take(&table, &row);
	}
	buf_format(out, "\n%s:\n", title);
	table_text(&table, out);
}

/* Whether COMMAND is for the list of GROUP, or of all commands if that is NULL. */
static bool is_of(const struct command *command, const struct command *group)
{
	size_t len = group ? strlen(group->name) : 0;

	return command_is_listed(command) &&
	       (!group || (strncmp(command->name, group->name, len) == 0 &&
	                   command->name[len] == ' '));
}

static void add_commands(const struct command *group, struct buf *out)
{
	autoclear(table) table = {0};

	for (size_t i = 0; commands[i]; i++) {
		struct strv row = {0};

		if (!is_of(commands[i], group))
			continue;
		strv_add(&row, "");
		strv_add(&row, commands[i]->name);
		strv_add(&row, commands[i]->summary);
		table_take(&table, &row);
	}
	if (!table.count)
		return;
	buf_text(out, "\nCOMMANDS:\n");
	table_text(&table, out);
}

/* Adds TEXT, one paragraph a line, filled. A line that begins with a blank stays as it is. */
static void add_paragraphs(const char *text, struct buf *out)
{
	autoclear(strv) lines = {0};

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];

		while (strlen(line) > TEXT_WIDTH && *line != ' ') {
			int end = TEXT_WIDTH;

			while (end > 0 && line[end] != ' ')
				end--;
			if (end == 0)
				break;
			buf_format(out, "\t%.*s\n", end, line);
			line += end + 1;
		}
		buf_format(out, *line ? "\t%s\n" : "%s\n", line);
	}
}

void help_text(const struct help_about *about, const struct command *command,
               struct buf *out)
{
	const char *space = command ? " " : "";
	const char *name = command ? command->name : "";
	bool is_group = !command || !command->run;

	buf_format(out, "NAME:\n\t%s%s%s - %s\n", about->program, space, name,
	           command ? command->summary : HELP_SUMMARY);
	buf_format(out, "\nUSAGE:\n\t%s%s%s %s\n", about->program, space, name,
	           is_group        ? HELP_ARGS
	           : command->args ? command->args
	                           : "");
	if (!command)
		buf_format(out, "\nVERSION:\n\t%s\n", GANTRY_VERSION);
	add_commands(command, out);
	if (command && command->about) {
		buf_text(out, "\nDESCRIPTION:\n");
		add_paragraphs(command->about, out);
	}
	if (command)
		add_options("OPTIONS", command->options, out);
	add_options("GLOBAL OPTIONS", about->globals, out);
}
