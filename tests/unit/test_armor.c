/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/armor.h"

#include <string.h>

#include "tests/unit/unit.h"

#define BEGIN "-----BEGIN PGP SIGNATURE-----\n"
#define END   "-----END PGP SIGNATURE-----\n"

static struct error err;

/* All blocks of TEXT one after the other; how many, or a failure. */
static int decode(const char *text, bool loose, struct buf *packets)
{
	struct armor armor = {text, strlen(text), ARMOR_SIGNATURE, loose};
	int count = 0, r;

	while ((r = armor_next(&armor, packets, &err)) > 0)
		count++;
	return r < 0 ? r : count;
}

static void gives(const char *text, const char *expected)
{
	autoclear(buf) packets = {0};

	assert_int_equal(decode(text, false, &packets), 1);
	assert_string_equal(buf_string(&packets), expected);
}

static void refuses(const char *text, const char *why)
{
	autoclear(buf) packets = {0};
	int r = decode(text, false, &packets);

	if (r >= 0 || !strstr(err.text, why))
		print_error("%s: %d %s\n", text, r, err.text);
	assert_true(r < 0);
	assert_non_null(strstr(err.text, why));
}

test(a_block_is_its_bytes)
{
	gives(BEGIN "\nTWFu\n" END, "Man");
	gives(BEGIN "\nTWE=\n" END, "Ma");
	gives(BEGIN "\nTQ==\n" END, "M");
	gives(BEGIN "\nTWFu\nTWFu\n" END, "ManMan");
	gives("\r\n" BEGIN "Version: any\r\nComment: a: b\r\n \t\r\nTWFu\r\n" END "\n\n",
	      "Man");
}

test(a_checksum_must_match_if_there_is_one)
{
	gives(BEGIN "\nTWFu\n=DIjh\n" END, "Man");
	refuses(BEGIN "\nTWFu\n=DIji\n" END, "checksum");
	refuses(BEGIN "\nTWFv\n=DIjh\n" END, "checksum");
	refuses(BEGIN "\nTWFu\n=DI\n" END, "checksum");
	refuses(BEGIN "\nTWFu\n=\n" END, "checksum");
	refuses(BEGIN "\nTWFu\n=DIjh\n=DIjh\n" END, "broken");
	refuses(BEGIN "\nTWFu\n=DIjh\nTWFu\n" END, "broken");
}

test(text_that_is_not_base64_is_refused)
{
	refuses(BEGIN "\n\n" END, "broken");
	refuses(BEGIN "\n" END, "not base64");
	refuses(BEGIN "\nTWF\n" END, "not base64");
	refuses(BEGIN "\nTW=u\n" END, "not base64");
	refuses(BEGIN "\nT===\n" END, "not base64");
	refuses(BEGIN "\nTQ==TWFu\n" END, "not base64");
	refuses(BEGIN "\nTWFu\f\n" END, "not base64");
	refuses(BEGIN "\nTW Fu\n" END, "not base64");
	refuses(BEGIN "\n-TWFu\n" END, "not base64");
}

test(bits_that_stand_for_nothing_must_be_zero)
{
	refuses(BEGIN "\nTWF=\n" END, "not base64");
	refuses(BEGIN "\nTR==\n" END, "not base64");
}

test(a_block_must_be_whole)
{
	refuses(BEGIN, "ends within its headers");
	refuses(BEGIN "\nTWFu\n", "no end");
	refuses(BEGIN "\nTWFu\n-----END PGP MESSAGE-----\n", "no end");
	refuses(BEGIN "TWFu\n" END, "broken header");
	refuses(BEGIN "a\x0b: b\n\nTWFu\n" END, "broken header");
	refuses(BEGIN ": b\n\nTWFu\n" END, "broken header");
}

test(other_text_is_refused_unless_that_is_wanted)
{
	autoclear(buf) packets = {0};
	const char *text = "Hello\n" BEGIN "\nTWFu\n" END "and\n" BEGIN "\nTWE=\n" END
			   "bye";

	refuses(text, "not only one block of 'PGP SIGNATURE'");
	refuses(BEGIN "\nTWFu\n" END "\f\n", "not only one block");
	refuses(" " BEGIN "\nTWFu\n" END, "not only one block");
	assert_int_equal(decode(text, true, &packets), 2);
	assert_string_equal(packets.data, "ManMa");
	assert_int_equal(decode("nothing\n", true, &packets), 0);
}

test(what_is_something_else_is_called_by_its_name)
{
	refuses("-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "it is a public key");
	refuses("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "it is a private key");
	refuses("-----BEGIN PGP SIGNED MESSAGE-----\n", "a signature in it");
	refuses("-----BEGIN PGP MESSAGE-----\n", "it is a message");
}

test(packets_are_told_from_text_by_their_first_bit)
{
	assert_true(armor_is_text("", 0));
	assert_true(armor_is_text("-", 1));
	assert_false(armor_is_text("\x89", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_its_bytes),
		cmocka_unit_test(a_checksum_must_match_if_there_is_one),
		cmocka_unit_test(text_that_is_not_base64_is_refused),
		cmocka_unit_test(bits_that_stand_for_nothing_must_be_zero),
		cmocka_unit_test(a_block_must_be_whole),
		cmocka_unit_test(other_text_is_refused_unless_that_is_wanted),
		cmocka_unit_test(what_is_something_else_is_called_by_its_name),
		cmocka_unit_test(packets_are_told_from_text_by_their_first_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
