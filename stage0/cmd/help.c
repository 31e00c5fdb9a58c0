/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/help.h"

#include "common/file.h"
#include "stage0/host.h"
#include "stage0/man.h"

static char *man_directory;

static const struct option_spec options[] = {
	{.name = "man-directory",
         .arg = "DIR",
         .help = "write all manual pages to DIR",
         .flags = OPTION_HIDDEN,
         .parse = option_text,
         .value = &man_directory},
	{0},
};

static int run_help(struct host *host, int argc, char **argv, struct error *err)
{
	const struct help_about about = {host_program(host), host_options(host)};
	const struct command *command;
	autoclear(buf) text = {0};
	const char *unknown;

	(void)argc;
	if (man_directory)
		return man_write(&about, man_directory, err);
	if (command_find(argv, host_options(host), &command, &unknown, err) < 0)
		return err->code;
	if (command && command->unserved)
		return error_set(err, -EOPNOTSUPP, "'%s': %s", command->name,
		                 command->unserved);
	help_text(&about, command, &text);
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "print how a command is used",
	.about = "Prints the help of COMMAND, or the list of commands.",
	.options = options,
	.run = run_help,
};
