/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether the key that signed an image is trusted (rkt 4.7): for an image asked for by name
 * the keys of that name, and if none is there the discovered ones that pass review; for a URL
 * or a file every trusted key, of which the manifest's name decides once it may be read.
 *
 * A message about a signature names the key, what it is trusted for and what it is not, and
 * the command that would mend it.
 */

#include "stage0/fetch/verify.h"
#include "stage0/fetch/wanted.h"

enum { PROOF_MAX = 64 << 10 };

/* A signature, while it is checked. */
struct proof {
	struct buf text; /* as distributed */
	char *origin;    /* its path or URL */
	struct verifier *verifier;
	struct verdict verdict;
};
void proof_clear(struct proof *proof);

/* Begins to check TEXT, which is there: fails at once if no trusted key made it, nor one that
 * is discovered and passes review. */
must_check int proof_begin(const struct wanted *wanted, struct proof *proof,
                           struct error *err);

/* The verifier has seen the whole archive: fails unless the signature is good. */
must_check int proof_end(const struct wanted *wanted, struct proof *proof,
                         struct error *err);

/* Now that the image's name is known: says who signed it, or fails if the key may not. */
must_check int proof_covers(const struct wanted *wanted, const struct proof *proof,
                            const char *name, struct error *err);

/* Where the signature of the file or URL IMAGE lies; the caller's. */
must_check char *proof_place(const char *image);
