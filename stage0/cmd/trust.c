/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "stage0/command.h"
#include "stage0/config/keystore.h"
#include "stage0/fetch/key_review.h"

static const char *prefix;
static bool root;
static bool skip_review;
static bool allow_http;

static const struct option_spec options[] = {
	OPTION_FLAG("insecure-allow-http", &allow_http,
                    "take keys that come over plain http"),
	OPTION_VALUE("prefix", "NAME", option_text, &prefix,
                     "trust keys to sign the image NAME and those below it"),
	OPTION_FLAG("root", &root, "trust keys to sign any image"),
	OPTION_FLAG("skip-fingerprint-review", &skip_review,
                    "store keys without asking: you know their fingerprints"),
	{0},
};

/* Whom keys are trusted for is never guessed. */
static int check_options(int keys, struct error *err)
{
	const char *wrong;

	if (root && prefix)
		return error_set(err, -EINVAL,
		                 "--root and --prefix exclude each other: a key is "
		                 "trusted for all images, or for those with a prefix");
	if (!root && !prefix)
		return error_set(
			err, -EINVAL,
			"say what %s may sign: --prefix=NAME for the image NAME and "
			"those below it, as --prefix=example.com, or --root for any "
			"image",
			keys ? "the keys" : "keys");
	if (root && !keys)
		return error_set(err, -EINVAL,
		                 "--root needs the keys' files or URLs: only a prefix "
		                 "says where to look for its keys");
	if (prefix && strstr(prefix, "://"))
		return error_set(err, -EINVAL,
		                 "--prefix is a beginning of names, without a scheme: "
		                 "'%s'",
		                 strstr(prefix, "://") + strlen("://"));
	wrong = prefix ? keystore_check_prefix(prefix) : NULL;
	if (wrong)
		return error_set(err, -EINVAL, "--prefix %s: '%s'", wrong, prefix);
	return 0;
}

static int run_trust(struct host *host, int argc, char **argv, struct error *err)
{
	unsigned insecure = host_insecure(host);
	const struct key_review review = {
		.prefix = prefix ? prefix : "",
		.skip = skip_review,
		.trust_https = host_trusts_https(host),
		.allow_http = allow_http || insecure & INSECURE_PUBKEY,
		.insecure_tls = insecure & (INSECURE_PUBKEY | INSECURE_TLS),
		.discover_http = insecure & INSECURE_HTTP,
		.shown_fd = STDOUT_FILENO,
	};
	int r = check_options(argc, err);

	if (r >= 0 && insecure & INSECURE_IMAGE)
		return error_set(err, -EINVAL,
		                 "could not get the keystore: --insecure-options=image "
		                 "does without it");
	if (r >= 0 && !argc)
		r = key_review_discovered(host, &review, err);
	for (int i = 0; r >= 0 && i < argc; i++)
		r = key_review_location(host, &review, argv[i], err);
	return r < 0 ? r : 0;
}

const struct command cmd_trust = {
	.name = "trust",
	.args = "[OPTIONS] [PUBKEY...]",
	.summary = "trust keys that sign images",
	.about = "Shows each key and asks whether it is to be trusted. PUBKEY is a file "
		 "or an https URL. Without one the keys are looked for where the "
		 "prefix's own site says they are.",
	.options = options,
	.run = run_trust,
};
