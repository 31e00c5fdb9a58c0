/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/host.h"
#include "stage0/store/arrival.h"

static bool overwrite;

static const struct option_spec options[] = {
	OPTION_FLAG("overwrite", &overwrite, "replace the file if it is there"),
	{0},
};

/* Where a file goes: a directory that the user named, and a name in it. */
struct output {
	const char *path;
	int from_fd;
	int dir_fd;
	char *name;
	char *draft; /* the name it has until it is whole */
	bool drafted;
};

/* The archive, and its signature if it has one. */
struct outputs {
	struct output items[2];
	size_t count;
};

static void outputs_clear(struct outputs *outputs)
{
	struct error ignored;

	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->items[i];

		if (output->drafted)
			(void)!path_remove(output->dir_fd, output->draft, &ignored);
		if (output->dir_fd >= 0)
			close(output->dir_fd);
		if (output->from_fd >= 0)
			close(output->from_fd);
		free(output->name);
		free(output->draft);
	}
}

static int open_output(const char *path, struct output *output, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? memory_bytes(path, (size_t)(slash - path) + 1)
	                           : memory_text(".");

	output->name = memory_text(slash ? slash + 1 : path);
	if (!*output->name || strcmp(output->name, ".") == 0 ||
	    strcmp(output->name, "..") == 0)
		return error_set(err, -EISDIR, "is a directory");
	output->dir_fd = path_open(AT_FDCWD, dir, PATH_HOST, O_RDONLY | O_DIRECTORY, err);
	output->draft = memory_format(".%s.%d", output->name, (int)getpid());
	return output->dir_fd < 0 ? output->dir_fd : 0;
}

/* A file may be replaced, but no device, link or directory. */
static int check_output(struct output *output, struct error *err)
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
	return n < 0 ? error_errno(err, "cannot copy it") : 0;
}

static int write_draft(struct output *output, struct error *err)
{
	int fd = path_create(output->dir_fd, output->draft, 0644, err);
	int r;

	if (fd < 0)
		return fd;
	output->drafted = true;
	r = copy(output->from_fd, fd, err);
	if (close(fd) < 0 && r >= 0)
		r = error_errno(err, "cannot write");
	return r;
}

static int publish(struct output *output, struct error *err)
{
	int r = overwrite ? path_rename(output->dir_fd, output->draft, output->dir_fd,
	                                output->name, err)
	                  : path_rename_new(output->dir_fd, output->draft, output->dir_fd,
	                                    output->name, err);

	if (r >= 0)
		output->drafted = false;
	return r;
}

typedef int output_step(struct output *output, struct error *err);

/* Nothing has its name before all is there; the archive is last, as it asks for the rest. */
static int write_all(struct outputs *outputs, struct error *err)
{
	static output_step *const steps[] = {check_output, write_draft, publish};

	for (size_t step = 0; step < sizeof(steps) / sizeof(*steps); step++)
		for (size_t i = outputs->count; i-- > 0;)
			if (steps[step](&outputs->items[i], err) < 0)
				return error_wrap(err, "cannot write '%s'",
				                  outputs->items[i].path);
	return 0;
}

/* Adds the image's FILE, to be written as PATH. */
static int add_output(struct outputs *outputs, struct store *store,
                      const struct image_id *id, const char *file, const char *path,
                      struct error *err)
{
	autofree char *from = memory_format("%s/%s", id->text, file);
	struct output *output = &outputs->items[outputs->count++];

	*output = (struct output){.path = path, .dir_fd = -1};
	output->from_fd = path_open(store_images_fd(store), from, PATH_OURS, O_RDONLY,
	                            err);
	if (output->from_fd < 0)
		return output->from_fd;
	if (open_output(path, output, err) < 0)
		return error_wrap(err, "cannot write '%s'", path);
	return 0;
}

static int run_image_export(struct host *host, int argc, char **argv, struct error *err)
{
	autoclear(outputs) outputs = {0};
	autofree char *signature = NULL;
	struct store *store;
	struct image_id id;
	int r;

	if (argc != 2)
		return error_set(err, USAGE_ERROR, "takes an image and a file");
	if (host_store(host, &store, err) < 0 ||
	    finder_resolve(store, argv[0], &id, err) < 0)
		return err->code;
	signature = memory_format("%s.asc", argv[1]);
	r = add_output(&outputs, store, &id, ARRIVAL_ACI, argv[1], err);
	if (r < 0)
		return r;
	r = add_output(&outputs, store, &id, ARRIVAL_SIGNATURE, signature, err);
	if (r == -ENOENT)
		outputs.count--;
	else if (r < 0)
		return r;
	return write_all(&outputs, err);
}

const struct command cmd_image_export = {
	.name = "image export",
	.args = "[OPTIONS] IMAGE FILE",
	.summary = "write an image of the store to a file",
	.about = "Writes an image of the store to FILE, with the very bytes that were "
		 "fetched, so that a signature made for them still fits. If it came with "
		 "one, that is written to FILE.asc.",
	.options = options,
	.run = run_image_export,
};
