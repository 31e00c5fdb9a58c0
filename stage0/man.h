/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Manual pages of section 1, from the tables of commands and options: gantry.1, and
 * gantry-COMMAND.1 for each command that is listed.
 */

#include "common/buf.h"
#include "stage0/help.h"

/* Adds the page of COMMAND, or of the program when it is NULL. */
void man_page(const struct help_about *about, const struct command *command,
              struct buf *out);

/* Writes all pages to the directory DIR, which is there. */
must_check int man_write(const struct help_about *about, const char *dir,
                         struct error *err);
