/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the program that unpacks gives up before it reads the first byte (design: threats 11,
 * 13). After it:
 *
 *	the draft is the root directory, and nothing else is mounted
 *	no network, no one else's IPC, no program can be started (landlock, seccomp)
 *	only the capabilities that making files takes, and none can be gained
 *	memory, descriptors and the size of a file have limits; no core is dumped
 *	it dies with the program that started it
 */

#include "common/error.h"

/* Confines this process to the directory DRAFT_FD, which is closed. Sets *ROOT_FD to that
 * directory, the only one there is; the caller's. */
must_check int sandbox_enter(int draft_fd, int *root_fd, struct error *err);

/* The last part: a filter that knows only the system calls that unpacking takes. */
must_check int sandbox_filter(struct error *err);
