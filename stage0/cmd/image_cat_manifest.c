/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/image_manifest.h"
#include "common/file.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/host.h"
#include "stage0/store/store.h"

static bool pretty_print = true;

static const struct option_spec options[] = {
	{.name = "pretty-print",
         .help = "indent the manifest",
         .initial = "true",
         .parse = option_flag,
         .value = &pretty_print},
	{0},
};

static int run_image_cat_manifest(struct host *host, int argc, char **argv,
                                  struct error *err)
{
	autoclear(image_manifest) manifest = {0};
	autoclear(buf) text = {0};
	struct store *store;
	struct image_id id;
	int r;

	if (argc != 1)
		return error_set(err, USAGE_ERROR, "takes one image");
	if (host_store(host, &store, err) < 0 ||
	    finder_resolve(store, argv[0], &id, err) < 0)
		return err->code;
	r = store_manifest(store, &id, &manifest, err);
	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "image '%s' is gone", argv[0]);
	if (r < 0)
		return r;
	image_manifest_encode(&manifest, pretty_print ? SCHEMA_PRETTY : SCHEMA_COMPACT,
	                      &text);
	buf_char(&text, '\n');
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

const struct command cmd_image_cat_manifest = {
	.name = "image cat-manifest",
	.args = "[OPTIONS] IMAGE",
	.summary = "print the manifest of an image",
	.about = "Prints the manifest of an image in the store. IMAGE is an ID, the "
		 "beginning of one with at least two digits (sha512-ab), or a name: "
		 "example.com/web, example.com/web:1.2, example.com/web,arch=amd64.",
	.options = options,
	.run = run_image_cat_manifest,
};
