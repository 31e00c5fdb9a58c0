/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reports on their socket, which may bring a descriptor along. */

#include "common/report.h"

enum report_outcome { REPORT_TAKEN, REPORT_NONE_YET, REPORT_ENDED };

/* Sends REPORT, and a copy of the descriptor FD unless that is -1. */
must_check int report_send(int socket_fd, const struct report *report, int fd,
                           struct error *err);

/* Takes the next report, without waiting. May return REPORT_NONE_YET, or REPORT_ENDED when
 * the other ends are closed. *FD is the descriptor that came with it, the caller's, or -1. */
must_check int report_receive(int socket_fd, struct report *report, int *fd,
                              struct error *err);
