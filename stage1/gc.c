/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The gc entry point (rkt 7.14): removes what a dead pod left outside its directory. With
 * the networks of today that is nothing: mounts and namespaces went with the processes.
 */

#include "common/log.h"
#include "common/pod/stage1_abi.h"

int main(int argc, char **argv)
{
	struct stage1_gc args = {0};
	struct error err = {0};

	(void)argc;
	log_set_prefix("stage1 gc");
	if (stage1_gc_decode(argv + 1, &args, &err) >= 0)
		return 0;
	log_error(&err);
	return 254;
}
