/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/output_dir.h"
#include "stage0/store/arrival.h"
#include "stage0/store/unpack.h"

static bool overwrite, rootfs_only;

static const struct option_spec options[] = {
	OPTION_FLAG("overwrite", &overwrite, "replace the directory if it is there"),
	OPTION_FLAG("rootfs-only", &rootfs_only,
                    "write the content of the root file system only"),
	{0},
};

/* Unpacks the archive of ID in the draft, which is all that the program that does it sees. */
static int unpack(struct store *store, const struct image_id *id, int draft_fd,
                  struct error *err)
{
	autofree char *path = memory_format("%s/" ARRIVAL_ACI, id->text);
	autoclose int fd = path_open(store_images_fd(store), path, PATH_OURS, O_RDONLY,
	                             err);
	struct import_answer answer;
	struct image_id found;
	int r;

	if (fd < 0)
		return fd;
	r = unpack_archive(&(struct unpack){.name = id->text,
	                                    .archive_fd = fd,
	                                    .work_fd = draft_fd,
	                                    .whole = true},
	                   &answer, &found, err);
	if (r >= 0 && strcmp(found.text, id->text) != 0)
		r = error_set(err, -EBADMSG,
		              "the archive in the store has become another: '%s'",
		              found.text);
	return r < 0 ? error_wrap(err, "image '%s'", id->text) : r;
}

/* Adds to the root file system in the draft what else an archive has. */
static int complete(int draft_fd, struct error *err)
{
	int r = path_rename_new(draft_fd, IMPORT_MANIFEST, draft_fd,
	                        IMPORT_UNPACKED "/" IMPORT_MANIFEST, err);

	if (r >= 0)
		r = path_remove_tree(draft_fd, IMPORT_UNPACKED "/" IMPORT_IMPLICIT, err);
	return r;
}

static int run_image_extract(struct host *host, int argc, char **argv, struct error *err)
{
	autoptr(output_dir) output = NULL;
	struct store *store;
	struct image_id id;
	struct tree_id unused;
	int r;

	if (argc != 2)
		return error_set(err, USAGE_ERROR, "takes an image and a directory");
	/* Looking for its tree marks the image as used. */
	if (host_store(host, &store, err) < 0 ||
	    finder_resolve(store, argv[0], &id, err) < 0 ||
	    store_tree(store, &id, &unused, err) < 0 ||
	    output_dir_begin(host, argv[1], overwrite, &output, err) < 0)
		return err->code;
	r = unpack(store, &id, output_dir_fd(output), err);
	if (r >= 0 && !rootfs_only)
		r = complete(output_dir_fd(output), err);
	if (r < 0)
		return r;
	return output_dir_publish(
		output, rootfs_only ? IMPORT_UNPACKED "/rootfs" : IMPORT_UNPACKED, err);
}

const struct command cmd_image_extract = {
	.name = "image extract",
	.args = "[OPTIONS] IMAGE DIR",
	.summary = "write the content of an image to a directory",
	.about = "Writes what the archive of an image has in it to the new directory "
		 "DIR: a file 'manifest' and a directory 'rootfs', with their owners and "
		 "modes. What the image takes from the images it depends on is left out; "
		 "see 'image render'.",
	.options = options,
	.needs = NEEDS_ROOT,
	.run = run_image_extract,
};
