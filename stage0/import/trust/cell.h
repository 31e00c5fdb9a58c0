/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where gpg runs: a process in namespaces of its own, without network, whose root directory
 * is empty memory but for the host's programs and libraries, read-only. It is nobody, may
 * gain no privileges, and whatever it starts ends with it.
 *
 * Root becomes nobody. Anybody else stays who he is, in a user namespace.
 */

#include "common/error.h"

/* The only directory that can be written to, empty; also the current one. */
#define CELL_HOME "/home"

/* Where programs are looked for. */
#define CELL_PATH "/usr/bin:/bin:/usr/local/bin"

/* Goes on in a new process that is confined so; what called waits for its end, and ends as it
 * did. */
must_check int cell_enter(struct error *err);
