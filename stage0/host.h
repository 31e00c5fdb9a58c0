/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * This machine as the administrator set it up: the global options, the directories, and the
 * store, each opened when first asked for. One of it lives as long as the process.
 *
 * Called as "rkt", the program takes rkt's directories and host name prefix; as "gantry",
 * its own (/var/lib/gantry, /etc/gantry, /usr/lib/gantry).
 *
 * The data directory is the administrator's, and what gantry makes in it is for nobody else:
 *
 *	cas/{image,tree,name,remote,tmp}				the store
 *	pods/{prepare,prepared,run,exited-garbage,garbage}		the pods
 *	locks/prepareLock	held shared while a pod is prepared, exclusively by image gc
 */

#include <stdbool.h>

#include "common/error.h"
#include "common/options.h"

struct auth;
struct config;
struct host;
struct keystore;
struct store;

#define HOST_PREPARE_LOCK "locks/prepareLock"

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
	INSECURE_ALL = INSECURE_ALL_FETCH | INSECURE_ONDISK | INSECURE_ALL_RUN,
};

/* PROGRAM is argv[0]: it decides between gantry's directories and rkt's. */
must_check struct host *host_new(const char *program);
void host_free(struct host *host);
define_autoptr(host);

/* The global options, which set the host's fields. */
const struct option_spec *host_options(struct host *host);

unsigned host_insecure(const struct host *host);
bool host_debug(const struct host *host);

/* --trust-keys-from-https */
bool host_trusts_https(const struct host *host);

/* "gantry" or "rkt": the prefix of a pod's host name, and the word in texts. */
const char *host_program(const struct host *host);

/* The absolute path of --local-config; the host's. */
const char *host_local_config(const struct host *host);

/* What is configured (rkt 3.1), the PARTS of it (enum config_part) read when first asked for;
 * the host's. A file that is not as it should be fails it. */
must_check int host_config(struct host *host, unsigned parts,
                           const struct config **config, struct error *err);

/* The credentials in it; warns when others may read their file. The host's. */
must_check int host_auth(struct host *host, const struct auth **auth, struct error *err);

/* The keys that may sign images, in the configuration directories; the host's. */
const struct keystore *host_keystore(struct host *host);

/* The data directory: --dir, else what is configured, else the program's own. With its
 * subdirectories, which are made when MAKE and they are not there. Without MAKE -ENOENT if
 * there is no data directory. The host's descriptor. */
must_check int host_data_dir(struct host *host, bool make, struct error *err);

/* Its absolute path, links resolved; valid once host_data_dir() succeeded. The host's. */
const char *host_data_path(struct host *host);

/* The image store in the data directory, which is made if it is not there; the host's. */
must_check int host_store(struct host *host, struct store **store, struct error *err);
