/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The app grammar of run and prepare (rkt 2.2): IMAGE [options] [-- args] [---] IMAGE ...
 * Options of the pod may stand anywhere before or among the images; options of an app bind
 * to the image before them.
 */

#include <stdbool.h>

#include "common/appc/pod_manifest.h"
#include "common/options.h"
#include "stage0/pod/stage1_image.h"

/* One image of the command line, and what was said of it. NULL or empty: not said. */
struct app_request {
	const char *image;
	char *name;
	char *exec;
	struct strv args;
	bool has_args;
	char *working_directory;
	char *read_only_rootfs; /* its boolean, as text */
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
};

/* Everything that run, prepare or run-prepared was told. */
struct pod_request {
	LIST_OF(struct app_request) apps;
	struct stage1_choice stage1;
	LIST_OF(struct volume) volumes;
	LIST_OF(struct mount) mounts; /* for every app */
	LIST_OF(struct exposed_port) ports;
	LIST_OF(struct name_value) set_environment; /* --set-env and the files */
	bool inherit_environment;
	struct strv net; /* empty: "default" */
	bool interactive;
	bool no_overlay;
	bool private_users;
	char *pod_manifest; /* a file */
	char *hostname;
	char *uuid_file_save;
	char *pull_policy;
	char *ipc;
	bool quiet;
};

void pod_request_clear(struct pod_request *request);

/* The rows for REQUEST: what run, prepare and run-prepared have in common is one table, what
 * only some have, others. Valid until the next call. */
enum request_command { REQUEST_RUN, REQUEST_PREPARE, REQUEST_RUN_PREPARED };
const struct option_spec *pod_request_options(struct pod_request *request,
                                              enum request_command command);

/* Reads the words from the first image on. TABLES are those of the command, the request's
 * and the global ones. */
must_check int app_args_parse(struct pod_request *request,
                              const struct option_tables *tables, char **argv,
                              struct error *err);
