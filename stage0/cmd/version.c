/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/utsname.h>

#include "common/appc/name.h"
#include "common/file.h"
#include "stage0/command.h"
#include "stage0/host.h"

static int run_version(struct host *host, int argc, char **argv, struct error *err)
{
	const char *program = host_program(host);
	autoclear(buf) text = {0};
	struct utsname machine;

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	uname(&machine);
	buf_format(&text, "%s Version: %s\n", program, GANTRY_VERSION);
	buf_format(&text, "appc Version: %s\n", APPC_VERSION);
	buf_format(&text, "OS/Arch: linux/%s\n", machine.machine);
	buf_text(&text, "Features: -TPM -SDJOURNAL\n");
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.summary = "print the versions of this program and of what it implements",
	.about = "Prints the version of the program, the version of the App Container "
		 "specification it implements, the machine it runs on, and which of "
		 "rkt's optional features it has.",
	.run = run_version,
};
