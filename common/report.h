/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the processes of a pod tell its supervisor, each a message of its own on one
 * SOCK_SEQPACKET socket. Both ends are programs of one stage1 image, built together.
 */

#include <stddef.h>

#include "common/error.h"

enum report_kind {
	REPORT_TERMINAL, /* the interactive app's pty master comes along (SCM_RIGHTS) */
	REPORT_UP,       /* every app has been started */
	REPORT_FAILED,   /* the pod or APP could not be set up: ERROR */
	REPORT_STARTED,  /* APP, of several, is process NUMBER in the pod */
	REPORT_STATUS    /* APP has ended with exit status NUMBER */
};

struct report {
	enum report_kind kind;
	int app; /* its index in the pod; -1: the pod */
	int number;
	struct error error; /* REPORT_FAILED only: else not sent */
};

enum { REPORT_SHORT = offsetof(struct report, error) };
