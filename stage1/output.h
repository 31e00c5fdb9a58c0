/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The standard output and error of an app where the caller's are a terminal. An app that is
 * not interactive gets a pipe instead, which its user owns: who can write to a terminal's
 * descriptor can mostly read from it too, and would have what the caller types (threat
 * class 21). Files and pipes of the caller are passed on as they are.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"

enum { OUTPUT_COUNT = 2 }; /* descriptors 1 and 2 */

/* Zero is none: the descriptor is no terminal. */
struct output {
	bool open;
	int read_fd;  /* the supervisor's, which does not wait */
	int write_fd; /* the apps' */
};

/* Makes a pipe for each of descriptors 1 and 2 that is a terminal. */
must_check int output_open(struct output outputs[OUTPUT_COUNT], struct error *err);

/* In the app: makes the pipes descriptors 1 and 2, and USER's. */
must_check int output_take(const struct output outputs[OUTPUT_COUNT], uid_t user,
                           struct error *err);

/* Copies what has come through the pipe of descriptor FD to FD. Returns false when there is
 * nothing now. */
bool output_copy(const struct output *output, int fd);
