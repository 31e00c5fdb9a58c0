/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What comes from outside is read by programs of their own, so that none has more mapped than
 * it needs: `import-net`, `import-trust`, `import-image`, each several in one. `import-trust NAME
 * ...` is the half called NAME, which gives up what it does not need before it reads the first
 * byte from outside, and answers over a descriptor of its own. Its descriptors from 3 on, and
 * what it answers, stand in the header that it shares with gantry.
 */

#include "common/error.h"

struct half {
	const char *name;
	int fd_count; /* descriptors it is given; all from there on are closed */

	/* ARGV begins with the word after NAME. An error it could not answer is printed. */
	int (*run)(char **argv, struct error *err);
};

/* The program's own, in its folder's halves.c; ends with NULL. */
extern const struct half *const halves[];
