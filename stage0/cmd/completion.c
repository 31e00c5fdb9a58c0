/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/completion.h"

#include "common/file.h"
#include "stage0/host.h"

static int run_completion(struct host *host, int argc, char **argv, struct error *err)
{
	const struct help_about about = {host_program(host), host_options(host)};
	autoclear(buf) text = {0};

	if (argc != 1)
		return error_set(err, USAGE_ERROR, "takes the name of a shell");
	if (completion_script(&about, argv[0], &text, err) < 0)
		return err->code;
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "SHELL",
	.summary = "print a completion script for bash, fish or zsh",
	.about = "Prints a script that makes SHELL complete commands, options, pods and "
		 "images: bash, fish or zsh.\n"
		 "    source <(gantry completion bash)",
	.run = run_completion,
};
