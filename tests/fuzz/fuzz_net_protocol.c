/* SPDX-License-Identifier: Apache-2.0 */
/* What passes between gantry and the half that talks to the network: what is taken can be
 * said again, and is taken again. */
#include <stdlib.h>

#include "stage0/fetch/net_protocol.h"
#include "tests/fuzz/fuzz.h"

static void check_ask(const char *text, size_t len)
{
	autoclear(net_ask) ask = {0}, again = {0};
	autoclear(buf) out = {0};
	struct error err;

	if (net_ask_decode(text, len, &ask, &err) < 0)
		return;
	net_ask_encode(&ask, &out);
	if (net_ask_decode(out.data, out.len, &again, &err) < 0)
		abort();
}

static void check_answer(const char *text, size_t len)
{
	autoclear(net_answer) answer = {0}, again = {0};
	autoclear(buf) out = {0};
	struct error err;

	if (net_answer_decode(text, len, &answer, &err) < 0)
		return;
	net_answer_encode(&answer, &out);
	if (net_answer_decode(out.data, out.len, &again, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_ask((const char *)data, size);
	check_answer((const char *)data, size);
	return 0;
}
