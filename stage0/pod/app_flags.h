/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Parsers for the options of a pod and its apps: each adds to *VALUE, a list, what the text
 * says, or fails with what was wrong with it.
 */

#include "common/options.h"

/* "NAME=VALUE" into LIST_OF(struct name_value); no NAME twice. They differ in what a NAME
 * may be. */
option_parse flag_environment, flag_annotation, flag_user_pair;

/* A file of lines "NAME=VALUE", blank ones and those that begin with '#' or ';' aside. */
option_parse flag_environment_file;

/* "NAME,kind=KIND,..." (rkt 2.4), "volume=NAME,target=PATH" (rkt 2.5),
 * "NAME:[HOSTIP:]HOSTPORT" (rkt 2.1). */
option_parse flag_volume, flag_mount, flag_port;

/* Into LIST_OF(struct isolator), in place of what an earlier use said. */
option_parse flag_memory, flag_cpu, flag_cpu_shares, flag_oom_score_adj;
option_parse flag_caps_retain, flag_caps_remove, flag_seccomp;

/* Into the struct stage1_choice: at most one of them, once. */
option_parse flag_stage1_name, flag_stage1_path, flag_stage1_from_dir;
option_parse flag_stage1_hash, flag_stage1_url;

/* "[NAME[:ARGS],...]" into a struct strv (rkt 8.1). */
option_parse flag_net;
