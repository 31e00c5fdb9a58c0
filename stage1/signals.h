/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The signals of a pod. The supervisor and process 1 keep these blocked and wait for them;
 * what reaches the supervisor goes on to process 1, and from there to the apps.
 */

#include <signal.h>
#include <stdbool.h>

/* SIGCHLD and all that is handed on. */
void signals_watched(sigset_t *set);

/* Whether SIGNAL asks the pod to stop; the others are only handed on. */
bool signals_stop(int signal);

/* Blocks the watched signals, and gives every signal its default again: the caller may have
 * ignored some, which the app would inherit. */
void signals_prepare(void);
