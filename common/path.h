/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything that takes a path: the one file that hands paths to the kernel (a lint holds
 * all others to that). A path is always relative to a directory's descriptor, and says
 * where it may lead:
 *
 *	PATH_OURS	our own files: never out of DIR_FD, never through a symbolic link
 *	PATH_IMAGE	inside an image or a pod: DIR_FD is its root, links resolve within it
 *			and magic links (/proc/PID/fd) not at all
 *	PATH_HOST	what the administrator typed: as the host resolves it
 *
 * Calls without a scope work on our own files. Descriptors returned are close-on-exec and
 * the caller's. Failures return -errno, so that -ENOENT, -EEXIST and the like can be told
 * apart, and say "cannot open 'x': ...".
 */

#include <stdint.h>
#include <sys/stat.h>

#include "common/error.h"
#include "common/strv.h"

enum path_scope { PATH_OURS, PATH_IMAGE, PATH_HOST };

/* Opens PATH with open(2)'s FLAGS; not for creating. */
must_check int path_open(int dir_fd, const char *path, enum path_scope scope, int flags,
                         struct error *err);

/* Opens one of our own directories for reading. */
must_check int path_open_dir(int dir_fd, const char *path, struct error *err);

/* Creates the file PATH, which must not exist, for writing. */
must_check int path_create(int dir_fd, const char *path, mode_t mode, struct error *err);

/* The same, for writing and for reading again what was written. */
must_check int path_create_readable(int dir_fd, const char *path, mode_t mode,
                                    struct error *err);

/* Creates the file PATH where the administrator wants it, or empties the one that is there,
 * for writing. */
must_check int path_create_host(const char *path, mode_t mode, struct error *err);

/* Makes a directory; -EEXIST if something is there. */
must_check int path_make_dir(int dir_fd, const char *path, mode_t mode,
                             struct error *err);

/* Makes a directory and its parents; what is there already stays as it is. */
must_check int path_make_dirs(int dir_fd, const char *path, mode_t mode,
                              struct error *err);

must_check int path_make_symlink(const char *target, int dir_fd, const char *path,
                                 struct error *err);

/* Makes a device or a FIFO; MODE as in struct stat. */
must_check int path_make_node(int dir_fd, const char *path, mode_t mode, dev_t device,
                              struct error *err);

/* Gives the file OLD a second name. */
must_check int path_make_link(int old_fd, const char *old, int new_fd, const char *new,
                              struct error *err);

/* Renames OLD to NEW, replacing a file that is there. */
must_check int path_rename(int old_fd, const char *old, int new_fd, const char *new,
                           struct error *err);

/* Renames OLD to NEW; -EEXIST if NEW is there, whatever it is. */
must_check int path_rename_new(int old_fd, const char *old, int new_fd, const char *new,
                               struct error *err);

/* Makes each of the two, whatever they are, have the other's name, in one step. */
must_check int path_exchange(int a_fd, const char *a, int b_fd, const char *b,
                             struct error *err);

/* Removes a file; -ENOENT if there is none. */
must_check int path_remove(int dir_fd, const char *path, struct error *err);

/* Removes an empty directory; -ENOTEMPTY if there is anything in it. */
must_check int path_remove_dir(int dir_fd, const char *path, struct error *err);

/* Removes PATH and all below it, following no link. Nothing there is no error, a mount point
 * is one. A tree deeper than there are descriptors is no obstacle. */
must_check int path_remove_tree(int dir_fd, const char *path, struct error *err);

/* Makes the directory DIR_FD the root and the current directory. */
must_check int path_change_root(int dir_fd, struct error *err);

/* The number of the mount that FD is on, as /proc/PID/mountinfo has it. */
must_check int path_mount_id(int fd, uint64_t *id, struct error *err);

/* Attributes of PATH itself, not of what a link points to. */
must_check int path_stat(int dir_fd, const char *path, struct stat *st,
                         struct error *err);

/* The target of a symbolic link; *TARGET is the caller's. */
must_check int path_read_link(int dir_fd, const char *path, char **target,
                              struct error *err);

/* Adds the names in the directory, without "." and "..", in no order. */
must_check int path_list(int dir_fd, const char *path, struct strv *names,
                         struct error *err);

/* Sets the modification time to now. */
must_check int path_touch(int dir_fd, const char *path, struct error *err);

/* Sets access and modification time, in this order, of PATH itself. */
must_check int path_set_times(int dir_fd, const char *path,
                              const struct timespec times[2], struct error *err);

/* Sets the owner of PATH itself. */
must_check int path_set_owner(int dir_fd, const char *path, uid_t uid, gid_t gid,
                              struct error *err);

/* Sets the permission bits of PATH, which must be no symbolic link. */
must_check int path_set_mode(int dir_fd, const char *path, mode_t mode,
                             struct error *err);

/* Adds the open FD to what the inotify(7) instance WATCH_FD reports. */
must_check int path_watch(int watch_fd, int fd, uint32_t events, struct error *err);
