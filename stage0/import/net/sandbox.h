/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the half that talks to the network gives up before the first byte. After it:
 *
 *	it is nobody (if it was root), without a group, a capability, or a way to gain one
 *	no file can be written, no program started; what names and certificates take can be
 *	read (landlock, seccomp)
 *	memory and descriptors have limits; no core is dumped, nobody can trace it
 *	it dies with the thread that started it
 */

#include "common/error.h"

must_check int sandbox_network(struct error *err);
