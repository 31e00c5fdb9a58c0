/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * This machine as the administrator set it up: the global options, the directories, and the
 * store, each opened when first asked for. One of it lives as long as the process.
 *
 * Called as "rkt", the program takes rkt's directories and host name prefix; as "gantry",
 * its own (/var/lib/gantry, /etc/gantry, /usr/lib/gantry).
 */

#include <stdbool.h>

#include "common/error.h"
#include "common/options.h"

struct host;
struct store;

/* --insecure-options (rkt 1.3) */
enum insecure {
	INSECURE_IMAGE = 1 << 0,
	INSECURE_TLS = 1 << 1,
	INSECURE_ONDISK = 1 << 2,
	INSECURE_HTTP = 1 << 3,
	INSECURE_PUBKEY = 1 << 4,
	INSECURE_CAPABILITIES = 1 << 5,
	INSECURE_PATHS = 1 << 6,
	INSECURE_SECCOMP = 1 << 7,
	INSECURE_ALL_FETCH = INSECURE_IMAGE | INSECURE_TLS | INSECURE_HTTP |
	                     INSECURE_PUBKEY,
	INSECURE_ALL_RUN = INSECURE_CAPABILITIES | INSECURE_PATHS | INSECURE_SECCOMP,
};

/* PROGRAM is argv[0]: it decides between gantry's directories and rkt's. */
must_check struct host *host_new(const char *program);
void host_free(struct host *host);
define_autoptr(host);

/* The global options, which set the host's fields. */
const struct option_spec *host_options(struct host *host);

unsigned host_insecure(const struct host *host);
bool host_debug(const struct host *host);

/* "gantry" or "rkt": the prefix of a pod's host name, and the word in texts. */
const char *host_program(const struct host *host);

/* The absolute path of --local-config; the host's. */
const char *host_local_config(const struct host *host);

/* The data directory, made with its subdirectories when MAKE and it is not there; else
 * -ENOENT. The host's descriptor. */
must_check int host_data_dir(struct host *host, bool make, struct error *err);

/* Its absolute path, links resolved; valid once host_data_dir() succeeded. The host's. */
const char *host_data_path(const struct host *host);

/* The image store in the data directory; the host's. */
must_check int host_store(struct host *host, struct store **store, struct error *err);

/* The directory that holds stage1 images, from the installation; the host's. */
const char *host_stage1_images(const struct host *host);
