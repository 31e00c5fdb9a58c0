/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/appc/schema.h"
#include "common/file.h"
#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"

enum { SHORT_ID = sizeof("sha512-") - 1 + 32 };

static LIST_OF(struct finder_request) requests;
static bool full;
static bool store_only;
static bool no_store;
static enum pull_policy policy = PULL_UPDATE;
static enum progress_style progress;

/* Belongs to the image before it, which there is (OPTION_APP). */
static int parse_signature(void *value, const char *arg, struct error *err)
{
	struct finder_request *last = &requests.items[requests.count - 1];

	(void)value;
	if (last->signature)
		return error_set(err, -EINVAL, "is given twice for '%s'", last->image);
	last->signature = arg;
	return 0;
}

static const struct option_spec options[] = {
	OPTION_FLAG("full", &full, "print all 64 digits of the IDs"),
	{.name = "no-store",
         .parse = option_flag,
         .value = &no_store,
         .instead = "--pull-policy=update"},
	OPTION_INITIAL("pull-policy", "POLICY", "update", pull_policy_parse, &policy,
                       "when to look beyond the store: never, new or update"),
	PROGRESS_OPTION(&progress),
	{.name = "signature",
         .arg = "FILE",
         .help = "the signature of the image before it",
         .flags = OPTION_APP,
         .parse = parse_signature},
	{.name = "store-only",
         .parse = option_flag,
         .value = &store_only,
         .instead = "--pull-policy=never"},
	{0},
};

/* Images and options in any order (rkt 2.2); an image has no arguments here. */
static int take_images(struct host *host, char **argv, struct error *err)
{
	struct option_tables tables = {{options, host_options(host)}};
	int at = 0, r;

	while (argv[at]) {
		tables.has_image = requests.count > 0;
		r = options_take(&tables, argv, &at, err);
		if (r < 0)
			return error_wrap(err, "unable to parse arguments");
		if (r == OPTIONS_DASHES)
			return error_set(err, -EINVAL,
			                 "unable to parse arguments: app arguments are "
			                 "not for fetch");
		if (r == OPTIONS_WORD && *argv[at] && strcmp(argv[at], "---") != 0)
			list_add(&requests)->image = argv[at];
		at += r == OPTIONS_WORD;
	}
	return 0;
}

static int choose_policy(struct error *err)
{
	if (store_only && no_store)
		return error_set(err, -EINVAL,
		                 "--store-only and --no-store exclude each other");
	if (store_only || no_store)
		policy = store_only ? PULL_NEVER : PULL_UPDATE;
	return 0;
}

/* An ID says nothing of where to fetch the image from. */
static int check_request(const struct finder_request *request, struct error *err)
{
	if (!image_id_is_hash(request->image))
		return 0;
	return error_set(err, -EINVAL,
	                 "image '%s': an image ID says nothing of where to fetch it from",
	                 request->image);
}

static int fetch(struct host *host, struct error *err)
{
	autofree struct image_id *ids = memory_zeroed(requests.count, sizeof(*ids));
	autoclear(buf) lines = {0};

	if (finder_find_all(host, requests.items, requests.count, policy, progress, ids,
	                    err) < 0)
		return err->code;
	for (size_t i = 0; i < requests.count; i++)
		buf_format(&lines, "%.*s\n", full ? (int)sizeof(ids[i].text) : SHORT_ID,
		           ids[i].text);
	return file_write(STDOUT_FILENO, lines.data, lines.len, err);
}

static int run_fetch(struct host *host, int argc, char **argv, struct error *err)
{
	int r;

	(void)argc;
	r = take_images(host, argv, err);
	if (r >= 0)
		r = choose_policy(err);
	if (r >= 0 && !requests.count)
		r = error_set(err, -EINVAL, "must provide at least one image");
	for (size_t i = 0; r >= 0 && i < requests.count; i++)
		r = check_request(&requests.items[i], err);
	if (r >= 0)
		r = fetch(host, err);
	free(requests.items);
	return r;
}

const struct command cmd_fetch = {
	.name = "fetch",
	.args = "[OPTIONS] IMAGE...",
	.summary = "bring images into the store",
	.about = "Brings images, and what they depend on, into the store, and prints "
		 "their IDs. An IMAGE is a name (example.com/app:1.0), a URL "
		 "(https://example.com/app.aci) or a file (./app.aci).\n"
		 "It must be signed by a key that is trusted for its name (see trust), "
		 "or --insecure-options=image be given.",
	.options = options,
	.needs = WORDS_LAST | NEEDS_CONFIG,
	.run = run_fetch,
};

/* rkt's other name for it. */
const struct command cmd_image_fetch = {
	.name = "image fetch",
	.args = "[OPTIONS] IMAGE...",
	.summary = "bring images into the store",
	.options = options,
	.needs = WORDS_LAST | NEEDS_CONFIG | HIDDEN,
	.run = run_fetch,
};
