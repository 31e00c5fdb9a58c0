/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The bytes of an archive, from a pipe or a file into a file of our own, and on their way past
 * the verifier: what was verified is what lies in the file.
 */

#include <stdint.h>

#include "common/error.h"
#include "stage0/fetch/progress.h"
#include "stage0/fetch/verify.h"
#include "stage0/store/remote.h"

struct reception {
	int to_fd;                      /* stands at its end */
	int64_t have;                   /* bytes in it */
	int64_t size_max;               /* more of them fail: -EFBIG */
	struct verifier *verifier;      /* or NULL */
	struct progress_item *progress; /* or NULL */
	int stop_fd;                    /* read or hung up: -ECANCELED; or -1 */
	struct remote *remote;          /* is told what is on the disk; or NULL */
	struct remote_partial *partial; /* with REMOTE */
};

/* Takes all that FROM_FD has to give. */
must_check int receive(struct reception *reception, int from_fd, struct error *err);

/* Shows the verifier the first HAVE bytes of the file FD, which came earlier. */
must_check int receive_again(struct verifier *verifier, int fd, int64_t have,
                             struct error *err);
