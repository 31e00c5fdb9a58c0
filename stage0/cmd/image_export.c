/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/host.h"
#include "stage0/store/store.h"

static bool overwrite;

static const struct option_spec options[] = {
	OPTION_FLAG("overwrite", &overwrite, "replace the file if it is there"),
	{0},
};

/* Where the archive goes: a directory that the user named, and a name in it. */
struct output {
	int dir_fd;
	const char *name;
	char *draft; /* the name it has until it is whole */
};

static int open_output(const char *path, struct output *output, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? memory_bytes(path, (size_t)(slash - path) + 1)
	                           : memory_text(".");

	output->name = slash ? slash + 1 : path;
	if (!*output->name || strcmp(output->name, ".") == 0 ||
	    strcmp(output->name, "..") == 0)
		return error_set(err, -EISDIR, "is a directory");
	output->dir_fd = path_open(AT_FDCWD, dir, PATH_HOST, O_RDONLY | O_DIRECTORY, err);
	output->draft = memory_format(".%s.%d", output->name, (int)getpid());
	return output->dir_fd < 0 ? output->dir_fd : 0;
}

/* A file may be replaced, but no device, link or directory. */
static int check_output(const struct output *output, struct error *err)
{
	struct stat st;
	int r = path_stat(output->dir_fd, output->name, &st, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (!overwrite)
		return error_set(err, -EEXIST,
		                 "output ACI file exists (try --overwrite)");
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "is not a regular file");
	return 0;
}

static int copy(int from, int to, struct error *err)
{
	ssize_t n;

	do {
		n = sendfile(to, from, NULL, 1 << 30);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? error_errno(err, "cannot copy the archive") : 0;
}

static int write_output(const struct output *output, int aci_fd, struct error *err)
{
	int fd = path_create(output->dir_fd, output->draft, 0644, err);
	int r;

	if (fd < 0)
		return fd;
	r = copy(aci_fd, fd, err);
	if (close(fd) < 0 && r >= 0)
		r = error_errno(err, "cannot write");
	if (r >= 0)
		r = overwrite ? path_rename(output->dir_fd, output->draft, output->dir_fd,
		                            output->name, err)
		              : path_rename_new(output->dir_fd, output->draft,
		                                output->dir_fd, output->name, err);
	if (r < 0) {
		struct error ignored;

		(void)!path_remove(output->dir_fd, output->draft, &ignored);
	}
	return r;
}

static int export_to(const char *path, int aci_fd, struct error *err)
{
	struct output output = {.dir_fd = -1};
	int r = open_output(path, &output, err);

	if (r >= 0)
		r = check_output(&output, err);
	if (r >= 0)
		r = write_output(&output, aci_fd, err);
	if (output.dir_fd >= 0)
		close(output.dir_fd);
	free(output.draft);
	return r < 0 ? error_wrap(err, "cannot write '%s'", path) : r;
}

static int run_image_export(struct host *host, int argc, char **argv, struct error *err)
{
	autofree char *aci = NULL;
	autoclose int fd = -1;
	struct store *store;
	struct image_id id;

	if (argc != 2)
		return error_set(err, USAGE_ERROR, "takes an image and a file");
	if (host_store(host, &store, err) < 0 ||
	    finder_resolve(store, argv[0], &id, err) < 0)
		return err->code;
	aci = memory_format("%s/aci", id.text);
	fd = path_open(store_images_fd(store), aci, PATH_OURS, O_RDONLY, err);
	return fd < 0 ? fd : export_to(argv[1], fd, err);
}

const struct command cmd_image_export = {
	.name = "image export",
	.args = "[OPTIONS] IMAGE FILE",
	.summary = "write an image of the store to a file",
	.about = "Writes an image of the store to FILE, with the very bytes that were "
		 "fetched, so that a signature made for them still fits.",
	.options = options,
	.run = run_image_export,
};
