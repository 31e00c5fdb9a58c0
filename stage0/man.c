/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/man.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"

/* "gantry-image-list" */
static char *page_name(const char *program, const struct command *command)
{
	char *name = command ? memory_format("%s-%s", program, command->name)
	                     : memory_text(program);

	for (char *c = name; *c; c++)
		if (*c == ' ')
			*c = '-';
	return name;
}

/* Text as roff prints it as it is, also where a line begins. */
static void add_text(const char *text, struct buf *out)
{
	buf_text(out, "\\&");
	for (; *text; text++)
		if (*text == '-')
			buf_text(out, "\\-");
		else if (*text == '\\')
			buf_text(out, "\\e");
		else
			buf_char(out, *text);
}

static void add_line(const char *text, struct buf *out)
{
	add_text(text, out);
	buf_char(out, '\n');
}

static void add_paragraphs(const char *text, struct buf *out)
{
	autoclear(strv) lines = {0};

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		bool is_example = lines.items[i][0] == ' ';

		buf_text(out, is_example ? ".PP\n.nf\n" : ".PP\n");
		add_line(lines.items[i], out);
		if (is_example)
			buf_text(out, ".fi\n");
	}
}

static void add_options(const struct option_spec *options, struct buf *out)
{
	autofree const struct option_spec **sorted = help_sort_options(options);

	for (size_t i = 0; sorted[i]; i++) {
		autoclear(buf) option = {0};

		help_option(sorted[i], &option);
		buf_text(out, ".TP\n.B ");
		add_line(buf_string(&option), out);
		add_line(sorted[i]->help, out);
	}
}

static void add_commands(const char *program, struct buf *out)
{
	buf_text(out, ".SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++) {
		autofree char *page = page_name(program, commands[i]);

		if (!command_is_listed(commands[i]))
			continue;
		buf_text(out, ".TP\n.BR ");
		add_text(page, out);
		buf_text(out, " (1)\n");
		add_line(commands[i]->summary, out);
	}
}

static void add_head(const struct help_about *about, const struct command *command,
                     struct buf *out)
{
	autofree char *name = page_name(about->program, command);

	buf_text(out, ".TH ");
	for (const char *c = name; *c; c++)
		buf_char(out, (char)toupper((unsigned char)*c));
	buf_format(out, " 1 \"\" \"%s %s\"\n.SH NAME\n", about->program, GANTRY_VERSION);
	add_text(name, out);
	buf_text(out, " \\- ");
	add_line(command ? command->summary : HELP_SUMMARY, out);
	buf_format(out, ".SH SYNOPSIS\n.B %s%s%s\n", about->program, command ? " " : "",
	           command ? command->name : "");
	add_line(command ? command->args : HELP_ARGS, out);
}

void man_page(const struct help_about *about, const struct command *command,
              struct buf *out)
{
	add_head(about, command, out);
	if (command && command->about) {
		buf_text(out, ".SH DESCRIPTION\n");
		add_paragraphs(command->about, out);
	}
	if (!command)
		add_commands(about->program, out);
	if (!command || command->options) {
		buf_text(out, ".SH OPTIONS\n");
		add_options(command ? command->options : about->globals, out);
	}
	buf_text(out, ".SH EXIT STATUS\n");
	add_line(HELP_STATUS, out);
	if (command)
		buf_format(out, ".SH SEE ALSO\n.BR %s (1)\n", about->program);
}

static int write_page(const struct help_about *about, const struct command *command,
                      int dir_fd, struct error *err)
{
	autofree char *name = page_name(about->program, command);
	autofree char *file = memory_format("%s.1", name);
	autoclear(buf) text = {0};

	man_page(about, command, &text);
	return file_replace_at(dir_fd, file, 0644, text.data, err);
}

int man_write(const struct help_about *about, const char *dir, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, dir, PATH_HOST, O_RDONLY | O_DIRECTORY,
	                             err);
	int r = fd < 0 ? fd : write_page(about, NULL, fd, err);

	for (size_t i = 0; r >= 0 && commands[i]; i++)
		if (command_is_listed(commands[i]))
			r = write_page(about, commands[i], fd, err);
	return r;
}
