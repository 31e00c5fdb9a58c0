/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of this folder share that fetch images, and nobody else sees: one command's
 * fetching, and one image that it wants.
 *
 * An image is found in the store, or arrives: it has been verified and unpacked, and waits in
 * a draft for the images it depends on.
 */

#include "stage0/config/keystore.h"
#include "stage0/fetch/crew.h"
#include "stage0/fetch/finder.h"
#include "stage0/fetch/net.h"
#include "stage0/fetch/progress.h"
#include "stage0/store/arrival.h"
#include "stage0/store/reference.h"
#include "stage0/store/remote.h"

struct proof;

struct fetching {
	struct host *host;
	struct store *store;
	enum pull_policy policy;
	struct progress *progress;
	struct crew *crew;
	struct net *nets[CREW_MAX]; /* one for each thread; NULL until it is asked for */
	struct net_options net_options;
};

struct wanted {
	struct fetching *fetching;
	char *text;            /* as it was asked for */
	struct reference ref;  /* with os and arch of this machine (rkt 4.2) */
	const char *signature; /* the file of --signature, or NULL */
	char *image_id;        /* a dependency's, or NULL */
	int64_t size;          /* a dependency's; 0: not given */
	bool is_dependency;

	bool found;                     /* in the store, as ID */
	struct image_id id;             /* once found or published */
	struct image_manifest manifest; /* of what was found, if it is looked at */
	struct arrival *arrival;        /* else */
	char *origin;
	char *signed_by;             /* fingerprint; NULL: it was not verified */
	struct remote_record record; /* written once it is published; url NULL: none */
	struct remote *remote;       /* the record's place, locked; NULL: open it anew */

	bool expanded;                /* its dependencies have been looked at */
	bool settled;                 /* it and they are in the store */
	LIST_OF(size_t) dependencies; /* in the manifest's order; of the graph */
};
void wanted_free(struct wanted *wanted);
define_autoptr(wanted);

/* Whether the manifest is that of an image called NAME with all COUNT of LABELS (appc 2.6);
 * fails in rkt's words if not. */
must_check int wanted_check(const struct image_manifest *manifest, const char *name,
                            const struct name_value *labels, size_t count,
                            struct error *err);

/* The thread's own net, started when first asked for; the fetching's. */
must_check int fetching_net(struct fetching *fetching, size_t slot, struct net **net,
                            struct error *err);

/* Begins the image's arrival. */
must_check int fetch_begin(struct wanted *wanted, struct error *err);

/* Unpacks the archive in the arrival, which SIGNATURE is of (its text NULL: it has none), and
 * judges what it is: its name and labels, and whether the key may sign it. */
must_check int fetch_unpack(struct wanted *wanted, const struct proof *proof,
                            struct error *err);

/* Wherever the image is to come from: on success it is found or has an arrival. */
must_check int fetch_file(struct wanted *wanted, size_t slot, struct error *err);
must_check int fetch_url(struct wanted *wanted, size_t slot, struct error *err);
must_check int fetch_name(struct wanted *wanted, size_t slot, struct error *err);
