/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/key_packets.h"

#include "tests/unit/openpgp.h"

static struct error err;

static int read_file(const char *name, bool loose, struct public_keys *keys)
{
	autoclear(buf) text = {0};

	vector_read(name, &text);
	return public_keys_read(text.data, text.len, loose, keys, &err);
}

static void refuses(const void *data, size_t len, const char *why)
{
	autoclear(public_keys) keys = {0};

	assert_true(public_keys_read(data, len, false, &keys, &err) < 0);
	if (!strstr(err.text, why))
		print_error("'%s', not '%s'\n", err.text, why);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(keys.count, 0);
}

test(keys_are_called_as_gpg_calls_them)
{
	autoclear(public_keys) keys = {0};
	autofree char *ann = vector_fingerprint("ann"), *bob = vector_fingerprint("bob");
	autofree char *subkey = vector_fingerprint("bob-subkey");

	assert_int_equal(read_file("two-keys.key", true, &keys), 0);
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0].fingerprint, ann);
	assert_int_equal(keys.items[0].subkeys.count, 0);
	assert_string_equal(keys.items[1].fingerprint, bob);
	assert_int_equal(keys.items[1].subkeys.count, 1);
	assert_string_equal(keys.items[1].subkeys.items[0], subkey);
}

/* RFC 9580, 5.5.4.3: made of what a version 6 key is, without being one. */
test(later_keys_have_longer_names)
{
	autoclear(public_keys) keys = {0};

	assert_int_equal(public_keys_read("\xc6\x01\x06", 3, false, &keys, &err), 0);
	/* SHA-256 of 9b 00 00 00 01 06 */
	assert_string_equal(
		keys.items[0].fingerprint,
		"b94f16686a87bc206256f22f3ef13ddd65ea6a157cbf0f5074bdc54132f36149");
	assert_true(public_key_is(&keys.items[0], "", "b94f16686a87bc20"));
}

test(a_key_is_known_by_its_subkeys_and_by_short_names)
{
	autoclear(public_keys) keys = {0};
	autofree char *bob = vector_fingerprint("bob");
	autofree char *subkey = vector_fingerprint("bob-subkey");

	assert_int_equal(read_file("bob.key", false, &keys), 0);
	assert_true(public_key_is(&keys.items[0], bob, ""));
	assert_true(public_key_is(&keys.items[0], subkey, ""));
	assert_true(public_key_is(&keys.items[0], "", bob + 40 - 16));
	assert_true(public_key_is(&keys.items[0], "", subkey + 40 - 16));
	/* A fingerprint is not known by its end. */
	bob[0] = bob[0] == '0' ? '1' : '0';
	assert_false(public_key_is(&keys.items[0], bob, bob + 40 - 16));
	assert_false(public_key_is(&keys.items[0], "", "0123456789abcdef"));
}

/* A keyring is believed in what it notes of signatures: they are left out. */
test(what_another_gpg_noted_is_left_out)
{
	autoclear(public_keys) plain = {0}, noted = {0};
	autoclear(buf) text = {0};
	const struct buf *packets;

	assert_int_equal(read_file("ann.key", false, &plain), 0);
	packets = &plain.items[0].packets;
	buf_add(&text, packets->data, packets->len);
	buf_add(&text, "\xb0\x02\x00\x03", 4);
	/* A picture, and a signature on it. */
	buf_add(&text, "\xd1\x01x\xc2\x01y", 6);
	assert_int_equal(public_keys_read(text.data, text.len, false, &noted, &err), 0);
	assert_int_equal(noted.items[0].packets.len, packets->len);
	assert_memory_equal(noted.items[0].packets.data, packets->data, packets->len);
}

test(only_public_keys_are_read)
{
	autofree char *large = memory_zeroed(1, KEY_TEXT_MAX + 1);

	refuses("\xc5\x01\x04", 3, "private key");
	refuses("\xc6\x01\x04\xc7\x01\x04", 6, "private key");
	refuses("\xc2\x01\x04", 3, "does not begin with a public key");
	refuses("\xcd\x01x", 3, "does not begin with a public key");
	refuses("\xc6\x01\x04\xcb\x01x", 6, "not only public keys");
	refuses("\xc6\x01\x03", 3, "version 3");
	refuses("\xc6\x01\x07", 3, "version 7");
	refuses("\xc6\x00", 2, "version 0");
	refuses("\xca\x03PGP", 5, "no public key");
	refuses("\xc6\x05\x04", 3, "ends within a packet");
	refuses("", 0, "no public key");
	refuses(large, KEY_TEXT_MAX + 1, "larger than 1024 KiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_called_as_gpg_calls_them),
		cmocka_unit_test(later_keys_have_longer_names),
		cmocka_unit_test(a_key_is_known_by_its_subkeys_and_by_short_names),
		cmocka_unit_test(what_another_gpg_noted_is_left_out),
		cmocka_unit_test(only_public_keys_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
