/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An image on its way into the store, in a draft of its own:
 *
 *	aci		the archive, as distributed: put there by the caller, or a copy
 *	aci.asc		its signature, if it has one: put there by the caller
 *	manifest	once unpacked
 *	work/		what the program that unpacks sees, and all it can write to
 *
 * The caller judges what has been unpacked and finds the images it depends on; then all
 * appears at once. Whatever ends before arrival_publish() leaves nothing. Several may be on
 * their way at a time, each in one thread.
 */

#include "stage0/store/store.h"

#define ARRIVAL_ACI       "aci"
#define ARRIVAL_SIGNATURE "aci.asc"

struct arrival;

/* NAME is what messages call it: "manifest of 'web.aci': .app.group: required". */
must_check int arrival_begin(struct store *store, const char *name,
                             struct arrival **arrival, struct error *err);
void arrival_free(struct arrival *arrival);
define_autoptr(arrival);

/* The draft's directory, the arrival's. */
int arrival_fd(const struct arrival *arrival);

/* Unpacks the file ARCHIVE_FD from its beginning. It must be open for reading only, as the
 * program that gets it has bytes from outside to read. COPY: it lies elsewhere, and "aci"
 * is written as it is read. */
must_check int arrival_unpack(struct arrival *arrival, int archive_fd, bool copy,
                              struct error *err);

/* Once it is unpacked; the arrival's. */
const struct image_manifest *arrival_manifest(const struct arrival *arrival);

/* What is remembered of it. */
struct arrival_facts {
	const char *origin;                  /* a path or a URL */
	const char *signed_by;               /* the key's fingerprint, or NULL */
	bool latest;                         /* asked for by a name without a version */
	const struct image_id *dependencies; /* in the manifest's order; in the store */
	size_t dependency_count;
};

/* Makes the tree, waits for the disk, and publishes. An image that is in the store already is
 * renewed: what is remembered of it is FACTS, and with a signature the archive is this one. */
must_check int arrival_publish(struct arrival *arrival, const struct arrival_facts *facts,
                               struct image_id *id, struct error *err);

/* Finds an image that was made of the very bytes of the file ARCHIVE_FD, and renews it as
 * come from ORIGIN. May return STORE_MISSING. */
must_check int store_same(struct store *store, int archive_fd, const char *origin,
                          struct image_id *id, struct error *err);

/* All of it at once, for a file that needs no signature and no other image: store_same(), or
 * a copy that is unpacked and published. The file's last part is its name in messages. */
must_check int store_import(struct store *store, int archive_fd, const char *origin,
                            struct image_id *id, struct error *err);
