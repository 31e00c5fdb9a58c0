/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Credentials of auth.d (rkt 3.2, 3.3): the files of the kinds auth and dockerAuth.
 *
 * An entry of auth serves https requests to exactly its host and port; without a port that is
 * 443. Nothing else gets them: no other host of the domain, no other port, no plain http
 * (threat class 17). Whoever follows a redirect asks anew.
 *
 * Secrets are neither logged nor put on a command line. All zero is none.
 */

#include <stdbool.h>

#include "common/list.h"
#include "stage0/config/config_dir.h"

enum credentials_kind { CREDENTIALS_BASIC, CREDENTIALS_BEARER, CREDENTIALS_AWS };

struct credentials {
	enum credentials_kind kind;
	char *user, *password;          /* basic */
	char *token;                    /* bearer, which rkt calls "oauth" */
	char *key_id, *secret, *region; /* aws: of signature version 4 for s3 */
	bool region_guessed;            /* from the host's name */
};

struct auth_entry {
	char *domain; /* "example.com", "x.org:8443": as it is written */
	struct credentials credentials;
	struct config_origin origin;
};

struct docker_auth_entry {
	char *registry;
	char *user, *password;
	struct config_origin origin;
};

struct auth {
	LIST_OF(struct auth_entry) domains;
	LIST_OF(struct docker_auth_entry) registries;
};

/* Those for a request of URL, or NULL: also for anything that is not https, and for a URL
 * that programs may read differently. The auth's. */
const struct credentials *auth_for(const struct auth *auth, const char *url);

void auth_clear(struct auth *auth);
