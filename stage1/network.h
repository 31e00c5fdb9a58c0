/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The network of a pod, from inside its own namespace. */

#include "common/error.h"

/* Brings the loopback interface up (ACE-50). */
must_check int network_loopback_up(struct error *err);
