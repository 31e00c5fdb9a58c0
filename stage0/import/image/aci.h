/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading an image archive (appc 1.2, 1.3): a tar, plain or in gzip, bzip2, xz or zstd, told
 * by its content. All of the stream is read, to its real end, and hashed: what stands there
 * besides the entries is refused, as is whatever two readers could read in two ways.
 *
 * Every limit is meant to be far above any honest image.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/error.h"
#include "stage0/import/image/inflate.h"

#define ACI_ENTRIES_MAX 10000000
#define ACI_NAME_MAX    4096             /* bytes, of a name or a link's target */
#define ACI_XATTRS_MAX  (64 << 10)       /* bytes, of all of an entry */
#define ACI_SIZE_MAX    INFLATE_SIZE_MAX /* bytes, of the stream; of the files */

struct aci;

enum aci_outcome { ACI_ENTRY, ACI_END };

enum aci_type {
	ACI_FILE,
	ACI_DIRECTORY,
	ACI_SYMLINK,
	ACI_HARD_LINK,
	ACI_CHARACTER_DEVICE,
	ACI_BLOCK_DEVICE,
	ACI_FIFO,
};

/* One entry, as it stands in the archive. The texts are the archive's, until the next. */
struct aci_entry {
	enum aci_type type;
	const char *name;
	const char *target; /* of a link */
	int64_t size;       /* of a file, with its holes */
	mode_t mode;        /* permissions, set-ID and sticky bits */
	uid_t uid;
	gid_t gid;
	dev_t device;
	struct timespec times[2]; /* access, modification */
};

/* Loads what reading needs of the host's files, once, before there are none to be seen. For
 * this thread, which is the one to call the rest, and until the process ends. */
must_check int aci_prepare(struct error *err);

/* Begins to read the file FD where it stands, by threads of its own. Every byte read is
 * written to COPY_FD, if not -1. Both must stay open until it is freed. */
must_check int aci_open(struct aci **aci, int fd, int copy_fd, struct error *err);
void aci_free(struct aci *aci);
define_autoptr(aci);

/* Reads the next entry's head. May return ACI_END: then all has been read, and was good. */
must_check int aci_next(struct aci *aci, struct aci_entry *entry, struct error *err);

/* Reads the next part of the entry's content, which belongs at *OFFSET; what no part
 * covers is a hole. The bytes are the archive's. May return ACI_END. */
must_check int aci_read(struct aci *aci, const void **data, size_t *len, int64_t *offset,
                        struct error *err);

/* The next extended attribute of the entry, or false. The bytes are the archive's. */
bool aci_next_xattr(struct aci *aci, const char **name, const void **value, size_t *len);

/* Bytes of the uncompressed archive, once it has ended, and "sha512-" and its digest. */
int64_t aci_size(const struct aci *aci);
const char *aci_digest(const struct aci *aci);
