/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The interface between stage0 and stage1, rkt's (rkt 7.1, 7.2), versions 1 to 6: entry
 * points named by annotations of the stage1 image, arguments from one table with the
 * version each came in, and the environment. Both sides use this file; a stage1 made for
 * rkt sees what rkt would have given it.
 */

#include <stdbool.h>

#include "common/appc/image_manifest.h"
#include "common/error.h"
#include "common/strv.h"
#include "common/uuid.h"

enum { STAGE1_VERSION_MIN = 1, STAGE1_VERSION_MAX = 6 };

/* Environment of the run entry point: the number of the descriptor that holds the lock. */
#define STAGE1_LOCK_FD "RKT_LOCK_FD"

#define STAGE1_ANNOTATION_RUN     "coreos.com/rkt/stage1/run"
#define STAGE1_ANNOTATION_ENTER   "coreos.com/rkt/stage1/enter"
#define STAGE1_ANNOTATION_STOP    "coreos.com/rkt/stage1/stop"
#define STAGE1_ANNOTATION_GC      "coreos.com/rkt/stage1/gc"
#define STAGE1_ANNOTATION_VERSION "coreos.com/rkt/stage1/interface-version"

/* Ours: "links" says that this stage1 never writes to its own files, so that its root may
 * be made of links to the shared tree; anything else, or nothing, that it needs an overlay. */
#define STAGE1_ANNOTATION_ROOT "gantry/stage1/root"

/* Arguments of the run entry point. Zero is absence. The texts are the caller's. */
struct stage1_run {
	bool debug;
	const char *net; /* "none", "host", or a list */
	bool interactive;
	const char *private_users; /* "SHIFT:COUNT" */
	const char *mds_token;
	const char *local_config;  /* since version 5 for gc; always for run */
	const char *hostname;      /* since 2 */
	bool disable_capabilities; /* since 3 */
	bool disable_paths;        /* since 3 */
	bool disable_seccomp;      /* since 3 */
	const char *dns_conf_mode; /* "resolv=R,hosts=H", since 4 */
	bool mutable_pod;
	const char *ipc; /* since 6 */
	const char *uuid;
};

struct stage1_enter {
	const char *pid;
	const char *app; /* NULL: the stage1 root */
	char **command;  /* ends with NULL */
};

struct stage1_gc {
	bool debug;
	const char *local_config; /* since 5 */
	const char *uuid;
};

struct stage1_stop {
	bool force;
	const char *uuid;
};

/* The version the image's manifest declares; missing is 1. Fails for one we do not speak. */
must_check int stage1_version(const struct image_manifest *stage1, struct error *err);

/* Adds the arguments, without argv[0], in rkt's order. What VERSION has no word for is left
 * out, and its flag's name added to *DROPPED for the user to be told. */
void stage1_run_encode(const struct stage1_run *args, int version, struct strv *argv,
                       struct strv *dropped);
void stage1_enter_encode(const struct stage1_enter *args, struct strv *argv);
void stage1_gc_encode(const struct stage1_gc *args, int version, struct strv *argv);
void stage1_stop_encode(const struct stage1_stop *args, struct strv *argv);

/* Reads ARGV (from argv[1], NULL at its end); the texts stay ARGV's. */
must_check int stage1_run_decode(char **argv, struct stage1_run *args, struct error *err);
must_check int stage1_enter_decode(char **argv, struct stage1_enter *args,
                                   struct error *err);
must_check int stage1_gc_decode(char **argv, struct stage1_gc *args, struct error *err);
must_check int stage1_stop_decode(char **argv, struct stage1_stop *args,
                                  struct error *err);
