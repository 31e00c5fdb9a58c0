/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The keys that may sign images, as files (rkt 3.7). In each of the three configuration
 * directories:
 *
 *	trustedkeys/root.d/FINGERPRINT			may sign any image
 *	trustedkeys/prefix.d/PREFIX/FINGERPRINT		may sign PREFIX, and what lies below it
 *
 * The name is the fingerprint of the primary key, 40 (version 4) or 64 (later ones) lower-case
 * hex digits; the content is one armored public key, and here no more than bytes. For an image
 * the places count in this order: root keys of the system, local and user directories, then
 * prefix keys of the same, from the shortest prefix to the longest; a file takes the place of
 * an earlier one of its name. An empty file masks: it takes the place and gives no key. So an
 * empty file in prefix.d/example.com keeps a root key from signing what lies below
 * example.com.
 *
 * A prefix is whole parts of a name: "example.com/foo" is none of "example.com/foobar".
 *
 * Nothing is kept: each call reads what is on disk. Files may be links of the administrator's;
 * who may write them is held to config_dir.h.
 */

#include "common/list.h"
#include "stage0/config/config_dir.h"

struct trusted_key {
	char *fingerprint;
	char *prefix; /* "" for a root key */
	char *path;   /* absolute, of the file */
	enum config_layer layer;
	char *text;      /* the armored key; "" for a mask */
	char *hidden_by; /* keystore_list(): path of the file that takes its place, or NULL */
};

struct trusted_keys {
	LIST_OF(struct trusted_key);
};

void trusted_keys_clear(struct trusted_keys *keys);

struct keystore;

must_check struct keystore *keystore_new(const struct config_paths *paths);
void keystore_free(struct keystore *keystore);
define_autoptr(keystore);

/* Adds the keys that may sign an image called NAME. */
must_check int keystore_for_name(const struct keystore *keystore, const char *name,
                                 struct trusted_keys *keys, struct error *err);

/* Adds all that may sign anything, each fingerprint once: for an image whose name is not
 * known before it is verified. keystore_covers() must say yes once it is. */
must_check int keystore_all(const struct keystore *keystore, struct trusted_keys *keys,
                            struct error *err);

/* Whether FINGERPRINT may sign an image called NAME: 1 or 0. */
must_check int keystore_covers(const struct keystore *keystore, const char *name,
                               const char *fingerprint, struct error *err);

/* Whether there is a prefix key, be it masked, for NAME or a parent of it: 1 or 0. Root keys
 * do not count (rkt 3.7). */
must_check int keystore_has_prefix_key(const struct keystore *keystore, const char *name,
                                       struct error *err);

/* Whether FINGERPRINT is masked for PREFIX ("" is root), by an empty file of the prefix or a
 * parent of it: 1 or 0. */
must_check int keystore_is_masked(const struct keystore *keystore, const char *prefix,
                                  const char *fingerprint, struct error *err);

/* Whether this very key counts for PREFIX, by a file of exactly that prefix: 1 and *PATH, which
 * is the caller's, or 0. */
must_check int keystore_has(const struct keystore *keystore, const char *prefix,
                            const char *fingerprint, const char *text, char **path,
                            struct error *err);

/* Adds every file, masks too, with what hides it: by prefix, then fingerprint, then layer. */
must_check int keystore_list(const struct keystore *keystore, struct trusted_keys *keys,
                             struct error *err);

enum keystore_outcome {
	KEYSTORE_THERE = 1, /* keystore_has() it */
	KEYSTORE_MASKED     /* it is masked now */
};

/* Stores the key in the local directory for PREFIX ("": any name), by a rename, with
 * directories of mode 0755 and a file of 0644. *PATH is the caller's. KEYSTORE_THERE. */
must_check int keystore_add(const struct keystore *keystore, const char *prefix,
                            const char *fingerprint, const char *text, char **path,
                            struct error *err);

/* Takes the trust in FINGERPRINT for PREFIX away: removes the local file, or puts an empty one
 * there while another directory or a shorter prefix has the key: KEYSTORE_MASKED. *PATH is the
 * caller's. -ENOENT if it is not trusted. A key of the user directory is refused: nothing that
 * gantry writes hides it. */
must_check int keystore_remove(const struct keystore *keystore, const char *prefix,
                               const char *fingerprint, char **path, struct error *err);

/* Whether TEXT is a fingerprint as a file's name has it. */
bool keystore_is_fingerprint(const char *text);

/* Whether PREFIX ("": all) is NAME or a parent of it. */
bool keystore_is_prefix(const char *prefix, const char *name);

/* NULL if TEXT may be a prefix of names, else what it should be. */
const char *keystore_check_prefix(const char *text);
