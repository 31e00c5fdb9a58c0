/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/verify.h"

#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/openpgp.h"

static struct error err;

/* A check of FILE by SIGNATURE with the one trusted KEY, which is WHOSE. */
struct check {
	const char *signature, *whose, *key;
	int outcome;
	struct verdict verdict;
};

static void check_clear(struct check *check)
{
	verdict_clear(&check->verdict);
}

/* Feeds FILE in two parts. */
static int feed(struct verifier *verifier, const struct buf *file)
{
	size_t half = file->len / 2;

	if (verifier_add(verifier, file->data, half, &err) < 0)
		return err.code;
	return verifier_add(verifier, file->data + half, file->len - half, &err);
}

static int verify(struct check *check, const struct trusted_keys *keys,
                  const struct buf *signature, const struct buf *file)
{
	autoptr(verifier) verifier = NULL;
	autoclear(verdict) early = {0};
	int r = verifier_start(keys, signature->data, signature->len, &verifier, &early,
	                       &err);

	if (r == VERIFY_UNKNOWN_KEY) {
		assert_null(verifier);
		check->verdict.key_id = take(early.key_id);
	}
	if (r != VERIFY_GOOD)
		return r;
	if (feed(verifier, file) < 0)
		return err.code;
	return verifier_end(verifier, &check->verdict, &err);
}

static void run(struct check *check, const char *file_name)
{
	autoclear(buf) signature = {0}, key = {0}, file = {0};
	autofree char *fingerprint = vector_fingerprint(check->whose);
	struct trusted_key trusted = {.fingerprint = fingerprint};
	const struct trusted_keys keys = {{&trusted, 1}};

	vector_read(check->signature, &signature);
	vector_read(check->key, &key);
	vector_read(file_name, &file);
	trusted.path = memory_text(check->key);
	trusted.text = key.data;
	check->outcome = verify(check, &keys, &signature, &file);
	free(trusted.path);
}

/* Fails unless that says WHY. */
static void refuses(const char *signature, const char *whose, const char *key,
                    const char *why)
{
	autoclear(check) check = {signature, whose, key};

	run(&check, "file");
	if (check.outcome >= 0 || !strstr(err.text, why))
		print_error("%s with %s: %d '%s', not '%s'\n", signature, key,
		            check.outcome, err.text, why);
	assert_true(check.outcome < 0);
	assert_non_null(strstr(err.text, why));
	assert_null(check.verdict.fingerprint);
}

static void accepts(const char *signature, const char *whose, const char *key)
{
	autoclear(check) check = {signature, whose, key};
	autofree char *fingerprint = vector_fingerprint(whose);

	run(&check, "file");
	if (check.outcome != VERIFY_GOOD)
		print_error("%s: %s\n", signature, err.text);
	assert_int_equal(check.outcome, VERIFY_GOOD);
	assert_string_equal(check.verdict.fingerprint, fingerprint);
	assert_int_equal(check.verdict.signed_at, 1577836800);
}

test(a_good_signature_tells_who_made_it)
{
	autoclear(check) check = {"good.asc", "ann", "ann.key"};
	autofree char *fingerprint = vector_fingerprint("ann");

	run(&check, "file");
	assert_int_equal(check.outcome, VERIFY_GOOD);
	assert_string_equal(check.verdict.fingerprint, fingerprint);
	assert_string_equal(check.verdict.key_id, fingerprint + 40 - 16);
	assert_int_equal(check.verdict.identities.count, 1);
	assert_string_equal(check.verdict.identities.items[0], "Ann <ann@example.test>");
	assert_int_equal(check.verdict.expires, 0);
}

test(good_signatures_of_every_form_are_accepted)
{
	accepts("good.asc", "ann", "ann.key");
	accepts("good.sig", "ann", "ann.key");
	accepts("notation.asc", "ann", "ann.key");
	accepts("bob.asc", "bob", "bob.key");
	accepts("bob-subkey.asc", "bob", "bob.key");
}

test(what_was_not_signed_is_refused)
{
	autoclear(check) check = {"good.asc", "ann", "ann.key"};

	run(&check, "fingerprints");
	assert_true(check.outcome < 0);
	assert_non_null(
		strstr(err.text, "(Ann <ann@example.test>): it is not of these bytes"));
}

