/* SPDX-License-Identifier: Apache-2.0 */

/* Any of the import programs. gantry starts them, never the user. */

#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/log.h"
#include "stage0/import/half.h"

static const struct half *find(const char *name)
{
	for (const struct half *const *half = halves; name && *half; half++)
		if (strcmp(name, (*half)->name) == 0)
			return *half;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct half *half = find(argc > 1 ? argv[1] : NULL);
	struct error err = {0};
	int r;

	log_set_prefix("image");
	if (!half) {
		(void)!error_set(&err, -EINVAL, "import is started by gantry only");
		log_error(&err);
		return 254;
	}
	umask(0);
	if (syscall(SYS_close_range, half->fd_count, ~0U, 0) < 0)
		_exit(254);
	r = half->run(argv + 2, &err);
	if (r < 0)
		log_error(&err);
	/* Nothing is left to be done, and what is in memory goes faster so. */
	_exit(r < 0 ? 254 : 0);
}
