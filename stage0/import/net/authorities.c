/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/authorities.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/path.h"
#include "common/strv.h"

enum { FILE_MAX = 8 << 20 };

/* What NAME says other than USUAL, or NULL. */
static const char *variable(const char *name, const char *usual)
{
	const char *value = getenv(name);

	return value && *value && !(usual && strcmp(value, usual) == 0) ? value : NULL;
}

static int add_file(int dir_fd, const char *path, struct buf *pem, struct error *err)
{
	autoclose int fd = path_open(dir_fd, path, PATH_HOST, O_RDONLY, err);
	int r = fd;

	if (r >= 0)
		r = file_read(fd, FILE_MAX, pem, err);
	/* The next one begins on a line of its own. */
	buf_char(pem, '\n');
	return r;
}

/* What cannot be read there is passed over, as it always is. */
static void add_directory(const char *path, struct buf *pem)
{
	struct error ignored;
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_DIRECTORY,
	                             &ignored);
	autoclear(strv) names = {0};

	if (fd < 0 || path_list(fd, ".", &names, &ignored) < 0)
		return;
	strv_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		struct stat st;

		if (path_stat(fd, names.items[i], &st, &ignored) >= 0 &&
		    (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
			(void)!add_file(fd, names.items[i], pem, &ignored);
	}
}

int authorities_read(struct authorities *authorities, const char *file,
                     const char *directory, struct error *err)
{
	const char *named = variable("SSL_CERT_FILE", file);
	const char *directories = variable("SSL_CERT_DIR", directory);
	autoclear(strv) paths = {0};
	struct error ignored;
	int r = 0;

	authorities->is_set = named || directories;
	authorities->is_directory_set = directories;
	if (named)
		r = add_file(AT_FDCWD, named, &authorities->pem, err);
	else if (directories && file)
		(void)!add_file(AT_FDCWD, file, &authorities->pem, &ignored);
	if (r < 0)
		return error_wrap(err, "SSL_CERT_FILE");
	if (directories)
		strv_split(&paths, directories, ':');
	for (size_t i = 0; i < paths.count; i++)
		add_directory(paths.items[i], &authorities->pem);
	return 0;
}
