/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/signature_packet.h"

#include "tests/unit/openpgp.h"

static struct error err;

static bool is_read(const void *data, size_t len)
{
	autoclear(signature_packet) signature = {0};

	return signature_packet_read(data, len, &signature, &err) == 0;
}

static void refuses(const void *data, size_t len, const char *why)
{
	assert_false(is_read(data, len));
	if (!strstr(err.text, why))
		print_error("'%s', not '%s'\n", err.text, why);
	assert_non_null(strstr(err.text, why));
}

/* A handmade signature packet, as it will be once its lengths are filled in. */
struct made {
	struct buf head, hashed, free, rest;
};

static void made_clear(struct made *made)
{
	buf_clear(&made->head);
	buf_clear(&made->hashed);
	buf_clear(&made->free);
	buf_clear(&made->rest);
}

static void add(struct buf *to, const char *hex)
{
	for (; hex[0]; hex += 2) {
		char digits[3] = {hex[0], hex[1], '\0'};

		buf_char(to, (char)strtol(digits, NULL, 16));
	}
}

#define CREATED     "05025e0be100"
#define FINGERPRINT "0123456789abcdef0123456789abcdef01234567"
#define ISSUER_FP   "162104" FINGERPRINT
#define ISSUER_ID   "091089abcdef01234567"

/* One by RSA and SHA-256 that is as it should be. */
static void begin(struct made *made)
{
	add(&made->head, "04000108");
	add(&made->hashed, CREATED ISSUER_FP);
	add(&made->free, ISSUER_ID);
	add(&made->rest, "beef"
	                 "0009"
	                 "01ff");
}

static void add_area(struct buf *body, const struct buf *area)
{
	buf_char(body, (char)(area->len >> 8));
	buf_char(body, (char)area->len);
	buf_add(body, area->data, area->len);
}

static void end(const struct made *made, struct buf *packet)
{
	autoclear(buf) body = {0};

	buf_add(&body, made->head.data, made->head.len);
	add_area(&body, &made->hashed);
	add_area(&body, &made->free);
	buf_add(&body, made->rest.data, made->rest.len);
	buf_char(packet, (char)0xc2);
	buf_char(packet, (char)body.len);
	buf_add(packet, body.data, body.len);
}

/* With one part as HEX instead, or as it should be if that is NULL. */
static void make(struct buf *packet, size_t part, const char *hex)
{
	autoclear(made) made = {0};
	struct buf *replaced = (struct buf *)((char *)&made + part);

	begin(&made);
	if (hex) {
		replaced->len = 0;
		add(replaced, hex);
	}
	end(&made, packet);
}

#define refuses_with(part, hex, why) refuses_part(offsetof(struct made, part), hex, why)

static void refuses_part(size_t part, const char *hex, const char *why)
{
	autoclear(buf) packet = {0};

	make(&packet, part, hex);
	refuses(packet.data, packet.len, why);
}

test(a_signature_names_its_issuer)
{
	autoclear(buf) packet = {0};
	autoclear(signature_packet) s = {0};

	make(&packet, 0, NULL);
	assert_int_equal(signature_packet_read(packet.data, packet.len, &s, &err), 0);
	assert_string_equal(s.fingerprint, FINGERPRINT);
	assert_string_equal(s.key_id, "89abcdef01234567");
	assert_int_equal(s.packet.len, packet.len);
}

test(a_key_id_alone_will_do_and_so_will_a_fingerprint)
{
	autoclear(buf) packet = {0}, other = {0};
	autoclear(signature_packet) s = {0}, t = {0};

	make(&packet, offsetof(struct made, hashed), CREATED);
	assert_int_equal(signature_packet_read(packet.data, packet.len, &s, &err), 0);
	assert_string_equal(s.fingerprint, "");
	assert_string_equal(s.key_id, "89abcdef01234567");
	make(&other, offsetof(struct made, free), "");
	assert_int_equal(signature_packet_read(other.data, other.len, &t, &err), 0);
	assert_string_equal(t.key_id, "89abcdef01234567");
}

test(versions_types_and_hashes_that_do_not_hold_are_refused)
{
	refuses_with(head, "03000108", "version 3");
	refuses_with(head, "06000108", "version 6");
	refuses_with(head, "04010108", "of a text");
	refuses_with(head, "04100108", "type 0x10");
	refuses_with(head, "04000101", "weak hash MD5");
	refuses_with(head, "04000102", "weak hash SHA-1");
	refuses_with(head, "04000103", "weak hash RIPEMD-160");
	refuses_with(head, "0400010b", "weak hash SHA-224");
	refuses_with(head, "04000104", "a hash unknown here (4)");
	refuses_with(head, "040001ff", "a hash unknown here (255)");
	refuses_with(head, "04001008", "an algorithm unknown here (16)");
	refuses_with(head, "0400ff08", "an algorithm unknown here (255)");
}

test(hints_at_two_issuers_are_refused)
{
	refuses_with(free, "091089abcdef01234568", "two issuers");
	refuses_with(free, ISSUER_ID "091089abcdef01234568", "two issuers");
	refuses_with(free, "1621040023456789abcdef0123456789abcdef01234567",
	             "two issuers");
}

