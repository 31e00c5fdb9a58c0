/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/memory.h"
#include "stage0/fetch/net_protocol.h"
#include "tests/unit/unit.h"

test(a_request_comes_back_as_it_was)
{
	struct net_credentials credentials = {.user = "u", .password = "p\"\xc3\xa9"};
	struct name_value labels[] = {{"os", "linux"}, {"x", ""}};
	struct net_ask ask = {
		.what = NET_ASK_FILE,
		.agent = "gantry/1",
		.insecure_tls = true,
		.credentials = &credentials,
		.url = "https://example.com/a",
		.etag = "W/\"1\"",
		.last_modified = "Thu, 01 Jan 1970 00:00:00 GMT",
		.offset = INT64_C(1) << 40,
		.size_max = INT64_MAX,
		.name = "example.com/a",
	};
	autoclear(net_ask) back = {0};
	autoclear(buf) text = {0}, again = {0};
	struct error err;

	ask.labels.items = labels;
	ask.labels.count = 2;
	net_ask_encode(&ask, &text);
	assert_int_equal(net_ask_decode(text.data, text.len, &back, &err), 0);
	net_ask_encode(&back, &again);
	assert_string_equal(text.data, again.data);
	assert_string_equal(back.credentials->password, "p\"\xc3\xa9");
	assert_int_equal(back.offset, ask.offset);
	assert_true(back.insecure_tls && !back.insecure_http);
}

static void refuses_ask(const char *members)
{
	autofree char *text = memory_format(
		"{\"what\":\"file\",\"agent\":\"a\",\"url\":\"https://x\",%s}", members);
	autoclear(net_ask) ask = {0};
	struct error err;

	if (net_ask_decode(text, strlen(text), &ask, &err) >= 0)
		fail_msg("%s is taken", text);
}

test(nothing_that_becomes_a_header_can_end_it)
{
	refuses_ask("\"etag\":\"a\\r\\nb\"");
	refuses_ask("\"etag\":\"\"");
	refuses_ask("\"lastModified\":\"a\\nb\"");
	refuses_ask("\"credentials\":{\"token\":\"a\\r\\nb\"}");
	refuses_ask("\"credentials\":{\"region\":\"a b\"}");
	refuses_ask("\"offset\":-1");
	refuses_ask("\"url\":\"https://y\"");
	refuses_ask("\"name\":\"A B\"");
}

static void refuses_answer(const char *text)
{
	autoclear(net_answer) answer = {0};
	struct error err;

	if (net_answer_decode(text, strlen(text), &answer, &err) >= 0)
		fail_msg("%s is taken", text);
}

test(an_answer_that_makes_no_sense_is_refused)
{
	autoclear(buf) many = {0};

	refuses_answer("");
	refuses_answer("{\"code\":1}");
	refuses_answer("{\"code\":-5}");
	refuses_answer("{\"code\":-5,\"text\":\"\"}");
	refuses_answer("{\"outcome\":3}");
	refuses_answer("{\"total\":-2}");
	refuses_answer("{\"offset\":2,\"total\":1}");
	refuses_answer("{\"etag\":\"a\\u0007\"}");
	refuses_answer("{\"keys\":[\"https://a b\"]}");
	refuses_answer("{\"endpoints\":[{\"signature\":\"https://x\"}]}");
	refuses_answer("{\"endpoints\":[{\"image\":\"https://x\\u001b[m\"}]}");
	buf_text(&many, "{\"keys\":[\"a\"");
	for (int i = 0; i < NET_LINKS_MAX; i++)
		buf_text(&many, ",\"a\"");
	buf_text(&many, "]}");
	refuses_answer(many.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back_as_it_was),
		cmocka_unit_test(nothing_that_becomes_a_header_can_end_it),
		cmocka_unit_test(an_answer_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
