/* SPDX-License-Identifier: Apache-2.0 */
/* A command line, a word in each line: the search for the command, then the options of run and
 * the app grammar over the same words. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/pod/app_args.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 256 };

static const struct command cmd_image = {.name = "image"};
static const struct command cmd_image_list = {.name = "image list", .unserved = "later"};
static const struct command cmd_run = {
	.name = "run", .options = run_options, .needs = WORDS_LAST, .unserved = "later"};

const struct command *const commands[] = {&cmd_image, &cmd_image_list, &cmd_run, NULL};

static void must(bool good)
{
	if (!good)
		abort();
}

/* The outcome says what stands where the options ended. */
static void check_outcome(int outcome, const char *word)
{
	if (outcome == OPTIONS_END)
		must(!word);
	if (outcome == OPTIONS_WORD)
		must(word && strcmp(word, "--") != 0);
	if (outcome == OPTIONS_DASHES)
		must(word && strcmp(word, "--") == 0);
}

static void parse(struct host *host, char **argv)
{
	const struct option_tables tables = {{run_options, host_options(host)}};
	const struct command *command;
	const char *unknown;
	struct error err;
	int at = 0, outcome;

	if (command_find(argv, host_options(host), &command, &unknown, &err) < 0)
		must(unknown != NULL);
	outcome = options_take(&tables, argv, &at, &err);
	if (outcome >= 0) {
		check_outcome(outcome, argv[at]);
		(void)!app_args_parse(&tables, argv + at + (outcome == OPTIONS_DASHES),
		                      &err);
	}
	pod_request_clear(&pod_asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = memory_bytes(data, size);
	autoptr(host) host = host_new("gantry");
	autoclear(strv) words = {0};
	char *argv[WORDS_MAX + 1] = {0};

	/* It reads files, which might be devices. */
	if (strstr(text, "env-file"))
		return 0;
	strv_split(&words, text, '\n');
	for (size_t i = 0; i < words.count && i < WORDS_MAX; i++)
		argv[i] = words.items[i];
	parse(host, argv);
	return 0;
}