test(an_unknown_key_is_told_before_the_file_is_read)
{
	autoclear(check) check = {"good.asc", "bob", "bob.key"};
	autofree char *fingerprint = vector_fingerprint("ann");

	run(&check, "file");
	assert_int_equal(check.outcome, VERIFY_UNKNOWN_KEY);
	assert_string_equal(check.verdict.key_id, fingerprint + 40 - 16);
}

test(nothing_but_one_detached_signature_is_taken_for_one)
{
	refuses("clear-signed.asc", "ann", "ann.key",
	        "it is a text with a signature in it");
	refuses("inline.asc", "ann", "ann.key",
	        "it is a message, not a detached signature");
	refuses("inline.sig", "ann", "ann.key", "not a detached signature");
	refuses("two.sig", "ann", "ann.key", "another signature comes after it");
	refuses("text-mode.asc", "ann", "ann.key", "it is of a text");
	refuses("sha1.asc", "ann", "ann.key", "weak hash SHA-1");
	refuses("sha224.asc", "ann", "ann.key", "weak hash SHA-224");
	refuses("ann.key", "ann", "ann.key", "it is a public key");
}

test(what_is_no_longer_good_is_refused)
{
	refuses("expired.asc", "ann", "ann.key", "it has expired");
	refuses("cid-expired.asc", "cid", "cid-expired.key",
	        "(Cid <cid@example.test>): its key has expired");
	refuses("dan-revoked.asc", "dan", "dan-revoked.key", "its key was revoked");
}

test(a_key_must_be_the_one_that_its_file_is_named_after)
{
	refuses("good.asc", "bob", "ann.key", "trusted key 'ann.key': it has the key");
	refuses("good.asc", "ann", "two-keys.key",
	        "trusted key 'two-keys.key': it is not only one block");
	refuses("good.asc", "ann", "two-in-one.key",
	        "trusted key 'two-in-one.key': it has more than one key");
	refuses("good.asc", "ann", "private.key", "it is a private key");
	refuses("good.asc", "ann", "good.asc", "it is a signature");
}

test(a_subkey_signs_only_for_the_key_that_it_belongs_to)
{
	refuses("bob-subkey.asc", "bob", "bob-uncrossed.key", "signature by key");
	refuses("bob-subkey.asc", "ann", "ann-stolen-subkey.key", "signature by key");
}

test(what_a_key_says_of_others_is_not_believed)
{
	autoclear(check) check = {"good.asc", "ann", "ann-stolen-identity.key"};

	run(&check, "file");
	assert_int_equal(check.outcome, VERIFY_GOOD);
	assert_int_equal(check.verdict.identities.count, 1);
	assert_string_equal(check.verdict.identities.items[0], "Ann <ann@example.test>");
}

test(identities_have_no_control_characters)
{
	autoclear(check) check = {"bob.asc", "bob", "bob.key"};

	run(&check, "file");
	assert_int_equal(check.verdict.identities.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_null(strchr(check.verdict.identities.items[i], 0x1b));
		assert_null(strstr(check.verdict.identities.items[i], "\u202e"));
	}
}

/* Whether the file is found good with these bytes. */
static bool is_good(const struct buf *signature, struct buf *key, const struct buf *file)
{
	autofree char *fingerprint = vector_fingerprint("ann");
	struct trusted_key trusted = {
		.fingerprint = fingerprint, .path = fingerprint, .text = key->data};
	const struct trusted_keys keys = {{&trusted, 1}};
	autoclear(check) check = {0};

	return verify(&check, &keys, signature, file) == VERIFY_GOOD;
}

/* Every STEPth byte from the FIRST one on of PART, which is one of the three. */
static void turn_bits(struct buf *part, size_t first, size_t step,
                      const struct buf *signature, struct buf *key,
                      const struct buf *file)
{
	bool good = is_good(signature, key, file);

	assert_true(good);
	for (size_t i = first; i < part->len; i += step) {
		part->data[i] ^= 1;
		good = is_good(signature, key, file);
		if (good)
			print_error("byte %zu of %zu does not matter\n", i, part->len);
		assert_false(good);
		part->data[i] ^= 1;
	}
}

