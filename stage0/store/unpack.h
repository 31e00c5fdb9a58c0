/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Running the program that unpacks an archive, in a sandbox whose root is a directory given
 * (import_answer.h says what it puts there). For an image on its way into the store, and for
 * one that is in it.
 */

#include "stage0/store/import_answer.h"

struct unpack {
	const char *name; /* what messages call it: "manifest of 'web.aci': ..." */
	int archive_fd;   /* read from its beginning; must be open for reading only */
	int copy_fd;      /* gets all that is read; 0 or less: nobody wants it */
	int work_fd;      /* an empty directory */
	bool whole; /* the archive as it is: what its pathWhitelist leaves out stays */
};

/* Runs it to its end. What it answered is in the limits of what it may answer, and *ID is the
 * image's. */
must_check int unpack_archive(const struct unpack *unpack, struct import_answer *answer,
                              struct image_id *id, struct error *err);
