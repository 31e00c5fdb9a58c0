/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an entry point of a stage1 sees, as one JSON object:
 *
 *	entry, argv, cwd, exe, environment	what it was given
 *	pid, ppid, sid, namespaces
 *	fds	[{number, target, cloexec, directory}]; directory: it is the pod's
 *	lock	{number, is_pod, held}; held: a second flock() finds it taken
 *	tree	[{path, type, mode, uid, gid, size, target}] of the pod's directory
 *	files	{path: text} of the manifests
 *	mounts	the lines of its mountinfo
 */

#include <stdio.h>

/* Writes the report on ENTRY, called with ARGV in the pod's directory, to OUT. */
void report_write(FILE *out, const char *entry, char **argv);
