/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What stage1 tells stage2: who the app is to be, and what to execute. It travels as stage2's
 * own arguments and environment, so it costs no descriptor and no copy, and is bounded by
 * what execve(2) would take for the app itself:
 *
 *	stage2 limits=core:4:0:0 uid=0 gid=0 groups=5,6 caps=1f dir=/ filter=3 report=4 app=0
 *		-- /bin/app -v
 *
 * A record not there is a step not taken. What goes wrong comes back as a struct report.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/strv.h"

struct exec_spec {
	struct strv limits; /* "NAME:NUMBER:SOFT:HARD" in decimal, of setrlimit(2) */
	uid_t uid;
	gid_t gid;
	struct strv groups;    /* supplementary, decimal; none: none */
	bool keep_caps;        /* leave the capabilities alone */
	uint64_t capabilities; /* else the bounding set, a bit for each */
	bool no_new_privs;
	const char *directory;
	int filter_fd; /* -1, or a file of struct sock_filter to load */
	int keep_fd;   /* -1, or the one besides 0, 1 and 2 that the app gets */
	int report_fd; /* where a struct report goes */
	int app;       /* the app's index in the pod, for the report */
	char *const *argv;
};

/* Adds stage2's arguments, argv[0] first. */
void exec_spec_encode(const struct exec_spec *spec, struct strv *argv);

/* Reads stage2's arguments; the texts stay ARGV's, the lists are SPEC's. */
must_check int exec_spec_decode(char **argv, struct exec_spec *spec, struct error *err);

void exec_spec_clear(struct exec_spec *spec);
