/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/config/keystore.h"
#include "stage0/host.h"

enum { DIGITS_MIN = 8 };

static const char *prefix;
static bool root;

static const struct option_spec options[] = {
	OPTION_VALUE("prefix", "NAME", option_text, &prefix,
                     "for the image NAME and those below it"),
	OPTION_FLAG("root", &root, "where it is trusted to sign any image"),
	{0},
};

/* The digits of what people write for a key: "AAAA BBBB ...", "0xAAAA". */
static int read_digits(const char *text, struct buf *digits, struct error *err)
{
	const char *c = strncmp(text, "0x", 2) == 0 ? text + 2 : text;

	for (; *c; c++) {
		if (*c == ' ')
			continue;
		if (!isxdigit((unsigned char)*c))
			return error_set(err, -EINVAL, "'%s' is no fingerprint", text);
		buf_char(digits, (char)tolower((unsigned char)*c));
	}
	if (digits->len < DIGITS_MIN)
		return error_set(err, -EINVAL,
		                 "'%s' is no fingerprint: at least %d digits are needed",
		                 text, DIGITS_MIN);
	return 0;
}

/* Whether DIGITS are the whole, the beginning or, as a key ID is, the end. */
static bool is_meant(const char *fingerprint, const struct buf *digits)
{
	size_t len = strlen(fingerprint);

	return digits->len <= len &&
	       (strncmp(fingerprint, digits->data, digits->len) == 0 ||
	        strcmp(fingerprint + len - digits->len, digits->data) == 0);
}

/* The fingerprint of the one key among KEYS that DIGITS mean; KEYS'. */
static const char *find_key(const struct trusted_keys *keys, const struct buf *digits,
                            struct error *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < keys->count; i++) {
		const char *fingerprint = keys->items[i].fingerprint;

		if (!is_meant(fingerprint, digits) ||
		    (found && strcmp(found, fingerprint) == 0))
			continue;
		if (found) {
			(void)!error_set(err, -EINVAL,
			                 "'%s' is more than one key: '%s' and '%s'",
			                 digits->data, found, fingerprint);
			return NULL;
		}
		found = fingerprint;
	}
	if (!found)
		(void)!error_set(err, -ENOENT, "'%s' is no key that is trusted",
		                 digits->data);
	return found;
}

static void add_place(const char *place, struct buf *out)
{
	buf_text(out, out->len ? ", " : "");
	if (*place)
		buf_format(out, "--prefix=%s", place);
	else
		buf_text(out, "--root");
}

/* The one place where the key counts, if no option says which; KEYS'. */
static const char *find_place(const struct trusted_keys *keys, const char *fingerprint,
                              struct error *err)
{
	autoclear(buf) places = {0};
	const char *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < keys->count; i++) {
		const struct trusted_key *key = &keys->items[i];

		if (strcmp(key->fingerprint, fingerprint) != 0 || !*key->text ||
		    key->hidden_by)
			continue;
		found = key->prefix;
		add_place(found, &places);
		count++;
	}
	if (count == 1)
		return found;
	if (count == 0)
		(void)!error_set(err, -ENOENT, "'%s' is not trusted", fingerprint);
	else
		(void)!error_set(err, -EINVAL, "'%s' is trusted for several: say %s",
		                 fingerprint, buf_string(&places));
	return NULL;
}

static int remove_key(const struct keystore *keystore, const char *text,
                      struct error *err)
{
	autoclear(trusted_keys) keys = {0};
	autoclear(buf) digits = {0};
	autofree char *path = NULL;
	const char *fingerprint, *place = prefix ? prefix : "";
	int r;

	if (read_digits(text, &digits, err) < 0 ||
	    keystore_list(keystore, &keys, err) < 0)
		return err->code;
	fingerprint = find_key(&keys, &digits, err);
	if (fingerprint && !prefix && !root)
		place = find_place(&keys, fingerprint, err);
	if (!fingerprint || !place)
		return err->code;
	r = keystore_remove(keystore, place, fingerprint, &path, err);
	if (r < 0)
		return error_wrap(err, "key '%s'", fingerprint);
	if (*place)
		log_warning("%s key for prefix \"%s\" at \"%s\"",
		            r == KEYSTORE_MASKED ? "masked" : "removed", place, path);
	else
		log_warning("%s root key at \"%s\"",
		            r == KEYSTORE_MASKED ? "masked" : "removed", path);
	return 0;
}

static int run_trust_remove(struct host *host, int argc, char **argv, struct error *err)
{
	const char *wrong = prefix ? keystore_check_prefix(prefix) : NULL;
	int r = 0;

	if (!argc)
		return error_set(err, USAGE_ERROR, "takes the fingerprints of keys");
	if (root && prefix)
		return error_set(err, -EINVAL, "--root and --prefix exclude each other");
	if (wrong)
		return error_set(err, -EINVAL, "--prefix %s: '%s'", wrong, prefix);
	for (int i = 0; r >= 0 && i < argc; i++)
		r = remove_key(host_keystore(host), argv[i], err);
	return r;
}

const struct command cmd_trust_remove = {
	.name = "trust remove",
	.args = "[--prefix=NAME | --root] FINGERPRINT...",
	.summary = "trust a key no longer",
	.about = "Removes the key from the local configuration. A key of the vendor's, "
		 "and one that a shorter prefix or --root has, is masked instead: by "
		 "an empty file of its name. Of a fingerprint the first or last digits "
		 "are enough, eight at least, while they mean one key.",
	.options = options,
	.run = run_trust_remove,
};
