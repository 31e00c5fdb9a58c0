/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Child processes: started with exactly the descriptors they are given, told apart by
 * pidfd, and their end as one number.
 */

#include <sys/types.h>

#include "common/error.h"
#include "common/strv.h"

enum { PROCESS_FDS_MAX = 16 };

/* What the shell makes of a wait status: the exit status, or 128 + the signal. */
int process_exit_status(int wait_status);

/* Waits for the child PID and returns its exit status as above (>= 0). */
must_check int process_wait(pid_t pid, struct error *err);

/*
 * Starts PROGRAM (an open executable's descriptor) with ARGV, in WORK_DIR_FD if that is not
 * -1, environment unchanged. FDS[i] becomes descriptor i for i < FD_COUNT, from 3 to
 * PROCESS_FDS_MAX; every other one is closed. Sets *PID; the child is the caller's to wait for.
 */
must_check int process_spawn(int program_fd, char *const argv[], int work_dir_fd,
                             const int *fds, size_t fd_count, pid_t *pid,
                             struct error *err);
