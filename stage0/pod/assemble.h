/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From a request to a pod's draft, as run and prepare do it (rkt 2.1, "Flow and ordering"):
 * what contradicts itself is refused before anything is looked up, and what this version
 * cannot enforce before anything is made.
 */

#include "common/pod/stage1_abi.h"
#include "stage0/pod/app_args.h"
#include "stage0/pod/prepare.h"

/* Reads the rest of the command line of COMMAND_OPTIONS, ARGV, and judges the whole of it.
 * Pods that RUN at once have a network. */
must_check int assemble_request(struct host *host,
                                const struct option_spec *command_options, char **argv,
                                bool run, struct error *err);

/* Finds what pod_asked names and makes the pod's draft, in pods/prepare. */
must_check int assemble_pod(struct host *host, struct pod_draft **draft,
                            struct error *err);

/* What stage1 is to be told of pod UUID by pod_asked and the global options. HOSTNAME holds
 * the texts that are made for it. Fails for networks that are not served. */
must_check int assemble_stage1_run(struct host *host, const char *uuid, char **hostname,
                                   struct stage1_run *args, struct error *err);
