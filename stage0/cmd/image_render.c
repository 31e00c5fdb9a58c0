/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "common/appc/image_manifest.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/output_dir.h"
#include "stage0/pod/image_check.h"
#include "stage0/store/store.h"
#include "stage0/store/tree_copy.h"

static bool overwrite, rootfs_only;

static const struct option_spec options[] = {
	OPTION_FLAG("overwrite", &overwrite, "replace the directory if it is there"),
	OPTION_FLAG("rootfs-only", &rootfs_only,
                    "write the content of the root file system only"),
	{0},
};

/* What is made in the draft: all that DIR is to be. */
#define RENDERED "rendered"

static int write_manifest(struct store *store, const struct image_id *id, int dir_fd,
                          struct error *err)
{
	autoclear(image_manifest) manifest = {0};
	autoclear(buf) text = {0};
	autoclose int fd = -1;
	int r = store_manifest(store, id, &manifest, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "image '%s' is gone", id->text);
	if (r < 0)
		return r;
	image_manifest_encode(&manifest, SCHEMA_COMPACT, &text);
	r = fd = path_create(dir_fd, "manifest", 0700, err);
	return r < 0 ? r : file_write(fd, text.data, text.len, err);
}

/* A directory for everybody, whatever the caller's umask. */
static int make_top(int draft_fd, struct error *err)
{
	int r = path_make_dir(draft_fd, RENDERED, 0755, err);

	if (r >= 0)
		r = path_set_mode(draft_fd, RENDERED, 0755, err);
	return r < 0 ? r : path_open_dir(draft_fd, RENDERED, err);
}

static int render(struct store *store, const struct image_id *id, int draft_fd,
                  struct error *err)
{
	autofree char *rootfs = NULL;
	autoclose int top = -1;
	struct tree_id tree;
	int r = store_tree(store, id, &tree, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "image '%s' is gone", id->text);
	if (r < 0)
		return r;
	rootfs = memory_format("%s/rootfs", tree.text);
	if (rootfs_only)
		return tree_copy(store_trees_fd(store), rootfs, draft_fd, RENDERED, err);
	r = top = make_top(draft_fd, err);
	if (r >= 0)
		r = write_manifest(store, id, top, err);
	return r < 0 ? r : tree_copy(store_trees_fd(store), rootfs, top, "rootfs", err);
}

static int run_image_render(struct host *host, int argc, char **argv, struct error *err)
{
	autoptr(output_dir) output = NULL;
	struct store *store;
	struct image_id id;

	if (argc != 2)
		return error_set(err, USAGE_ERROR, "takes an image and a directory");
	if (host_store(host, &store, err) < 0 ||
	    finder_resolve(store, argv[0], &id, err) < 0)
		return err->code;
	if (image_check(host, store, &id, argv[0], err) < 0)
		return error_wrap(err, "image '%s'", argv[0]);
	if (output_dir_begin(host, argv[1], overwrite, &output, err) < 0 ||
	    render(store, &id, output_dir_fd(output), err) < 0)
		return err->code;
	return output_dir_publish(output, RENDERED, err);
}

const struct command cmd_image_render = {
	.name = "image render",
	.args = "[OPTIONS] IMAGE DIR",
	.summary = "write an image and what it depends on to a directory",
	.about = "Writes the files that a pod of the image would see to the new "
		 "directory DIR: its manifest, and in 'rootfs' those of the images it "
		 "depends on and its own, with their owners and modes.",
	.options = options,
	.needs = NEEDS_ROOT,
	.run = run_image_render,
};
