/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Several images at once, by threads that take turns.
 *
 * One of them at a time has the turn, and may use the host, the store, the terminal and
 * everything else that knows of no threads; so all code but a few lines is written as if
 * there were none. Only while it waits for the network, a child or the disk does a thread
 * rest, and touch nothing but what is its own.
 *
 * The caller's own thread is the first of them, and one piece of work after the other needs
 * no second: looking at the store costs no thread.
 */

#include <stddef.h>

#include "common/error.h"

enum { CREW_MAX = 4 };

struct crew;

struct crew_duties {
	/* Does piece number INDEX. SLOT, below CREW_MAX, tells the threads apart. */
	int (*work)(void *context, size_t index, size_t slot, struct error *err);
	/* Lets go of what the thread in SLOT started: it ends. */
	void (*leave)(void *context, size_t slot);
	/* Ends what threads that rest are waiting for. */
	void (*stop)(void *context);
};

/* DUTIES are called with the turn, and CONTEXT; both must outlive the crew. */
must_check struct crew *crew_new(const struct crew_duties *duties, void *context);
void crew_free(struct crew *crew);
define_autoptr(crew);

/* One more piece, the next number: before crew_run(), or out of work(). */
void crew_add(struct crew *crew);

/* Does all pieces, in their order and CREW_MAX at once, until there is none left. When one
 * fails the others are stopped, no other is begun, and its error is the result. */
must_check int crew_run(struct crew *crew, struct error *err);

/* Around what takes long: the turn is another's in between. Nothing outside of crew_run(). */
void crew_rest(struct crew *crew);
void crew_resume(struct crew *crew);

/* A descriptor that can be read, or has hung up, once all have to end; -1 for none. */
int crew_stop_fd(const struct crew *crew);
