/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What lies in the configuration directories, read with care.
 *
 * There are three, in this order; a later one overrides an earlier one (rkt 3.1):
 *
 *	system	/usr/lib/gantry		the vendor's
 *	local	/etc/gantry		the administrator's
 *	user	--user-config		only when given
 *
 * Who may write such a directory decides whom gantry trusts and where its data is. So nobody
 * else may have written what lies in it: a file or directory that others may write, or that
 * belongs to another user, is refused with the command that mends it. Those who may are root,
 * the caller, the directory's owner and, where its group may write it, that group (rkt 3.8:
 * root:rkt-admin 2775).
 *
 * A directory's own path, and the names of the fixed ones in it (auth.d), may be links of the
 * administrator's.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/strv.h"

enum config_layer { CONFIG_SYSTEM, CONFIG_LOCAL, CONFIG_USER, CONFIG_LAYERS };

/* "system", "local", "user" */
extern const char *const config_layer_names[CONFIG_LAYERS];

/* Where something in the configuration comes from. All zero: from nowhere, it is not set. */
struct config_origin {
	char *path; /* of the file */
	enum config_layer layer;
};

/* Absolute paths; NULL where there is none. */
struct config_paths {
	const char *of[CONFIG_LAYERS];
};

enum config_outcome {
	CONFIG_MISSING = 1, /* there is no such directory or file */
	CONFIG_SKIPPED      /* it is a symbolic link, or no regular file */
};

enum config_links { CONFIG_NO_LINKS, CONFIG_LINKS };

enum { CONFIG_FILE_MAX = 1 << 20, CONFIG_FILES_MAX = 4096 };

struct config_dir;

/* Opens one of the three by its absolute PATH, or returns CONFIG_MISSING. What is there and
 * is no directory is an error. */
must_check int config_dir_open(const char *path, struct config_dir **dir,
                               struct error *err);

/* Opens the directory NAME of PARENT, which may have several parts, or returns
 * CONFIG_MISSING. Without LINKS a link on the way is an error. */
must_check int config_dir_open_below(const struct config_dir *parent, const char *name,
                                     enum config_links links, struct config_dir **dir,
                                     struct error *err);

void config_dir_free(struct config_dir *dir);
define_autoptr(config_dir);

/* Its absolute path, and its descriptor; the directory's. */
const char *config_dir_path(const struct config_dir *dir);
int config_dir_fd(const struct config_dir *dir);

/* Adds the names of what is in it, sorted; more than CONFIG_FILES_MAX is an error. */
must_check int config_dir_list(const struct config_dir *dir, struct strv *names,
                               struct error *err);

struct config_file {
	struct buf text;
	bool is_public; /* others may read it */
};

/* Reads the file NAME, at most CONFIG_FILE_MAX bytes. Returns CONFIG_MISSING, and
 * CONFIG_SKIPPED for what is no regular file, or a link without LINKS. Messages begin with
 * the file's path. */
must_check int config_dir_read(const struct config_dir *dir, const char *name,
                               enum config_links links, struct config_file *file,
                               struct error *err);

void config_file_clear(struct config_file *file);
