/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/config.h"

#include "common/appc/schema.h"
#include "common/file.h"
#include "stage0/command.h"
#include "stage0/host.h"

static bool pretty = true;
static bool show_secrets;

static const struct option_spec options[] = {
	{.name = "pretty-print",
         .help = "indent",
         .initial = "true",
         .parse = option_flag,
         .value = &pretty},
	OPTION_FLAG("show-secrets", &show_secrets,
                    "print passwords, tokens and secret keys as well"),
	{0},
};

static int run_config(struct host *host, int argc, char **argv, struct error *err)
{
	autoclear(buf) compact = {0}, text = {0};
	const struct auth *auth;
	const struct config *config;

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	/* For its warnings. */
	if (host_auth(host, &auth, err) < 0 ||
	    host_config(host, CONFIG_ALL, &config, err) < 0)
		return err->code;
	config_encode(config, show_secrets, &compact);
	if (schema_reformat(compact.data, compact.len,
	                    pretty ? SCHEMA_PRETTY : SCHEMA_COMPACT, &text, err) < 0)
		return err->code;
	buf_char(&text, '\n');
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

const struct command cmd_config = {
	.name = "config",
	.args = "[OPTIONS]",
	.summary = "print the configuration",
	.about = "Prints what the files of the configuration directories come to, as "
		 "JSON. Passwords, tokens and secret keys are replaced by (hidden) "
		 "unless they are asked for.",
	.options = options,
	.run = run_config,
};
