/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An image's pathWhitelist (appc 1.8.2): paths, compared after cleaning, relative to rootfs:
 * "/a//b/" is "a/b", and rootfs itself is "". Sorted by bytes.
 */

#include "common/strv.h"

/* Adds the cleaned LISTED to CLEAN, which was empty. */
void whitelist_clean(const struct strv *listed, struct strv *clean);

/* Where PATH stands, or would have to stand, among COUNT sorted ITEMS. */
size_t whitelist_place(const char *const *items, size_t count, const char *path);

/* Whether PATH, clean, is one of COUNT sorted ITEMS. */
bool whitelist_has(const char *const *items, size_t count, const char *path);
