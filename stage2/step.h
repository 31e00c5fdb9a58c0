/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The steps from a privileged process in the app's root to the app, in the order in which
 * they are declared. Each takes something away; none can be undone.
 */

#include "common/exec_spec.h"

/* Nobody may trace us or open what /proc says of us, until the app is there. */
must_check int step_hide(const struct exec_spec *spec, struct error *err);

/* Nothing but 0, 1 and 2 reaches the app (threat class 4). */
must_check int step_descriptors(const struct exec_spec *spec, struct error *err);

/* The resource limits, while we may still raise them. */
must_check int step_limits(const struct exec_spec *spec, struct error *err);

/* The groups and the group, exactly those given (ACE-82). */
must_check int step_groups(const struct exec_spec *spec, struct error *err);

/* The bounding set (ACE-110). */
must_check int step_bounding_set(const struct exec_spec *spec, struct error *err);

/* no_new_privs, where due (ACE-120). */
must_check int step_no_new_privs(const struct exec_spec *spec, struct error *err);

/* The seccomp filter, while we may still load one without no_new_privs (ACE-142). The steps
 * after it make only calls that the default filter allows. */
must_check int step_filter(const struct exec_spec *spec, struct error *err);

/* The user, and with it the capabilities: the bounding set for root, none for others;
 * nothing inheritable or ambient. */
must_check int step_user(const struct exec_spec *spec, struct error *err);

/* The working directory, as the user may enter it (ACE-77, ACE-78). */
must_check int step_directory(const struct exec_spec *spec, struct error *err);

/* The app, looked up in PATH like execvp(3) (ACE-79). Returns only to fail. */
must_check int step_execute(const struct exec_spec *spec, struct error *err);
