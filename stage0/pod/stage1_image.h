/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which stage1 image a pod gets (rkt 7.3). The stage1 images of the installation are named by
 * their digest, compiled into gantry when it is built: they need no signature, and a changed
 * file is refused. Without an option it is the one that is configured, by name and version if
 * it is in the store, else by its location (rkt 3.5); else the installation's own.
 */

#include "common/appc/image_manifest.h"
#include "common/error.h"
#include "stage0/host.h"

enum stage1_flag {
	STAGE1_DEFAULT,
	STAGE1_NAME,     /* --stage1-name=NAME[:VERSION] */
	STAGE1_PATH,     /* --stage1-path=FILE */
	STAGE1_FROM_DIR, /* --stage1-from-dir=FILE in the images directory, see config.h */
	STAGE1_HASH,     /* --stage1-hash=ID */
	STAGE1_URL       /* --stage1-url=URL */
};

struct stage1_choice {
	enum stage1_flag flag;
	const char *value;
};

/* Finds the image in the store, importing it first if it lies in a file. */
must_check int stage1_find(struct host *host, const struct stage1_choice *choice,
                           struct image_id *id, struct error *err);
