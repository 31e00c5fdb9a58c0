/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What run, prepare and run-prepared were told, and the app grammar (rkt 2.2):
 *
 *	[options] IMAGE [options] [-- ARGS...] [---] IMAGE ...
 *
 * Options of the pod may stand anywhere before or among the images; options of an app bind
 * to the image before them. There is one command line, so there is one request: the rows of
 * the commands' option tables (app_flags.c) point into it, those of an app into the part
 * that is being read.
 *
 * Single texts are the command line's own; lists and what is in them are the request's.
 */

#include <stdbool.h>

#include "common/appc/pod_manifest.h"
#include "common/limits.h"
#include "common/options.h"
#include "stage0/fetch/finder.h"
#include "stage0/pod/stage1_image.h"

/* One image of the command line, and what was said of it. NULL or empty: not said. */
struct app_request {
	const char *image; /* NULL: before the first image */
	char *name;
	char *exec;
	struct strv args;
	bool has_args;
	char *working_directory;
	enum choice read_only_rootfs;
	char *user;
	char *group;
	char *signature;
	LIST_OF(int64_t) supplementary_gids;
	bool has_supplementary_gids;
	LIST_OF(struct mount) mounts;
	LIST_OF(struct name_value) annotations;
	LIST_OF(struct name_value) user_annotations;
	LIST_OF(struct name_value) user_labels;
	LIST_OF(struct name_value) environment;
	LIST_OF(struct isolator) isolators; /* from --memory, --cpu, --caps-retain, ... */
	struct limits limits;
};

/* Everything that run, prepare or run-prepared was told. */
struct pod_request {
	LIST_OF(struct app_request) apps;
	struct app_request app;       /* the one being read */
	LIST_OF(struct mount) mounts; /* for every app */
	struct limits limits;         /* likewise, where the app has none of its own */
	struct stage1_choice stage1;
	LIST_OF(struct volume) volumes;
	LIST_OF(struct exposed_port) ports;
	LIST_OF(struct name_value) set_environment;  /* --set-env */
	LIST_OF(struct name_value) file_environment; /* --set-env-file */
	bool inherit_environment;
	struct strv net; /* empty: "default" */
	bool interactive;
	bool no_overlay;
	bool private_users;
	bool mds_register;
	bool store_only; /* deprecated: --pull-policy=never */
	bool no_store;   /* deprecated: --pull-policy=update */
	enum pull_policy pull_policy;
	enum progress_style progress;
	char *pod_manifest; /* a file */
	char *hostname;
	char *uuid_file_save;
	char *ipc;  /* NULL, "auto", "private" or "parent" */
	bool quiet; /* already so: nothing but the UUID goes to standard output */
};

extern struct pod_request pod_asked;

void pod_request_clear(struct pod_request *request);

/* The commands' options. */
extern const struct option_spec run_options[], prepare_options[], run_prepared_options[];

/* Reads into pod_asked the words of ARGV, from the first image on; NULL ends them. TABLES
 * are those of the command and the global ones. */
must_check int app_args_parse(const struct option_tables *tables, char **argv,
                              struct error *err);
