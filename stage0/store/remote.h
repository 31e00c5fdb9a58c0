/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is known of a URL that an image came from (rkt 4.6), and what a download that was
 * killed has left of it:
 *
 *	cas/remote/<URL, percent-encoded, in pieces>/
 *		record		JSON: validators, max-age, when it was asked for, the image
 *		partial		the first bytes of an archive, nobody's until they are verified
 *		partial.info	JSON: of which version of the archive they are, how many of them
 *				are safely on the disk, and since which boot they are there
 *
 * The directory is locked by who downloads. A record is replaced by a rename, and read
 * without the lock. It is a memory only: what it says of an image holds if the image is in the
 * store, and the caller judges whether it is trusted still.
 */

#include <stdint.h>

#include "stage0/store/store.h"

struct remote;

struct remote_record {
	char *url;
	char *etag;          /* NULL: the server gave none */
	char *last_modified; /* as the server wrote it, or NULL */
	int64_t max_age;     /* seconds */
	int64_t asked;       /* seconds since 1970: when the server was asked last */
	int64_t written;     /* likewise: when the record was; remote_write() sets it */
	char *image;         /* its ID */
	char *signature;     /* URL it was verified by; NULL: it was not */
	char *signed_by;     /* fingerprint of the key; NULL: it was not verified */
};
void remote_record_clear(struct remote_record *record);

/* Of which version of the archive the bytes in "partial" are. */
struct remote_partial {
	char *etag;
	char *last_modified;
	int64_t total;  /* bytes of the whole archive, or -1 */
	int64_t synced; /* bytes that outlive the machine's fall */
	char *boot;     /* the boot during which they were written */
};
void remote_partial_clear(struct remote_partial *partial);

/* The place of URL, made if it is not there. Not locked yet. */
must_check int remote_open(struct store *store, const char *url, struct remote **remote,
                           struct error *err);
void remote_free(struct remote *remote); /* unlocks */
define_autoptr(remote);

/* Locks the place for a download. LOCK_BUSY: another process, or thread, has it. */
must_check int remote_try_lock(struct remote *remote, struct error *err);
must_check int remote_wait_lock(struct remote *remote, struct error *err);

/* Reads the record. STORE_MISSING if there is none, or its image is not in the store. */
must_check int remote_read(struct remote *remote, struct remote_record *record,
                           struct image_id *id, struct error *err);
must_check int remote_write(struct remote *remote, const struct remote_record *record,
                            struct error *err);

/*
 * Opens what a killed download left, for reading and writing, and says in *HAVE how many
 * bytes of it can be relied on: after a reboot only those that were synced. Whatever is
 * beyond is cut off. STORE_MISSING if there is nothing to go on from. Locked.
 */
must_check int remote_resume(struct remote *remote, struct remote_partial *partial,
                             int *fd, int64_t *have, struct error *err);

/* Begins an empty one instead of what there is; *FD is the caller's. Locked. */
must_check int remote_begin(struct remote *remote, const struct remote_partial *partial,
                            int *fd, struct error *err);

/* Waits until the SIZE bytes of FD are on the disk, and remembers that. Locked. */
must_check int remote_sync(struct remote *remote, struct remote_partial *partial, int fd,
                           int64_t size, struct error *err);

/* Makes the bytes NAME in the directory TO_FD: the download has ended. Locked. */
must_check int remote_take(struct remote *remote, int to_fd, const char *name,
                           struct error *err);

/* Removes them: they are worth nothing. Locked. */
must_check int remote_drop(struct remote *remote, struct error *err);

/* Removes records whose image has gone, and partial downloads untouched for GRACE seconds.
 * What is being downloaded stays. */
must_check int remote_sweep(struct store *store, int64_t grace, struct error *err);
