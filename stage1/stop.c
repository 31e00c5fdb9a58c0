/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The stop entry point (rkt 7.14): asks process 1 of the pod to stop the apps, or, with
 * --force, kills it and with it the pod. It does not wait.
 */

#include <signal.h>

#include "common/kernel.h"
#include "common/log.h"
#include "stage1/target.h"

static int stop(char **argv, struct error *err)
{
	struct stage1_stop args = {0};
	struct target target = {0};

	if (stage1_stop_decode(argv + 1, &args, err) < 0 ||
	    target_find(&target, NULL, err) < 0)
		return err->code;
	if (kernel_pidfd_send_signal(target.fd, args.force ? SIGKILL : SIGTERM) < 0)
		return error_errno(err, "cannot signal the pod");
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	(void)argc;
	log_set_prefix("stop");
	if (stop(argv, &err) >= 0)
		return 0;
	log_error(&err);
	return 254;
}
