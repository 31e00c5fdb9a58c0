/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What stands between a caller and a process of a pod while that lives: reports come from
 * it, signals go to it, and an interactive one's terminal is copied both ways. The
 * supervisor is one, with process 1; the enter entry point another, with its command.
 */

#include <sys/types.h>

#include "common/report.h"
#include "stage1/output.h"
#include "stage1/terminal.h"

struct relay {
	pid_t pid;     /* our child */
	int report_fd; /* our end of the socket, and the child's */
	int child_fd;
	int signal_fd;
	struct terminal terminal;
	struct output outputs[OUTPUT_COUNT];
};

/* Called for each report; what it returns < 0 ends the relay. */
typedef int relay_report(void *owner, const struct report *report, struct error *err);

/* Makes the socket and the pipes, and begins to watch signals; the child is started after
 * this. */
must_check int relay_open(struct relay *relay, struct error *err);

/* The child has been started: its ends are its own. */
void relay_started(struct relay *relay);

/* Lives until the child has ended, and returns its exit status. If HANDLE fails the child is
 * killed. */
must_check int relay_run(struct relay *relay, relay_report *handle, void *owner,
                         struct error *err);
