/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the administrator configured (rkt 3): the files NAME.json of the three directories, in
 *
 *	auth.d		kinds auth, dockerAuth		stage0/config/auth.h
 *	paths.d		kind paths			where data and stage1 images are
 *	stage1.d	kind stage1			which stage1 a pod gets
 *
 * each {"rktKind": KIND, "rktVersion": "v1", ...}. A later directory overrides an earlier one
 * key by key; in one directory a key stands once. Other files, links and directories in them
 * are not looked at. Every message names the file and the place in it.
 */

#include "stage0/config/auth.h"

/* TEXT is NULL if it is not set. */
struct config_setting {
	char *text;
	struct config_origin origin;
};

struct config {
	struct auth auth;
	struct config_setting data;          /* absolute path of the data directory */
	struct config_setting stage1_images; /* absolute path of --stage1-from-dir's */
	struct config_setting stage1_name, stage1_version; /* both, or none */
	struct config_setting stage1_location;             /* absolute path, or URL */
	struct strv public_secrets; /* paths of files with secrets that all may read */
};

/* The parts of it, by their directories. */
enum config_part {
	CONFIG_AUTH = 1 << 0,
	CONFIG_PATHS = 1 << 1,
	CONFIG_STAGE1 = 1 << 2,
	CONFIG_ALL = CONFIG_AUTH | CONFIG_PATHS | CONFIG_STAGE1,
};

/* Reads the PARTS of what lies in the directories at PATHS into *CONFIG, whose PARTS are all
 * zero before. On failure it may be cleared only. */
must_check int config_read(struct config *config, const struct config_paths *paths,
                           unsigned parts, struct error *err);

/* Adds it as JSON as `rkt config` prints it (rkt 2.19), compact. Without SECRETS passwords,
 * tokens and secret keys are "(hidden)". */
void config_encode(const struct config *config, bool secrets, struct buf *text);

void config_clear(struct config *config);
