/* SPDX-License-Identifier: Apache-2.0 */

/* import_one DATA-DIRECTORY ARCHIVE: brings the archive into the store and prints its ID. */

#include <fcntl.h>
#include <stdio.h>

#include "common/log.h"
#include "common/path.h"
#include "stage0/store/store.h"

static int import(char **argv, struct error *err)
{
	autoptr(store) store = NULL;
	autoclose int data = -1, archive = -1;
	struct image_id id;
	int r;

	data = path_open(AT_FDCWD, argv[1], PATH_HOST, O_RDONLY | O_DIRECTORY, err);
	archive = data < 0 ? data
	                   : path_open(AT_FDCWD, argv[2], PATH_HOST, O_RDONLY, err);
	if (archive < 0)
		return archive;
	r = store_open(&store, data, err);
	if (r >= 0)
		r = store_import(store, archive, argv[2], &id, err);
	if (r >= 0)
		puts(id.text);
	return r;
}

int main(int argc, char **argv)
{
	struct error err;

	if (argc != 3)
		return 2;
	log_set_prefix("fetch");
	if (import(argv, &err) >= 0)
		return 0;
	log_error(&err);
	return 254;
}