test(no_turned_bit_goes_unnoticed)
{
	/* Two bytes after the areas repeat those that the file's digest begins with, for
	 * readers in a hurry: no others need them. */
	enum { NUMBERS = 2 + 4 + 2 + 29 + 2 + 10 + 2 };
	autoclear(buf) binary = {0}, armored = {0}, key = {0}, file = {0}, head = {0};

	vector_read("good.sig", &binary);
	vector_read("good.asc", &armored);
	vector_read("ann.key", &key);
	vector_read("file", &file);
	turn_bits(&binary, NUMBERS, 5, &binary, &key, &file);
	head = binary;
	head.len = NUMBERS - 2;
	turn_bits(&head, 0, 3, &binary, &key, &file);
	head = (struct buf){0};
	turn_bits(&armored, 0, 7, &armored, &key, &file);
	turn_bits(&key, 0, 11, &armored, &key, &file);
	turn_bits(&file, 0, 5, &armored, &key, &file);
}

/* One of Ann's good signature, which has not read anything yet. */
static struct verifier *start(void)
{
	autoclear(buf) signature = {0}, key = {0};
	autofree char *fingerprint = vector_fingerprint("ann");
	struct trusted_key trusted = {.fingerprint = fingerprint};
	const struct trusted_keys keys = {{&trusted, 1}};
	autoclear(verdict) verdict = {0};
	struct verifier *verifier = NULL;

	vector_read("good.asc", &signature);
	vector_read("ann.key", &key);
	trusted.path = fingerprint;
	trusted.text = key.data;
	assert_int_equal(verifier_start(&keys, signature.data, signature.len, &verifier,
	                                &verdict, &err),
	                 VERIFY_GOOD);
	return verifier;
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* The one child of the process PID. */
static pid_t child_of(pid_t pid)
{
	autofree char *path = memory_format("/proc/%d/task/%d/children", (int)pid,
	                                    (int)pid);
	autoclear(buf) text = {0};
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY, &err);

	assert_true(fd >= 0);
	assert_int_equal(file_read(fd, 1 << 10, &text, &err), 0);
	assert_true(text.len > 0);
	return (pid_t)strtol(text.data, NULL, 10);
}

test(a_verifier_may_be_given_up_half_way)
{
	struct verifier *verifier = start();

	assert_int_equal(verifier_add(verifier, "these", 5, &err), 0);
	verifier_free(verifier);
	assert_no_child();
}

test(a_child_that_dies_is_an_error_and_nothing_hangs)
{
	autoptr(verifier) verifier = start();
	autoclear(verdict) verdict = {0};
	char part[4096] = "";

	assert_int_equal(kill(child_of(getpid()), SIGKILL), 0);
	while (verifier_add(verifier, part, sizeof(part), &err) == 0)
		;
	assert_string_equal(err.text, "the import program was killed by signal 9");
	assert_true(verifier_end(verifier, &verdict, &err) < 0);
	assert_null(verdict.fingerprint);
	assert_no_child();
}

test(a_child_that_neither_answers_nor_ends_is_ended)
{
	autoptr(verifier) verifier = start();
	autoclear(verdict) verdict = {0};
	pid_t child = child_of(getpid());

	assert_int_equal(kill(child, SIGSTOP), 0);
	assert_int_equal(kill(child_of(child), SIGKILL), 0);
	assert_true(verifier_end(verifier, &verdict, &err) < 0);
	assert_string_equal(err.text, "the import program was killed by signal 9");
	assert_no_child();
}

test(no_trusted_keys_know_no_key)
{
	autoclear(buf) signature = {0};
	const struct trusted_keys keys = {{0}};
	autoclear(verdict) verdict = {0};
	struct verifier *verifier = NULL;

	vector_read("good.asc", &signature);
	assert_int_equal(verifier_start(&keys, signature.data, signature.len, &verifier,
	                                &verdict, &err),
	                 VERIFY_UNKNOWN_KEY);
}

