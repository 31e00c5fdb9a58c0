/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of the stage1 image that a pod needs while it runs: stage2 and the compiled
 * seccomp filter. They are opened through a read-only mount of their own, so that a
 * descriptor on them, even one that a pod got hold of by /proc/PID/exe, can never be
 * reopened for writing (threat class 3).
 */

#include <stdbool.h>

#include "common/error.h"

struct stage2_program {
	int program_fd;
	int filter_fd;
};

/*
 * The directory of the running program, where they lie; *DIR is the caller's. Only in the
 * mount namespace that the program was started in: elsewhere, the kernel's name for it leads
 * to the place in another root if that one was changed to.
 */
must_check int stage2_program_dir(char **dir, struct error *err);

/*
 * Opens them in DIR. In a mount namespace of its OWN the caller gets the
 * read-only mount attached there, and it goes with the namespace; dropping one that is
 * attached nowhere makes the caller wait for the kernel.
 */
must_check int stage2_program_open(struct stage2_program *stage2, const char *dir,
                                   bool own, struct error *err);
