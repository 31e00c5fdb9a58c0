/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What passes between gantry and `import-image` when an archive is unpacked.
 *
 * gantry starts `import-image unpack NAME [copy|whole]` (NAME is what "manifest of 'NAME'" says)
 * with five descriptors, and the program answers with one struct import_answer and ends. It has
 * filled the directory it was given with
 *
 *	manifest		the image manifest, valid, as in the archive
 *	unpacked/rootfs		the image's files
 *	unpacked/implicit	the directories, each a path below rootfs with a NUL after it,
 *				that the archive has no entry for; not there if it has all
 *
 * The reader believes nothing in an answer that it has not checked.
 */

#include <limits.h>
#include <stdint.h>

#include "common/error.h"
#include "stage0/store/store.h"

enum import_fd {
	IMPORT_ARCHIVE, /* from where it stands to its end */
	IMPORT_COPY,    /* with `copy`: where to write all that was read */
	IMPORT_MESSAGES,
	IMPORT_WORK, /* an empty directory, the program's root directory soon */
	IMPORT_ANSWER,
	IMPORT_FD_COUNT
};

#define IMPORT_UNPACK    "unpack"
#define IMPORT_WITH_COPY "copy"
#define IMPORT_WHOLE     "whole" /* what the pathWhitelist leaves out stays */
#define IMPORT_MANIFEST  "manifest"
#define IMPORT_UNPACKED  "unpacked"
#define IMPORT_IMPLICIT  "implicit"

/* Bytes of the list of directories without an entry. */
enum { IMPORT_IMPLICIT_MAX = 32 << 20 };

struct import_answer {
	struct error error;                   /* code 0: the rest holds */
	char digest[sizeof("sha512-") + 128]; /* of the uncompressed archive */
	struct tree_id tree;
	int64_t size;      /* bytes, of the uncompressed archive */
	int64_t tree_size; /* bytes, of the tree's files */
};

_Static_assert(sizeof(struct import_answer) <= PIPE_BUF, "a pipe must carry it whole");

/*
 * What passes when a tree is to be named (rkt 5.5): `import-image name-tree` reads a list of image
 * IDs, separated by commas, and answers with one struct tree_id.
 */
enum name_tree_fd {
	NAME_TREE_LIST, /* from where it stands to its end */
	NAME_TREE_ANSWER,
	NAME_TREE_MESSAGES,
	NAME_TREE_FD_COUNT
};

#define IMPORT_NAME_TREE "name-tree"

enum { NAME_TREE_LIST_MAX = 1 << 20 };
