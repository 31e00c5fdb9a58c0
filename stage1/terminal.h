/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The terminal of an interactive app: a pty of the pod's own devpts, whose other end the
 * supervisor copies to and from its standard input and output. The app never has the
 * caller's terminal (threat class 21).
 */

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"

/* In the pod: opens a pty of the devpts on DEV_FD's "pts", which the user OWNER may open by
 * its name, and gives its master to the other end of REPORT_FD. Sets *SLAVE_FD. */
must_check int terminal_make(int dev_fd, uid_t owner, int report_fd, int *slave_fd,
                             struct error *err);

/* In the app: makes SLAVE_FD the controlling terminal and descriptors 0, 1 and 2; of those,
 * with TERMINALS_ONLY, the ones that are the caller's terminal. */
must_check int terminal_take(int slave_fd, bool terminals_only, struct error *err);

/* The supervisor's end. Zero is none. */
struct terminal {
	int master_fd;
	bool open;        /* MASTER_FD is there */
	bool input_ended; /* nothing more comes from standard input */
	bool raw;         /* the caller's terminal was changed, and must be restored */
};

/* Takes MASTER_FD: sets the window size, and the caller's terminal to raw. */
void terminal_attach(struct terminal *terminal, int master_fd);

/* Copies what has come to standard input; what has come from the pod. The second returns
 * false when the pod's end is closed. */
void terminal_copy_in(struct terminal *terminal);
bool terminal_copy_out(struct terminal *terminal);

/* The caller's window has changed. */
void terminal_resize(const struct terminal *terminal);

/* Copies what the pod still has to say, and restores the caller's terminal. */
void terminal_detach(struct terminal *terminal);
