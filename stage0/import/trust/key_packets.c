/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/trust/key_packets.h"

#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/import/digest.h"
#include "stage0/import/trust/armor.h"
#include "stage0/import/trust/packet.h"

enum { FINGERPRINT_TEXT = 2 * DIGEST_SIZE_MAX + 1, KEY_ID_LENGTH = 16 };

/* How each version of keys is called: by the digest of a mark, the length and the key. */
static const struct {
	uint8_t mark;
	uint8_t length; /* bytes of the length */
	enum digest_kind digest;
} versions[] = {
	[4] = {0x99, 2, DIGEST_SHA1},
	[5] = {0x9a, 4, DIGEST_SHA256},
	[6] = {0x9b, 4, DIGEST_SHA256},
};

static int name_key(const struct packet *packet, char text[FINGERPRINT_TEXT],
                    struct error *err)
{
	unsigned version = packet->len ? packet->body[0] : 0;
	autoclear(buf) hashed = {0};
	uint8_t sum[DIGEST_SIZE_MAX];
	size_t size;

	if (version >= sizeof(versions) / sizeof(*versions) || !versions[version].mark)
		return error_set(err, -EINVAL, "a key of version %u is not served",
		                 version);
	if (versions[version].length == 2 && packet->len > UINT16_MAX)
		return error_set(err, -EINVAL, "a key is too large");
	buf_char(&hashed, (char)versions[version].mark);
	for (unsigned i = versions[version].length; i > 0; i--)
		buf_char(&hashed, (char)(packet->len >> 8 * (i - 1)));
	buf_add(&hashed, packet->body, packet->len);
	size = digest_bytes(versions[version].digest, hashed.data, hashed.len, sum);
	if (!size)
		return error_set(err, -ENOTSUP,
		                 "the digest that names a key is not to be had");
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	return 0;
}

/* What becomes of a packet: of a type that has no row, it is refused. */
static const struct {
	bool known;
	bool kept; /* with the signatures after it */
} rules[64] = {
	[PACKET_PUBLIC_KEY] = {true, true},
	[PACKET_PUBLIC_SUBKEY] = {true, true},
	[PACKET_USER_ID] = {true, true},
	[10] = {true, false}, /* a mark of old */
	[12] = {true, false}, /* what another gpg noted */
	[17] = {true, false}, /* pictures */
	[21] = {true, false}, /* padding */
};

static struct public_key *last_of(struct public_keys *keys)
{
	return keys->count ? &keys->items[keys->count - 1] : NULL;
}

static int check_type(const struct packet *packet, bool first, struct error *err)
{
	if (packet->type == PACKET_SECRET_KEY || packet->type == PACKET_SECRET_SUBKEY)
		return error_set(
			err, -EINVAL,
			"it is a private key, which nobody else should ever see");
	if (packet->type != PACKET_SIGNATURE && !rules[packet->type].known)
		return error_set(err, -EINVAL, "it is not only public keys");
	if (first && packet->type != PACKET_PUBLIC_KEY && packet->type != 10)
		return error_set(err, -EINVAL, "it does not begin with a public key");
	return 0;
}

static int add_packet(const struct packet *packet, struct public_keys *keys, bool *keep,
                      struct error *err)
{
	char text[FINGERPRINT_TEXT];

	if (check_type(packet, keys->count == 0, err) < 0)
		return err->code;
	if (packet->type != PACKET_SIGNATURE)
		*keep = rules[packet->type].kept;
	if (!*keep)
		return 0;
	if (packet->type == PACKET_PUBLIC_KEY || packet->type == PACKET_PUBLIC_SUBKEY)
		if (name_key(packet, text, err) < 0)
			return err->code;
	if (packet->type == PACKET_PUBLIC_KEY)
		list_add(keys)->fingerprint = memory_text(text);
	else if (packet->type == PACKET_PUBLIC_SUBKEY)
		strv_add(&last_of(keys)->subkeys, text);
	buf_add(&last_of(keys)->packets, packet->start, packet->whole);
	return 0;
}

static int read_packets(const struct buf *bytes, struct public_keys *keys,
                        struct error *err)
{
	struct packets from = {(const uint8_t *)bytes->data, bytes->len};
	struct packet packet;
	bool keep = false;
	int r;

	while ((r = packet_next(&from, &packet, err)) > 0) {
		r = add_packet(&packet, keys, &keep, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_armored(const void *data, size_t len, bool loose,
                        struct public_keys *keys, struct error *err)
{
	struct armor armor = {data, len, ARMOR_PUBLIC_KEY, loose};
	int r;

	do {
		autoclear(buf) block = {0};

		r = armor_next(&armor, &block, err);
		if (r > 0 && read_packets(&block, keys, err) < 0)
			return err->code;
	} while (r > 0);
	return r;
}

int public_keys_read(const void *data, size_t len, bool loose, struct public_keys *keys,
                     struct error *err)
{
	autoclear(public_keys) found = {0};
	int r;

	if (len > KEY_TEXT_MAX)
		return error_set(err, -EFBIG, "it is larger than %d KiB",
		                 KEY_TEXT_MAX >> 10);
	if (armor_is_text(data, len)) {
		r = read_armored(data, len, loose, &found, err);
	} else {
		struct buf bytes = {(char *)(uintptr_t)data, len, 0};

		r = read_packets(&bytes, &found, err);
	}
	if (r < 0)
		return r;
	if (!found.count)
		return error_set(err, -EINVAL, "it has no public key");
	*keys = found;
	found = (struct public_keys){0};
	return 0;
}

void public_key_clear(struct public_key *key)
{
	free(key->fingerprint);
	strv_clear(&key->subkeys);
	buf_clear(&key->packets);
	*key = (struct public_key){0};
}

void public_keys_clear(struct public_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		public_key_clear(&keys->items[i]);
	free(keys->items);
	*keys = (struct public_keys){0};
}

static bool is_called(const char *name, const char *fingerprint, const char *key_id)
{
	size_t len = strlen(name);

	if (fingerprint[0])
		return strcmp(name, fingerprint) == 0;
	/* The end of version 4's, which are the short ones; else the beginning. */
	if (len > 2 * 20)
		return strncmp(name, key_id, KEY_ID_LENGTH) == 0;
	return strcmp(name + len - KEY_ID_LENGTH, key_id) == 0;
}

bool public_key_is(const struct public_key *key, const char *fingerprint,
                   const char *key_id)
{
	if (is_called(key->fingerprint, fingerprint, key_id))
		return true;
	for (size_t i = 0; i < key->subkeys.count; i++)
		if (is_called(key->subkeys.items[i], fingerprint, key_id))
			return true;
	return false;
}
