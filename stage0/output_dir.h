/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A directory that a command writes where the user wants it: filled as a draft beside its
 * place, `.NAME.gantry`, and put there by one rename, so that it is never half of what it is
 * to be. A directory that is replaced changes places with the draft, and is removed then.
 *
 * A draft left by a command that was killed goes with the next one that writes there.
 */

#include <stdbool.h>

#include "stage0/host.h"

struct output_dir;

/* Begins what will be PATH; HOST's data directory is open. Fails with -EEXIST if there is
 * something, unless OVERWRITE and it is a directory. Never one that the data directory, or
 * "/", is in, nor anything in the data directory. */
must_check int output_dir_begin(struct host *host, const char *path, bool overwrite,
                                struct output_dir **output, struct error *err);

/* The draft, empty, for nobody else to look into; the output's. */
int output_dir_fd(const struct output_dir *output);

/* Puts the directory WHAT, made in the draft, in its place; the draft is to go then. */
must_check int output_dir_publish(struct output_dir *output, const char *what,
                                  struct error *err);

/* Removes the draft. */
void output_dir_free(struct output_dir *output);
define_autoptr(output_dir);
