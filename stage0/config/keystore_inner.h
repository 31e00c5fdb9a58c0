/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between the two halves of the keystore: keystore.c reads, keystore_change.c writes. */

#include "stage0/config/keystore.h"

#define KEYSTORE_DIR    "trustedkeys"
#define KEYSTORE_ROOT   "root.d"
#define KEYSTORE_PREFIX "prefix.d"

struct keystore {
	char *paths[CONFIG_LAYERS];
};

/* Opens the directory of KIND (root.d, prefix.d) of LAYER, or returns CONFIG_MISSING. */
must_check int keystore_open_dir(const struct keystore *keystore, enum config_layer layer,
                                 const char *kind, struct config_dir **dir,
                                 struct error *err);

/* Adds all files that count for NAME ("": root keys only; NULL: all there are), masks too, in
 * the order in which they take one another's place. */
must_check int keystore_gather(const struct keystore *keystore, const char *name,
                               struct trusted_keys *files, struct error *err);

/* Adds what FILES come to for NAME: of each fingerprint the last that covers it, masks too. */
void keystore_resolve(const struct trusted_keys *files, const char *name,
                      struct trusted_keys *keys);

/* The one with FINGERPRINT, or NULL. */
struct trusted_key *trusted_keys_find(const struct trusted_keys *keys,
                                      const char *fingerprint);
