/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Completion scripts for shells, from the tables of commands and options. What a command
 * takes is told by its "args": UUID completes to the pods there are, IMAGE to the images
 * and files, anything else to files.
 */

#include "common/buf.h"
#include "stage0/help.h"

/* Adds the script for SHELL: "bash", "fish" or "zsh". */
must_check int completion_script(const struct help_about *about, const char *shell,
                                 struct buf *out, struct error *err);
