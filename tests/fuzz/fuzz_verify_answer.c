/* SPDX-License-Identifier: Apache-2.0 */
/* What the halves that know OpenPGP answer: names have their form, and texts can be printed. */
#include <stdlib.h>
#include <string.h>

#include "stage0/fetch/verify_protocol.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			abort();
}

static void check_texts(const struct strv *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		check_text(texts->items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclear(verify_answer) answer = {0};
	autoclear(buf) json = {0};
	struct error err;

	if (verify_answer_decode((const char *)data, size, &answer, &err) < 0)
		return 0;
	check_text(answer.verdict.fingerprint);
	check_text(answer.verdict.key_id);
	check_texts(&answer.verdict.identities);
	for (size_t i = 0; i < answer.keys.count; i++) {
		check_text(answer.keys.items[i].fingerprint);
		check_texts(&answer.keys.items[i].subkeys);
		check_texts(&answer.keys.items[i].identities);
	}
	schema_encode(&verify_answer_schema, &answer, SCHEMA_COMPACT, &json);
	return 0;
}
