/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "common/memory.h"

struct digest {
	EVP_MD_CTX *context;
};

int digest_prepare(struct error *err)
{
	autoptr(digest) probe = digest_new();
	char text[DIGEST_DIGITS + 1];

	if (!probe->context)
		return error_set(err, -ENOTSUP, "SHA-512 is not to be had");
	digest_end(probe, text);
	return 0;
}

struct digest *digest_new(void)
{
	struct digest *digest = memory_zeroed(1, sizeof(*digest));

	digest->context = EVP_MD_CTX_new();
	if (digest->context && !EVP_DigestInit_ex(digest->context, EVP_sha512(), NULL)) {
		EVP_MD_CTX_free(digest->context);
		digest->context = NULL;
	}
	return digest;
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	int good = EVP_DigestUpdate(digest->context, data, len);

	assert(good);
}

void digest_end(struct digest *digest, char text[DIGEST_DIGITS + 1])
{
	unsigned char sum[DIGEST_DIGITS / 2];
	int good = EVP_DigestFinal_ex(digest->context, sum, NULL);

	assert(good);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
}

size_t digest_bytes(enum digest_kind kind, const void *data, size_t len,
                    uint8_t sum[DIGEST_SIZE_MAX])
{
	const EVP_MD *md = kind == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
	unsigned size = 0;

	return EVP_Digest(data, len, sum, &size, md, NULL) ? size : 0;
}
