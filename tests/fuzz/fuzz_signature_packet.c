/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures and keys, armored and not: what is read has a name of the right form, and is read
 * the same again from its packets alone. */
#include <stdlib.h>
#include <string.h>

#include "stage0/import/trust/key_packets.h"
#include "stage0/import/trust/signature_packet.h"
#include "tests/fuzz/fuzz.h"

static void must(bool good)
{
	if (!good)
		abort();
}

static bool is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

static void check_signature(const struct signature_packet *s)
{
	autoclear(signature_packet) again = {0};
	struct error err;

	must(is_hex(s->key_id, KEY_ID_DIGITS));
	must(!s->fingerprint[0] || is_hex(s->fingerprint, 40));
	must(signature_packet_read(s->packet.data, s->packet.len, &again, &err) == 0);
	must(strcmp(s->key_id, again.key_id) == 0 && s->packet.len == again.packet.len);
}

static void check_key(const struct public_key *key)
{
	autoclear(public_keys) again = {0};
	struct error err;

	must(is_hex(key->fingerprint, 40) || is_hex(key->fingerprint, 64));
	must(public_key_is(key, key->fingerprint, ""));
	must(public_keys_read(key->packets.data, key->packets.len, false, &again, &err) ==
	     0);
	must(again.count == 1 && again.items[0].packets.len == key->packets.len);
	must(strcmp(key->fingerprint, again.items[0].fingerprint) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclear(signature_packet) signature = {0};
	autoclear(public_keys) keys = {0};
	struct error err;

	if (signature_packet_read(data, size, &signature, &err) == 0)
		check_signature(&signature);
	if (public_keys_read(data, size, size % 2, &keys, &err) == 0)
		for (size_t i = 0; i < keys.count; i++)
			check_key(&keys.items[i]);
	return 0;
}
