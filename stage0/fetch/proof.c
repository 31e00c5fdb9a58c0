/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/proof.h"

#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/memory.h"
#include "stage0/fetch/key_review.h"

void proof_clear(struct proof *proof)
{
	buf_clear(&proof->text);
	free(proof->origin);
	verifier_free(proof->verifier);
	verdict_clear(&proof->verdict);
	*proof = (struct proof){0};
}

/* "x.aci.asc" beside "x.aci"; of a URL, before what follows the path. */
char *proof_place(const char *image)
{
	bool is_url = strncasecmp(image, "https://", 8) == 0 ||
	              strncasecmp(image, "http://", 7) == 0;
	size_t path = is_url ? strcspn(image, "?#") : strlen(image);

	return memory_format("%.*s.asc%s", (int)path, image, image + path);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return end_len && len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Adds for which prefixes the key KEY_ID, the end of its fingerprint, is trusted. */
static void add_prefixes(const struct keystore *keystore, const char *key_id,
                         struct buf *text)
{
	autoclear(trusted_keys) keys = {0};
	const char *before = "trusted for", *last = NULL;
	struct error ignored;

	if (!key_id || keystore_list(keystore, &keys, &ignored) < 0)
		return;
	for (size_t i = 0; i < keys.count; i++) {
		const struct trusted_key *key = &keys.items[i];

		if (!*key->text || key->hidden_by || !ends_with(key->fingerprint, key_id))
			continue;
		if (last && strcmp(last, key->prefix) == 0)
			continue;
		last = key->prefix;
		if (*key->prefix)
			buf_format(text, "%s '%s'", before, key->prefix);
		else
			buf_format(text, "%s all but what masks it", before);
		before = ",";
	}
}

/* "gantry trust --prefix=example.com/app", with the keys' place if nothing says it. */
static char *mending(const struct wanted *wanted, const char *name)
{
	const char *program = host_program(wanted->fetching->host);

	return name ? memory_format("%s trust --prefix=%s%s", program, name,
	                            wanted->ref.kind == REFERENCE_NAME ? "" : " KEY-FILE")
	            : memory_format("%s trust --prefix=PREFIX KEY-FILE", program);
}

/* NAME is NULL while it is not known. */
static int refuse(const struct wanted *wanted, const struct keystore *keystore,
                  const struct verdict *verdict, const char *name, struct error *err)
{
	const char *key = verdict->fingerprint ? verdict->fingerprint : verdict->key_id;
	autofree char *mend = mending(wanted, name);
	autoclear(buf) prefixes = {0};

	add_prefixes(keystore, key, &prefixes);
	if (!name)
		return error_set(err, -EKEYREJECTED,
		                 "signed by the key %s, which is not trusted (if it "
		                 "should be: %s)",
		                 key ? key : "?", mend);
	return error_set(err, -EKEYREJECTED,
	                 "signed by the key %s, which is not trusted for '%s' (%s%sif it "
	                 "should be: %s)",
	                 key ? key : "?", name, buf_string(&prefixes),
	                 prefixes.len ? "; " : "", mend);
}

static int start(const struct wanted *wanted, const struct keystore *keystore,
                 struct proof *proof, struct error *err)
{
	autoclear(trusted_keys) keys = {0};
	int r = wanted->ref.kind == REFERENCE_NAME
	                ? keystore_for_name(keystore, wanted->ref.text, &keys, err)
	                : keystore_all(keystore, &keys, err);

	if (r < 0)
		return r;
	verdict_clear(&proof->verdict);
	return verifier_start(&keys, proof->text.data, proof->text.len, &proof->verifier,
	                      &proof->verdict, err);
}

/* Keys are looked for when none for the name's own prefix is there (rkt 4.4), and no other
 * key will do. Returns whether there may be new ones now. */
static int find_keys(const struct wanted *wanted, const struct keystore *keystore,
                     struct error *err)
{
	const char *name = wanted->ref.text;
	int r;

	if (wanted->ref.kind != REFERENCE_NAME)
		return false;
	r = keystore_has_prefix_key(keystore, name, err);
	if (r > 0)
		log_debug("image: keys already exist for prefix \"%s\", not fetching "
		          "again",
		          name);
	if (r != 0)
		return r < 0 ? r : false;
	key_review_for_name(wanted->fetching->host, name);
	return true;
}

static int begin(const struct wanted *wanted, const struct keystore *keystore,
                 struct proof *proof, struct error *err)
{
	const char *name = wanted->ref.kind == REFERENCE_NAME ? wanted->ref.text : NULL;
	int r = start(wanted, keystore, proof, err);

	if (r != VERIFY_UNKNOWN_KEY)
		return r;
	r = find_keys(wanted, keystore, err);
	if (r > 0)
		r = start(wanted, keystore, proof, err);
	else if (r == 0)
		r = VERIFY_UNKNOWN_KEY;
	if (r != VERIFY_UNKNOWN_KEY)
		return r;
	return refuse(wanted, keystore, &proof->verdict, name, err);
}

int proof_begin(const struct wanted *wanted, struct proof *proof, struct error *err)
{
	const struct keystore *keystore = host_keystore(wanted->fetching->host);

	if (begin(wanted, keystore, proof, err) < 0)
		return error_wrap(err, "signature '%s'", proof->origin);
	return 0;
}

int proof_end(const struct wanted *wanted, struct proof *proof, struct error *err)
{
	struct crew *crew = wanted->fetching->crew;
	int r;

	verdict_clear(&proof->verdict);
	crew_rest(crew);
	r = verifier_end(proof->verifier, &proof->verdict, err);
	crew_resume(crew);
	return r < 0 ? error_wrap(err, "signature '%s'", proof->origin) : 0;
}

int proof_covers(const struct wanted *wanted, const struct proof *proof, const char *name,
                 struct error *err)
{
	const struct keystore *keystore = host_keystore(wanted->fetching->host);
	int r = keystore_covers(keystore, name, proof->verdict.fingerprint, err);

	if (r == 0)
		r = refuse(wanted, keystore, &proof->verdict, name, err);
	if (r < 0)
		return error_wrap(err, "signature '%s'", proof->origin);
	log_warning("image: signature verified:");
	for (size_t i = 0; i < proof->verdict.identities.count; i++)
		log_warning("  %s", proof->verdict.identities.items[i]);
	return 0;
}