static int read_keys(const char *name, struct pubkeys *keys)
{
	autoclear(buf) text = {0};

	vector_read(name, &text);
	return pubkeys_read(text.data, text.len, keys, &err);
}

test(keys_are_taken_apart)
{
	autoclear(pubkeys) keys = {0}, again = {0};
	autofree char *ann = vector_fingerprint("ann"), *bob = vector_fingerprint("bob");
	autofree char *subkey = vector_fingerprint("bob-subkey");

	assert_int_equal(read_keys("two-keys.key", &keys), 0);
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0].fingerprint, ann);
	assert_string_equal(keys.items[1].fingerprint, bob);
	assert_int_equal(keys.items[1].subkeys.count, 1);
	assert_string_equal(keys.items[1].subkeys.items[0], subkey);
	assert_int_equal(keys.items[1].identities.count, 2);
	assert_int_equal(keys.items[0].created, 1577836800);
	assert_int_equal(keys.items[0].expires, 0);
	assert_false(keys.items[0].expired || keys.items[0].revoked);
	assert_int_equal(pubkeys_read(keys.items[1].armored,
	                              strlen(keys.items[1].armored), &again, &err),
	                 0);
	assert_int_equal(again.count, 1);
	assert_string_equal(again.items[0].fingerprint, bob);
	assert_int_equal(again.items[0].subkeys.count, 1);
}

test(keys_tell_that_they_are_no_longer_good)
{
	autoclear(pubkeys) cid = {0}, dan = {0};

	assert_int_equal(read_keys("cid-expired.key", &cid), 0);
	assert_true(cid.items[0].expired);
	assert_int_equal(cid.items[0].expires, 1580515200);
	assert_int_equal(read_keys("dan-revoked.key", &dan), 0);
	assert_true(dan.items[0].revoked);
}

test(a_stored_key_has_only_what_is_its_own)
{
	autoclear(pubkeys) keys = {0}, stolen = {0};

	assert_int_equal(read_keys("ann-stolen-subkey.key", &keys), 0);
	assert_int_equal(keys.items[0].subkeys.count, 0);
	assert_int_equal(read_keys("ann-stolen-identity.key", &stolen), 0);
	assert_int_equal(stolen.items[0].identities.count, 1);
}

static void refuses_keys(const char *name, const char *why)
{
	autoclear(pubkeys) keys = {0};

	assert_true(read_keys(name, &keys) < 0);
	if (!strstr(err.text, why))
		print_error("%s: '%s', not '%s'\n", name, err.text, why);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(keys.count, 0);
}

test(only_public_keys_are_keys)
{
	refuses_keys("private.key", "private key");
	refuses_keys("private-binary.key", "private key");
	refuses_keys("good.asc", "a signature");
	refuses_keys("good.sig", "does not begin with a public key");
	refuses_keys("file", "no public key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_signature_tells_who_made_it),
		cmocka_unit_test(good_signatures_of_every_form_are_accepted),
		cmocka_unit_test(what_was_not_signed_is_refused),
		cmocka_unit_test(an_unknown_key_is_told_before_the_file_is_read),
		cmocka_unit_test(nothing_but_one_detached_signature_is_taken_for_one),
		cmocka_unit_test(what_is_no_longer_good_is_refused),
		cmocka_unit_test(a_key_must_be_the_one_that_its_file_is_named_after),
		cmocka_unit_test(a_subkey_signs_only_for_the_key_that_it_belongs_to),
		cmocka_unit_test(what_a_key_says_of_others_is_not_believed),
		cmocka_unit_test(identities_have_no_control_characters),
		cmocka_unit_test(no_turned_bit_goes_unnoticed),
		cmocka_unit_test(a_verifier_may_be_given_up_half_way),
		cmocka_unit_test(a_child_that_dies_is_an_error_and_nothing_hangs),
		cmocka_unit_test(a_child_that_neither_answers_nor_ends_is_ended),
		cmocka_unit_test(no_trusted_keys_know_no_key),
		cmocka_unit_test(keys_are_taken_apart),
		cmocka_unit_test(keys_tell_that_they_are_no_longer_good),
		cmocka_unit_test(a_stored_key_has_only_what_is_its_own),
		cmocka_unit_test(only_public_keys_are_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