test(what_nobody_signed_says_only_who_made_it)
{
	refuses_with(free, ISSUER_ID CREATED, "not signed says more");
	refuses_with(free, ISSUER_ID "020101", "not signed says more");
	refuses_with(free, "099089abcdef01234567", "not signed says more");
	refuses_with(free, "0a1089abcdef0123456700", "in an unknown way");
	refuses_with(free, "162106" FINGERPRINT, "in an unknown way");
}

test(what_was_signed_says_once_when)
{
	refuses_with(hashed, ISSUER_FP, "when it was made");
	refuses_with(hashed, CREATED CREATED ISSUER_FP, "says twice");
	refuses_with(hashed, "0402000000" ISSUER_FP, "says twice");
}

test(a_signature_without_issuer_is_refused)
{
	autoclear(made) made = {0};
	autoclear(buf) packet = {0};

	begin(&made);
	made.free.len = 0;
	made.hashed.len = strlen(CREATED) / 2;
	end(&made, &packet);
	refuses(packet.data, packet.len, "does not say who");
}

test(lengths_that_lead_out_are_refused)
{
	refuses_with(free, "0a1089abcdef01234567", "within a subpacket");
	refuses_with(free, "00" ISSUER_ID, "within a subpacket");
	refuses_with(free, "ff000000", "within a subpacket");
	refuses_with(free, "ffffffffff10", "within a subpacket");
	refuses_with(free, "c0", "within a subpacket");
	refuses_with(rest, "", "numbers are broken");
	refuses_with(rest, "beef", "numbers are broken");
	refuses_with(rest, "beef0009", "numbers are broken");
}

test(numbers_have_one_form)
{
	refuses_with(rest,
	             "beef"
	             "0009"
	             "01ff"
	             "00",
	             "numbers are broken");
	refuses_with(rest,
	             "beef"
	             "0009"
	             "01",
	             "numbers are broken");
	refuses_with(rest,
	             "beef"
	             "000a"
	             "01ff",
	             "numbers are broken");
	refuses_with(rest,
	             "beef"
	             "0008"
	             "01",
	             "numbers are broken");
	refuses_with(rest,
	             "beef"
	             "0000",
	             "numbers are broken");
	refuses_with(rest,
	             "beef"
	             "0009"
	             "01ff"
	             "0009"
	             "01ff",
	             "numbers are broken");
}

test(a_length_of_unknown_end_is_refused)
{
	refuses("\x8b\x04\x00", 3, "no length");
	refuses("\xc2\xe1\x04\x00", 4, "no length");
	refuses("\xc2", 1, "no length");
	refuses("\xc2\x05\x04", 3, "ends within a packet");
	refuses("", 0, "empty");
}

test(a_large_one_is_refused)
{
	autofree char *large = memory_zeroed(1, SIGNATURE_SIZE_MAX + 1);

	refuses(large, SIGNATURE_SIZE_MAX + 1, "larger than 64 KiB");
}

/* What is not hashed is checked here; what is, by gpg: its digest begins the numbers. */
test(no_cut_signature_is_read)
{
	autoclear(buf) signature = {0};

	vector_read("good.sig", &signature);
	assert_true(is_read(signature.data, signature.len));
	for (size_t len = 0; len < signature.len; len++)
		assert_false(is_read(signature.data, len));
}

test(no_packet_may_come_before_or_after)
{
	autoclear(buf) one = {0}, both = {0};

	vector_read("good.sig", &one);
	buf_add(&both, one.data, one.len);
	buf_add(&both, one.data, one.len);
	refuses(both.data, both.len, "another signature comes after it");
	both.len = one.len;
	buf_add(&both, "\xcb\x02xy", 4);
	refuses(both.data, both.len, "a message comes after it");
	both.len = 0;
	buf_add(&both, "\xca\x03PGP", 5);
	buf_add(&both, one.data, one.len);
	refuses(both.data, both.len, "something else, not a detached signature");
}

/* A turned bit in what was signed, or in the numbers, is for gpg to see. */
test(no_bit_can_be_turned_in_what_nobody_signed)
{
	enum { FREE = 2 + 10, REST = 6 };
	autoclear(buf) packet = {0};

	make(&packet, 0, NULL);
	for (size_t at = packet.len - REST - FREE; at < packet.len - REST; at++)
		for (int bit = 0; bit < 8; bit++) {
			packet.data[at] ^= (char)(1 << bit);
			assert_false(is_read(packet.data, packet.len));
			packet.data[at] ^= (char)(1 << bit);
		}
	assert_true(is_read(packet.data, packet.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_names_its_issuer),
		cmocka_unit_test(a_key_id_alone_will_do_and_so_will_a_fingerprint),
		cmocka_unit_test(versions_types_and_hashes_that_do_not_hold_are_refused),
		cmocka_unit_test(hints_at_two_issuers_are_refused),
		cmocka_unit_test(what_nobody_signed_says_only_who_made_it),
		cmocka_unit_test(what_was_signed_says_once_when),
		cmocka_unit_test(a_signature_without_issuer_is_refused),
		cmocka_unit_test(lengths_that_lead_out_are_refused),
		cmocka_unit_test(numbers_have_one_form),
		cmocka_unit_test(a_length_of_unknown_end_is_refused),
		cmocka_unit_test(a_large_one_is_refused),
		cmocka_unit_test(no_cut_signature_is_read),
		cmocka_unit_test(no_packet_may_come_before_or_after),
		cmocka_unit_test(no_bit_can_be_turned_in_what_nobody_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
