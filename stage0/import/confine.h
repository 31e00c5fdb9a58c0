/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every half gives up in the same way, each by tables of its own: limits, files
 * (landlock), system calls (seccomp). What is given up never comes back, in this process or
 * in what it starts.
 */

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/error.h"

struct confine_limit {
	int resource; /* RLIMIT_... */
	rlim_t max;   /* a lower limit stays */
};
must_check int confine_limits(const struct confine_limit *limits, size_t count,
                              struct error *err);

/* A directory or file, and what may be done with it and all below it. */
struct confine_files {
	int fd;
	uint64_t access; /* LANDLOCK_ACCESS_FS_... */
};

/* Nothing else may be done with any file, of what the kernel's landlock knows. Kernels
 * without it, and those where it forbids hard links, do without. */
must_check int confine_files(const struct confine_files *files, size_t count,
                             struct error *err);

/* A system call that may be made: if its argument ARG, masked, has this value. Zeroes after
 * the number: with any arguments. */
struct confine_call {
	int number;
	uint32_t mask, value;
	unsigned arg;
};

/* A thread of this process, by clone(2), whose flags a filter can see; no process. */
#define CONFINE_THREAD                                                        \
	{                                                                     \
		SYS_clone, ~(uint32_t)CLONE_DETACHED,                         \
			CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |   \
				CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS | \
				CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,   \
			0                                                     \
	}

/* Any other system call is one that the kernel does not know, so that a libc falls back to
 * what is here. CALLS stand in order of frequency, at most CONFINE_CALLS_MAX. */
enum { CONFINE_CALLS_MAX = 120 };
must_check int confine_calls(const struct confine_call *calls, size_t count,
                             struct error *err);
