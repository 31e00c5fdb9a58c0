/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Starting an import program, which touches bytes from outside for gantry. What the halves of
 * each are given and answer stands in their headers.
 */

#include <sys/types.h>

#include "common/buf.h"
#include "common/error.h"
#include "stage0/config/install.h"

/* Starts the half and arguments ARGV of the program INSTALL_IMPORT_... with FDS, as
 * process_spawn() does; *PID is the caller's to wait for. */
must_check int import_program_start(enum install_place import, char *const argv[],
                                    const int *fds, size_t fd_count, pid_t *pid,
                                    struct error *err);

/* Waits for the program PID, which has closed what it answers by; one that goes on all the same
 * is killed, after a while. Returns its status, as process_wait() does. */
must_check int import_program_reap(pid_t pid, struct error *err);

struct import_question {
	enum install_place import;
	char *const *argv;
	const int *fds; /* as for import_program_start(), but for the one at ANSWER_AT */
	size_t fd_count;
	size_t answer_at; /* there the program finds a pipe to answer by */
	size_t answer_max;
};

/* Runs a half to its end: all that it answers, at most ANSWER_MAX bytes, is added to ANSWER.
 * Returns its status. What is longer fails. */
must_check int import_program_ask(const struct import_question *question,
                                  struct buf *answer, struct error *err);

/* Fails with what can be said of a program that ended with STATUS and did not answer. */
must_check int import_program_ended(int status, struct error *err);
