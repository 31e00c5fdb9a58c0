/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/install.h"

#include <fcntl.h>
#include <string.h>

#include "common/memory.h"
#include "common/path.h"

/* From the directory of the program; CMake knows how it lies to the others. */
static const char *const places[] = {
	[INSTALL_IMPORT_NET] = INSTALL_LIBEXEC "/gantry/import-net",
	[INSTALL_IMPORT_TRUST] = INSTALL_LIBEXEC "/gantry/import-trust",
	[INSTALL_IMPORT_IMAGE] = INSTALL_LIBEXEC "/gantry/import-image",
	[INSTALL_STAGE1_IMAGES] = INSTALL_LIB "/gantry/stage1-images",
};

int install_path(enum install_place place, char **path, struct error *err)
{
	const char *below = places[place];
	autofree char *self = NULL;
	size_t len;

	if (path_read_link(AT_FDCWD, "/proc/self/exe", &self, err) < 0)
		return error_wrap(err, "cannot tell where gantry is installed");
	len = strlen(self);
	while (len > 0 && self[--len] != '/')
		;
	for (; strncmp(below, "../", 3) == 0; below += 3)
		while (len > 0 && self[--len] != '/')
			;
	*path = memory_format("%.*s/%s", (int)len, self, below);
	return 0;
}
