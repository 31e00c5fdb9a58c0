/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/pod/pods.h"

static bool pretty = true;
static const char *uuid_file;

static const struct option_spec options[] = {
	{.name = "pretty-print",
         .help = "indent",
         .initial = "true",
         .parse = option_flag,
         .value = &pretty},
	OPTION_VALUE("uuid-file", "FILE", option_text, &uuid_file,
                     "read the UUID from FILE"),
	{0},
};

static int run_cat_manifest(struct host *host, int argc, char **argv, struct error *err)
{
	autoclear(pod_manifest) manifest = {0};
	autoptr(pod) pod = NULL;
	autoclear(buf) text = {0};
	int data_fd;

	if (argc != (uuid_file ? 0 : 1))
		return error_set(err, USAGE_ERROR, "takes one UUID or --uuid-file");
	data_fd = host_data_dir(host, false, err);
	if (data_fd < 0 || pod_open_by(&pod, data_fd, argv[0], uuid_file, err) < 0)
		return error_wrap(err, "problem retrieving pod");
	if (pod_read_manifest(pod, &manifest, err) < 0)
		return err->code;
	pod_manifest_encode(&manifest, pretty ? SCHEMA_PRETTY : SCHEMA_COMPACT, &text);
	buf_char(&text, '\n');
	return file_write(STDOUT_FILENO, text.data, text.len, err);
}

const struct command cmd_cat_manifest = {
	.name = "cat-manifest",
	.args = "[OPTIONS] UUID",
	.summary = "print the manifest of a pod",
	.about = "Prints the pod manifest of the pod that UUID, or a prefix of one, "
		 "names.",
	.options = options,
	.run = run_cat_manifest,
};
