/* SPDX-License-Identifier: Apache-2.0 */

/* The half that takes keys apart (stage0/fetch/verify_protocol.h). */

#include "common/file.h"
#include "common/memory.h"
#include "stage0/fetch/verify_protocol.h"
#include "stage0/import/trust/cell.h"
#include "stage0/import/trust/gpg.h"
#include "stage0/import/trust/key_packets.h"
#include "stage0/import/trust/trust.h"

static int read_keys(struct pubkeys *keys, struct error *err)
{
	autoclear(buf) text = {0}, packets = {0}, none = {0};
	autoclear(public_keys) read = {0};
	int r = cell_enter(err);

	if (r >= 0)
		r = file_read(PUBKEY_TEXT, KEY_TEXT_MAX, &text, err);
	if (r >= 0)
		r = public_keys_read(text.data, text.len, true, &read, err);
	if (r >= 0)
		r = gpg_prepare(&none, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < read.count; i++)
		buf_add(&packets, read.items[i].packets.data, read.items[i].packets.len);
	return gpg_read_keys(&packets, keys, err);
}

static int run_pubkey(char **argv, struct error *err)
{
	autoclear(verify_answer) answer = {0};
	autoclear(buf) text = {0};
	struct error why = {0};

	(void)argv;
	if (read_keys(&answer.keys, &why) < 0) {
		pubkeys_clear(&answer.keys);
		answer.error_code = why.code;
		answer.error_text = memory_text(why.text);
	}
	schema_encode(&verify_answer_schema, &answer, SCHEMA_COMPACT, &text);
	return file_write(PUBKEY_ANSWER, buf_string(&text), text.len, err);
}

const struct half half_pubkey = {
	.name = PUBKEY_HALF,
	.fd_count = PUBKEY_FD_COUNT,
	.run = run_pubkey,
};
