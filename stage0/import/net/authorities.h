/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whom servers are believed by: the certificates that SSL_CERT_FILE and SSL_CERT_DIR name, as
 * for OpenSSL and Go, read while there are still files. Without these two, or if they name
 * what libcurl takes anyway, it is libcurl's matter, which reads only what it needs.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"

struct authorities {
	bool is_set;           /* PEM stands for the usual file */
	bool is_directory_set; /* and for the usual directory */
	struct buf pem;
};

/* FILE and DIRECTORY are libcurl's own, or NULL. */
must_check int authorities_read(struct authorities *authorities, const char *file,
                                const char *directory, struct error *err);
