/* SPDX-License-Identifier: Apache-2.0 */

/*
 * stage2, the last program before the app. It is started in the app's root by descriptor,
 * does what exec_spec says in a fixed order, and becomes the app. It reads no file, looks
 * up no name and prints nothing: what goes wrong is a report to the supervisor.
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/report.h"
#include "stage2/step.h"

typedef int step(const struct exec_spec *spec, struct error *err);

static step *const steps[] = {
	step_hide,         step_descriptors,  step_limits, step_groups,
	step_bounding_set, step_no_new_privs, step_filter, step_user,
	step_directory,    step_execute,
};

int main(int argc, char **argv)
{
	struct exec_spec spec = {.report_fd = -1};
	struct report report = {.kind = REPORT_FAILED};
	int r;

	(void)argc;
	r = exec_spec_decode(argv + 1, &spec, &report.error);
	for (size_t i = 0; r >= 0 && i < sizeof(steps) / sizeof(*steps); i++)
		r = steps[i](&spec, &report.error);

	report.app = spec.app;
	if (spec.report_fd >= 0)
		send(spec.report_fd, &report, sizeof(report), MSG_NOSIGNAL);
	else
		dprintf(STDERR_FILENO, "stage2: %s\n", report.error.text);
	return 254;
}
