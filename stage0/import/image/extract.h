/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing an image's files (appc 1.2, 1.8.2, 1.9): exactly a file `manifest` and a directory
 * `rootfs`, nothing else, no name twice, nothing through a link of the archive's own. Every
 * name is opened below the directory given, through no symbolic link; the parent stays open
 * from one entry to the next.
 *
 * Owner, mode, times and extended attributes are the archive's; of the latter only
 * security.capability and user.*. What labels files for one host (security.selinux, .ima,
 * .evm) is left out; trusted.* and user.overlay.*, which overlayfs obeys, are refused, as is
 * any other. A parent that has no entry belongs to 0:0, mode 0755, time 0, and is written
 * down beside rootfs (IMPORT_IMPLICIT).
 */

#include "common/buf.h"
#include "common/error.h"
#include "common/strv.h"
#include "stage0/import/image/aci.h"

/* Reads ACI to its end, makes `rootfs` under DIR_FD, which is empty, and adds the manifest's
 * bytes to *MANIFEST. Sets *SIZE to the bytes of all files. */
must_check int extract_image(struct aci *aci, int dir_fd, struct buf *manifest,
                             int64_t *size, struct error *err);

/* Removes below `rootfs` in DIR_FD all that WHITELIST does not name, but directories on the
 * way to something it names (appc 1.8.2). Takes what is removed off *SIZE. */
must_check int extract_prune(int dir_fd, const struct strv *whitelist, int64_t *size,
                             struct error *err);
