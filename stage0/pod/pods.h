/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods as other processes see them (rkt 6.1 to 6.3): which directory a pod lies in and
 * whether someone holds its lock is its whole state.
 *
 *	pods/{prepare,prepared,run,exited-garbage,garbage}/UUID
 *
 * Being born, pods/prepare is locked shared from mkdir to the lock on the new directory; who
 * would call an unlocked one aborted locks it exclusively first, so that none is mistaken for
 * dead.
 *
 * A pod only ever moves on, to a directory that stands later in that list, and a rename is
 * who wins it: so one look at each, in this order, finds a pod that moves meanwhile. Nothing
 * walks the pods but pods_list() and the search for a prefix.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/appc/pod_manifest.h"
#include "common/error.h"
#include "common/lock.h"
#include "common/strv.h"
#include "common/uuid.h"

enum pod_state {
	POD_GONE,
	POD_PREPARING,
	POD_ABORTED_PREPARE,
	POD_PREPARED,
	POD_RUNNING,
	POD_EXITED,
	POD_EXITED_DELETING,
	POD_EXITED_GARBAGE,
	POD_DELETING,
	POD_GARBAGE
};

struct pod;

/* "running", "aborted prepare", ... (rkt 6.2) */
const char *pod_state_name(enum pod_state state);

/* Resolves a UUID or a prefix of one, in any case. Fails with 'no matches found for "X"',
 * 'ambiguous uuid, N matches' or 'UUID cannot be empty' (rkt 6.3). */
must_check int pods_resolve(int data_fd, const char *text, struct uuid *uuid,
                            struct error *err);

/* The UUIDs of the pods that list shows, sorted. */
must_check int pods_list(int data_fd, struct strv *uuids, struct error *err);

/* The UUIDs of those below pods/PLACE, sorted; names that are none are passed over. */
must_check int pods_list_in(int data_fd, const char *place, struct strv *uuids,
                            struct error *err);

/* What else lies where pods should: "pods/run/NAME", sorted. */
must_check int pods_list_foreign(int data_fd, struct strv *paths, struct error *err);

/* The text of the file FILE, a path that the user gave, without white space around it;
 * the caller's. */
must_check int pods_read_uuid(const char *file, char **text, struct error *err);

/* Opens the pod, wherever it lies, and sees its state as it is now. -ENOENT if it is
 * nowhere, in the words of pods_resolve(). DATA_FD must outlive it. */
must_check int pod_open(struct pod **pod, int data_fd, const char *uuid,
                        struct error *err);
void pod_free(struct pod *pod);
define_autoptr(pod);

/* Opens the pod that TEXT, a UUID or a prefix, or else the file UUID_FILE names. */
must_check int pod_open_by(struct pod **pod, int data_fd, const char *text,
                           const char *uuid_file, struct error *err);

enum pod_state pod_state(const struct pod *pod);
const char *pod_uuid(const struct pod *pod);

/* Its directory; the pod's. */
int pod_fd(const struct pod *pod);

/* Looks again: the directory may have moved, the lock come or gone, or all of it be
 * POD_GONE. A lock of our own does not count. */
must_check int pod_refresh(struct pod *pod, struct error *err);

/* Takes the pod's lock exclusively, and refreshes the pod. The lock is held until
 * pod_free(). May return LOCK_BUSY when WAIT is false: someone holds it exclusively, as
 * opposed to who only looks whether it is held. */
must_check int pod_lock(struct pod *pod, bool wait, struct error *err);

/* Moves the directory from where it was seen last to pods/TO. -ENOENT if someone else moved
 * it before. */
must_check int pod_move(struct pod *pod, const char *to, struct error *err);

/* What it says of itself. Times are nanoseconds since 1970, 0 if unknown; pid is 0 if
 * unknown; an app without a status gives -1. */
must_check int pod_read_manifest(const struct pod *pod, struct pod_manifest *manifest,
                                 struct error *err);

/* The image manifest of the app. -ENOENT if the pod keeps none for it. */
must_check int pod_read_image(const struct pod *pod, const char *app,
                              struct image_manifest *manifest, struct error *err);
int64_t pod_created(const struct pod *pod);
int64_t pod_started(const struct pod *pod);
pid_t pod_pid(const struct pod *pod);
int pod_app_status(const struct pod *pod, const char *app);
int64_t pod_app_finished(const struct pod *pod, const char *app);

/* The process 1 of a pod that is up: the one in `pid`, or the child of the one in `ppid`
 * (rkt 6.7). */
must_check int pod_find_init(const struct pod *pod, pid_t *pid, struct error *err);

/* Whether stage1 has said that the pod, which is running, is up. */
bool pod_is_ready(const struct pod *pod);
