/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From argv to a command and back: find it, take the options, meet what it needs, run it,
 * print the one error there may be (rkt 1.1, 1.4, 1.5).
 */

#include <fcntl.h>
#include <stdio.h>

#include "common/file.h"
#include "common/log.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/config/config.h"
#include "stage0/help.h"
#include "stage0/host.h"

enum { EXIT_NO_COMMAND = 2, EXIT_OURS = 254 };

// clang-format off
/* Every command; sorted by name. */
#define COMMANDS(X) \
	X(cmd_api_service) \
	X(cmd_app) \
	X(cmd_attach) \
	X(cmd_cat_manifest) \
	X(cmd_completion) \
	X(cmd_config) \
	X(cmd_enter) \
	X(cmd_export) \
	X(cmd_fetch) \
	X(cmd_gc) \
	X(cmd_help) \
	X(cmd_image) \
	X(cmd_image_cat_manifest) \
	X(cmd_image_export) \
	X(cmd_image_extract) \
	X(cmd_image_fetch) \
	X(cmd_image_gc) \
	X(cmd_image_list) \
	X(cmd_image_render) \
	X(cmd_image_rm) \
	X(cmd_image_verify) \
	X(cmd_list) \
	X(cmd_metadata_service) \
	X(cmd_prepare) \
	X(cmd_rm) \
	X(cmd_run) \
	X(cmd_run_prepared) \
	X(cmd_status) \
	X(cmd_stop) \
	X(cmd_trust) \
	X(cmd_trust_list) \
	X(cmd_trust_remove) \
	X(cmd_version)
// clang-format on

#define DECLARE(c) extern const struct command c;
#define ADDRESS(c) &c,

COMMANDS(DECLARE)
const struct command *const commands[] = {COMMANDS(ADDRESS) NULL};

static bool wants_help;
static const struct option_spec help_options[] = {
	{.letter = 'h',
         .name = "help",
         .help = "print this help",
         .flags = OPTION_HIDDEN,
         .parse = option_flag,
         .value = &wants_help},
	{0},
};

/* Descriptors 0 to 2 exist from here on: no file of ours is mistaken for one of them. */
static void open_standard(void)
{
	struct error err;
	int fd;

	do {
		fd = path_open(AT_FDCWD, "/dev/null", PATH_HOST, O_RDWR, &err);
		if (fd >= 0 && fd <= STDERR_FILENO)
			fcntl(fd, F_SETFD, 0);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int print_help(struct host *host, const struct command *command, struct error *err)
{
	const struct help_about about = {host_program(host), host_options(host)};
	autoclear(buf) text = {0};

	help_text(&about, command, &text);
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

/* Takes the options out of ARGV, which has only words afterwards. Returns their number. */
static int take_options(const struct command *command, struct host *host, char **argv,
                        struct error *err)
{
	const struct option_tables tables = {
		{command ? command->options : NULL, host_options(host), help_options}};
	bool words_last = command && (command->needs & WORDS_LAST);
	int at = 0, count = 0, r;

	while ((r = options_take(&tables, argv, &at, err)) == OPTIONS_WORD && !words_last)
		argv[count++] = argv[at++];
	if (r < 0)
		return r;
	if (r == OPTIONS_DASHES)
		at++;
	while (argv[at])
		argv[count++] = argv[at++];
	argv[count] = NULL;
	return count;
}

/* A command line that cannot be understood: the error and, after it, how it should be. */
static int fail_usage(struct host *host, const struct command *command, struct error *err)
{
	fprintf(stderr, "Error: %s\n\n", err->text);
	(void)!print_help(host, command, err);
	return EXIT_OURS;
}

static int fail_unknown(struct host *host, const char *word, struct error *err)
{
	const char *title = "\nDid you mean this?\n";

	fprintf(stderr, "Error: %s for \"%s\"\n", err->text, host_program(host));
	for (size_t i = 0; commands[i]; i++) {
		if (!command_is_similar(commands[i], word))
			continue;
		fprintf(stderr, "%s\t%s\n", title, commands[i]->name);
		title = "";
	}
	fprintf(stderr, "%sRun '%s --help' for usage.\n", *title ? "" : "\n",
	        host_program(host));
	return EXIT_OURS;
}

static int run(struct host *host, const struct command *command, char **argv,
               struct error *err)
{
	const struct config *config;
	int count;

	if (command && command->unserved)
		return error_set(err, -EOPNOTSUPP, "%s", command->unserved);
	count = take_options(command, host, argv, err);
	if (count == -EOPNOTSUPP)
		return count;
	if (count < 0)
		return fail_usage(host, command, err);
	if (wants_help || (command && !command->run))
		return print_help(host, command, err);
	if (!command) {
		fprintf(stderr, "%s: missing command\n", host_program(host));
		return print_help(host, NULL, err) < 0 ? err->code : EXIT_NO_COMMAND;
	}
	if ((command->needs & NEEDS_ROOT) && geteuid() != 0)
		return error_set(err, -EPERM, "cannot run as unprivileged user");
	if ((command->needs & NEEDS_CONFIG) &&
	    host_config(host, CONFIG_ALL, &config, err) < 0)
		return err->code;
	return command->run(host, count, argv, err);
}

int main(int argc, char **argv)
{
	autoptr(host) host = NULL;
	const struct command *command;
	const char *unknown;
	struct error err;
	int r;

	if (argc < 1)
		return EXIT_OURS;
	open_standard();
	host = host_new(argv[0]);
	log_set_prefix(host_program(host));
	argv++;
	if (command_find(argv, host_options(host), &command, &unknown, &err) < 0)
		return fail_unknown(host, unknown, &err);
	if (command)
		log_set_prefix(command_word(command));

	r = run(host, command, argv, &err);
	if (r == USAGE_ERROR)
		return fail_usage(host, command, &err);
	/* An earlier write may have failed, for a reason that is forgotten by now. */
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = error_set(&err, -EIO, "cannot write to standard output");
	if (r < 0) {
		log_error(&err);
		return EXIT_OURS;
	}
	return r;
}
