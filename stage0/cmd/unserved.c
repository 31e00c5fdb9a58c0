/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/command.h"

/*
 * Commands that rkt has and this program will have: known, so that a script that uses one is
 * told the truth rather than that it made a typing error.
 */

#define UNSERVED(symbol, words, sentence) \
	const struct command symbol = {   \
		.name = (words),          \
		.unserved = (sentence),   \
	}

UNSERVED(cmd_api_service, "api-service", "serving an API is not served yet");
UNSERVED(cmd_app, "app", "changing the apps of a running pod is not served yet");
UNSERVED(cmd_attach, "attach", "attaching to a running app is not served yet");
UNSERVED(cmd_export, "export", "making an image of an exited pod is not served yet");
UNSERVED(cmd_metadata_service, "metadata-service",
         "the metadata service is not served yet");
