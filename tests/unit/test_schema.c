/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/schema.h"

#include <errno.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

struct inner {
	char *name;
	int64_t size;
};

struct outer {
	char *text;
	bool flag;
	enum choice choice;
	int64_t number;
	struct strv texts;
	LIST_OF(int64_t) numbers;
	LIST_OF(struct name_value) map;
	struct inner *pointer;
	LIST_OF(struct inner) list;
	char *raw;
};

static const char *check_short(const char *text)
{
	return strlen(text) > 8 ? "must be short" : NULL;
}

static int check_inner(void *value, struct error *err)
{
	const struct inner *inner = value;

	if (inner->size == 13)
		return error_set(err, -EBADMSG, ".size: brings bad luck");
	return 0;
}

static bool is_flagged(const void *value)
{
	return ((const struct outer *)value)->flag;
}

static const struct field inner_fields[] = {
	{"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct inner, name)},
	{"size", FIELD_INT, 0, offsetof(struct inner, size), .min = -1, .max = 99},
	{0},
};
static const struct schema inner_schema = {sizeof(struct inner), inner_fields,
                                           check_inner};

static const struct field outer_fields[] = {
	{"text", FIELD_TEXT, FIELD_BLANK, offsetof(struct outer, text),
         .check = check_short},
	{"flag", FIELD_BOOL, 0, offsetof(struct outer, flag)},
	{"choice", FIELD_CHOICE, 0, offsetof(struct outer, choice)},
	{"number", FIELD_INT, 0, offsetof(struct outer, number)},
	{"texts", FIELD_TEXTS, 0, offsetof(struct outer, texts), .check = check_short},
	{"numbers", FIELD_INTS, 0, offsetof(struct outer, numbers), .max = 9},
	{"map", FIELD_MAP, 0, offsetof(struct outer, map)},
	{"pointer", FIELD_POINTER, 0, offsetof(struct outer, pointer),
         .of = &inner_schema},
	{"list", FIELD_LIST, FIELD_UNIQUE, offsetof(struct outer, list),
         .of = &inner_schema},
	{"raw", FIELD_RAW, 0, offsetof(struct outer, raw), .when = is_flagged},
	{0},
};
static const struct schema outer_schema = {sizeof(struct outer), outer_fields, NULL};

static void outer_clear(struct outer *outer)
{
	schema_clear(&outer_schema, outer);
}

static int decode(const char *text, struct outer *outer, struct error *err)
{
	return schema_decode(&outer_schema, text, strlen(text), outer, err);
}

static void assert_refused(const char *text, const char *message)
{
	struct outer outer = {0};
	struct outer empty = {0};
	struct error err = {0};

	assert_int_equal(decode(text, &outer, &err), -EBADMSG);
	assert_string_equal(err.text, message);
	assert_memory_equal(&outer, &empty, sizeof(outer));
}

/* TEXT decodes, and encodes as WANTED in the compact style. */
static void assert_becomes(const char *text, const char *wanted)
{
	autoclear(outer) outer = {0};
	autoclear(buf) out = {0};
	struct error err = {0};

	if (decode(text, &outer, &err) < 0)
		fail_msg("%s", err.text);
	schema_encode(&outer_schema, &outer, SCHEMA_COMPACT, &out);
	assert_string_equal(buf_string(&out), wanted);
}

#define FULL                                                                           \
	"{\"text\":\"a\",\"flag\":true,\"choice\":false,\"number\":-7,\"texts\":["     \
	"\"\",\"b\"],\"numbers\":[1,9],\"map\":{\"k\":\"v\",\"a\":\"\"},\"pointer\":{" \
	"\"name\":\"p\",\"size\":-1},\"list\":[{\"name\":\"x\"},{\"name\":\"y\"}],"    \
	"\"raw\":{\"b\":[1,null,{}],\"a\":\"\\u003c\"}}"

test(what_was_decoded_encodes_in_the_order_of_the_table)
{
	assert_becomes(FULL, FULL);
	assert_becomes("{\"number\":1,\"text\":\"a\"}", "{\"text\":\"a\",\"number\":1}");
}

test(every_kind_of_field_arrives_in_its_type)
{
	autoclear(outer) outer = {0};
	struct error err;

	assert_int_equal(decode(FULL, &outer, &err), 0);
	assert_string_equal(outer.text, "a");
	assert_true(outer.flag);
	assert_int_equal(outer.choice, CHOICE_NO);
	assert_int_equal(outer.number, -7);
	assert_int_equal(outer.texts.count, 2);
	assert_string_equal(outer.texts.items[1], "b");
	assert_int_equal(outer.numbers.count, 2);
	assert_int_equal(outer.numbers.items[1], 9);
	assert_string_equal(outer.map.items[0].name, "k");
	assert_string_equal(outer.map.items[0].value, "v");
	assert_int_equal(outer.pointer->size, -1);
	assert_int_equal(outer.list.count, 2);
	assert_string_equal(outer.list.items[1].name, "y");
	assert_string_equal(outer.raw, "{\"b\":[1,null,{}],\"a\":\"<\"}");
}

test(names_match_in_any_case_and_an_exact_one_first)
{
	assert_becomes("{\"TEXT\":\"a\",\"Number\":2}", "{\"text\":\"a\",\"number\":2}");
	assert_becomes("{\"text\":\"a\",\"TEXT\":\"b\"}", "{\"text\":\"a\"}");
	assert_becomes("{\"Text\":\"a\",\"TEXT\":\"b\"}", "{\"text\":\"b\"}");
}

test(unknown_members_and_null_count_for_nothing)
{
	assert_becomes("{\"what\":{\"ever\":[1]},\"text\":null,\"list\":null,"
	               "\"pointer\":null,\"map\":null,\"choice\":null}",
	               "{}");
	assert_becomes("{\"text\":\"\"}", "{}");
}

test(null_is_a_value_where_values_are_kept)
{
	assert_becomes("{\"flag\":true,\"raw\":null}", "{\"flag\":true,\"raw\":null}");
}

test(messages_name_the_place)
{
	assert_refused("[]", "must be an object");
	assert_refused("{\"text\":1}", ".text: must be a string");
	assert_refused("{\"text\":\"123456789\"}", ".text: must be short");
	assert_refused("{\"flag\":\"yes\"}", ".flag: must be true or false");
	assert_refused("{\"choice\":0}", ".choice: must be true or false");
	assert_refused("{\"texts\":{}}", ".texts: must be an array");
	assert_refused("{\"texts\":[\"a\",\"123456789\"]}", ".texts[1]: must be short");
	assert_refused("{\"numbers\":[1,10]}", ".numbers[1]: must be from 0 to 9");
	assert_refused("{\"map\":[]}", ".map: must be an object");
	assert_refused("{\"map\":{\"k\":1}}", ".map['k']: must be a string");
	assert_refused("{\"pointer\":{}}", ".pointer.name: required");
	assert_refused("{\"pointer\":{\"name\":\"\"}}",
	               ".pointer.name: must not be empty");
	assert_refused("{\"list\":[{\"name\":\"a\"},{\"name\":\"b\",\"size\":13}]}",
	               ".list[1].size: brings bad luck");
	assert_refused("{\"list\":[null]}", ".list[0]: must be an object");
}

test(integers_are_whole_and_in_range)
{
	assert_refused("{\"number\":1.0}", ".number: must be an integer");
	assert_refused("{\"number\":1e1}", ".number: must be an integer");
	assert_refused("{\"number\":\"1\"}", ".number: must be an integer");
	assert_refused("{\"pointer\":{\"name\":\"a\",\"size\":100}}",
	               ".pointer.size: must be from -1 to 99");
	assert_becomes("{\"number\":9223372036854775807}",
	               "{\"number\":9223372036854775807}");
}

test(a_list_tells_twins)
{
	assert_refused("{\"list\":[{\"name\":\"b\"},{\"name\":\"a\"},{\"name\":\"b\"}]}",
	               ".list: the name 'b' stands twice");
}

test(a_field_may_depend_on_others)
{
	assert_becomes("{\"flag\":true,\"raw\":1}", "{\"flag\":true,\"raw\":1}");
	assert_refused("{\"raw\":1}", ".raw: has no place here");
	assert_refused("{\"flag\":false,\"RAW\":1}", ".raw: has no place here");
}

static void assert_syntax(const char *text, const char *beginning)
{
	struct outer outer = {0};
	struct error err = {0};

	assert_true(decode(text, &outer, &err) < 0);
	if (strncmp(err.text, beginning, strlen(beginning)) != 0)
		fail_msg("'%s' does not begin with '%s'", err.text, beginning);
}

test(an_error_of_syntax_has_line_and_column)
{
	assert_syntax("{\n\"text\": x}", "line 2, column 9: ");
	assert_syntax("", "line 1, column 0: ");
	assert_syntax("{\"text\":\"a\",}", "line 1, column ");
	assert_syntax("{} trailing", "line 1, column ");
	assert_syntax("{} {}", "line 1, column ");
	assert_syntax("{\"number\":9223372036854775808}", "line 1, column ");
}

test(strings_hold_no_nul_and_only_utf8)
{
	assert_syntax("{\"text\":\"a\\u0000b\"}", "line 1, column ");
	assert_syntax("{\"a\\u0000b\":1}", "line 1, column ");
	assert_syntax("{\"text\":\"\xff\"}", "line 1, column ");
}

/* An array, DEPTH deep, as the value of an object's member. */
static int decode_depth(int depth, struct error *err)
{
	autoclear(outer) outer = {0};
	autoclear(buf) text = {0};

	buf_text(&text, "{\"what\":\"[[\\\"[\",\"ever\":");
	for (int i = 0; i < depth; i++)
		buf_char(&text, '[');
	for (int i = 0; i < depth; i++)
		buf_char(&text, ']');
	buf_char(&text, '}');
	return schema_decode(&outer_schema, text.data, text.len, &outer, err);
}

test(nesting_has_a_limit)
{
	struct error err;

	assert_int_equal(decode_depth(SCHEMA_DEPTH_MAX - 1, &err), 0);
	assert_int_equal(decode_depth(SCHEMA_DEPTH_MAX, &err), -EBADMSG);
	assert_string_equal(err.text, "is nested deeper than 64 levels");
	assert_int_equal(decode_depth(1000000, &err), -EBADMSG);
}

test(a_document_has_a_limit)
{
	autofree char *text = memory_zeroed(SCHEMA_DOCUMENT_MAX + 1, 1);
	struct outer outer = {0};
	struct error err;

	memset(text, ' ', SCHEMA_DOCUMENT_MAX + 1);
	memcpy(text, "{}", 2);
	assert_int_equal(
		schema_decode(&outer_schema, text, SCHEMA_DOCUMENT_MAX, &outer, &err), 0);
	assert_int_equal(
		schema_decode(&outer_schema, text, SCHEMA_DOCUMENT_MAX + 1, &outer, &err),
		-EFBIG);
	assert_string_equal(err.text, "is larger than 4194304 bytes");
}

/* Quadratic work on what an image lists would take minutes here. */
test(a_long_list_takes_no_time)
{
	autoclear(buf) text = {0};
	autoclear(outer) outer = {0};
	struct error err;

	buf_text(&text, "{\"list\":[");
	for (int i = 0; i < 200000; i++)
		buf_format(&text, "%s{\"name\":\"%d\"}", i ? "," : "", i);
	buf_text(&text, "]}");
	assert_int_equal(schema_decode(&outer_schema, text.data, text.len, &outer, &err),
	                 0);
	assert_int_equal(outer.list.count, 200000);
}

test(of_members_that_stand_twice_the_last_counts)
{
	assert_becomes("{\"text\":\"a\",\"text\":\"b\"}", "{\"text\":\"b\"}");
}

static void assert_strictly(const char *text, int wanted)
{
	autoclear(outer) outer = {0};
	struct error err;

	assert_int_equal(
		schema_decode_strict(&outer_schema, text, strlen(text), &outer, &err),
		wanted);
}

test(strict_decoding_refuses_members_that_stand_twice)
{
	assert_strictly("{\"text\":\"a\",\"flag\":true}", 0);
	assert_strictly("{\"text\":\"a\",\"text\":\"b\"}", -EBADMSG);
	assert_strictly("{\"text\":\"a\",\"TEXT\":\"b\"}", -EBADMSG);
	assert_strictly("{\"a\":{\"b\":1,\"b\":2}}", -EBADMSG);
}

test(encoding_escapes_as_the_reference_tools_do)
{
	assert_becomes("{\"texts\":[\"<&>\",\"\\\"\\\\/\\b\\n\\r\\t\",\"\\u2028\\u2029\","
	               "\"\\u20ac\\ud83d\\ude00\x7f\"]}",
	               "{\"texts\":[\"\\u003c\\u0026\\u003e\",\"\\\"\\\\/"
	               "\\u0008\\n\\r\\t\",\"\\u2028\\u2029\",\"\xe2\x82\xac"
	               "\xf0\x9f\x98\x80\x7f\"]}");
}

static void assert_text_becomes(const char *text, const char *wanted)
{
	autoclear(outer) outer = {.text = memory_text(text)};
	autoclear(buf) out = {0};

	schema_encode(&outer_schema, &outer, SCHEMA_COMPACT, &out);
	assert_string_equal(buf_string(&out), wanted);
}

test(what_is_no_utf8_is_replaced)
{
	assert_text_becomes("a\xff\x80z", "{\"text\":\"a\\ufffd\\ufffdz\"}");
	assert_text_becomes("\xc3", "{\"text\":\"\\ufffd\"}");
	assert_text_becomes("\xe2\x82", "{\"text\":\"\\ufffd\\ufffd\"}");
	assert_text_becomes("\xed\xa0\x80", "{\"text\":\"\\ufffd\\ufffd\\ufffd\"}");
	assert_text_becomes("\xf4\x90\x80\x80",
	                    "{\"text\":\"\\ufffd\\ufffd\\ufffd\\ufffd\"}");
	assert_text_becomes("\xc0\x80", "{\"text\":\"\\ufffd\\ufffd\"}");
}

test(pretty_is_indented_by_tabs)
{
	autoclear(outer) outer = {0};
	autoclear(buf) out = {0};
	struct error err;

	assert_int_equal(decode("{\"flag\":true,\"texts\":[\"a\",\"b\"],\"pointer\":"
	                        "{\"name\":\"p\"},\"raw\":{\"a\":[1,{}],\"b\":[]}}",
	                        &outer, &err),
	                 0);
	schema_encode(&outer_schema, &outer, SCHEMA_PRETTY, &out);
	assert_string_equal(buf_string(&out), "{\n"
	                                      "\t\"flag\": true,\n"
	                                      "\t\"texts\": [\n"
	                                      "\t\t\"a\",\n"
	                                      "\t\t\"b\"\n"
	                                      "\t],\n"
	                                      "\t\"pointer\": {\n"
	                                      "\t\t\"name\": \"p\"\n"
	                                      "\t},\n"
	                                      "\t\"raw\": {\n"
	                                      "\t\t\"a\": [\n"
	                                      "\t\t\t1,\n"
	                                      "\t\t\t{}\n"
	                                      "\t\t],\n"
	                                      "\t\t\"b\": []\n"
	                                      "\t}\n"
	                                      "}");
}

struct kept {
	char *text;
	bool flag;
	int64_t number;
	struct strv texts;
	struct strv nothing;
	struct inner *pointer;
	char *amount;
};

static const struct field kept_fields[] = {
	{"text", FIELD_TEXT, FIELD_KEEP, offsetof(struct kept, text)},
	{"flag", FIELD_BOOL, FIELD_KEEP, offsetof(struct kept, flag)},
	{"number", FIELD_INT, FIELD_KEEP, offsetof(struct kept, number)},
	{"texts", FIELD_TEXTS, FIELD_KEEP, offsetof(struct kept, texts)},
	{"nothing", FIELD_TEXTS, FIELD_NULL, offsetof(struct kept, nothing)},
	{"pointer", FIELD_POINTER, FIELD_NULL, offsetof(struct kept, pointer),
         .of = &inner_schema},
	{"amount", FIELD_TEXT, FIELD_NUMBER, offsetof(struct kept, amount)},
	{0},
};
static const struct schema kept_schema = {sizeof(struct kept), kept_fields, NULL};

static void kept_clear(struct kept *kept)
{
	schema_clear(&kept_schema, kept);
}

test(empty_fields_are_kept_where_the_table_says_so)
{
	autoclear(kept) kept = {0};
	autoclear(buf) out = {0};

	schema_encode(&kept_schema, &kept, SCHEMA_COMPACT, &out);
	assert_string_equal(buf_string(&out),
	                    "{\"text\":\"\",\"flag\":false,\"number\":0,\"texts\":[],"
	                    "\"nothing\":null,\"pointer\":null}");
}

test(a_kept_text_is_never_null)
{
	autoclear(kept) kept = {0};
	struct error err;

	assert_int_equal(schema_decode(&kept_schema, "{}", 2, &kept, &err), 0);
	assert_string_equal(kept.text, "");
}

static void assert_amount(const char *text, const char *wanted)
{
	autoclear(kept) kept = {0};
	struct error err = {0};

	if (schema_decode(&kept_schema, text, strlen(text), &kept, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(kept.amount, wanted);
}

test(a_number_may_stand_for_its_text)
{
	assert_amount("{\"amount\":12}", "12");
	assert_amount("{\"amount\":0.1}", "0.1");
	assert_amount("{\"amount\":\"0.10\"}", "0.10");
}

test(a_copy_has_all_and_shares_nothing)
{
	autoclear(outer) copy = {0};
	autoclear(buf) out = {0};
	struct outer outer = {0};
	struct error err;

	assert_int_equal(decode(FULL, &outer, &err), 0);
	schema_copy(&outer_schema, &outer, &copy);
	outer_clear(&outer);
	schema_encode(&outer_schema, &copy, SCHEMA_COMPACT, &out);
	assert_string_equal(buf_string(&out), FULL);
}

test(a_cleared_struct_is_all_zero)
{
	struct outer outer = {0};
	struct outer empty = {0};
	struct error err;

	assert_int_equal(decode(FULL, &outer, &err), 0);
	outer_clear(&outer);
	assert_memory_equal(&outer, &empty, sizeof(outer));
	outer_clear(&outer);
}

test(items_are_added_to_what_was_decoded)
{
	autoclear(outer) outer = {0};
	struct inner *item;
	struct error err;

	assert_int_equal(decode(FULL, &outer, &err), 0);
	for (int i = 0; i < 10; i++) {
		item = list_add(&outer.list);
		assert_null(item->name);
		item->size = i;
	}
	assert_int_equal(outer.list.count, 12);
	assert_string_equal(outer.list.items[0].name, "x");
	assert_int_equal(outer.list.items[11].size, 9);
}

static void assert_reformats(const char *text, enum schema_style style,
                             const char *wanted)
{
	autoclear(buf) out = {0};
	struct error err = {0};

	if (schema_reformat(text, strlen(text), style, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(buf_string(&out), wanted);
}

test(reformatting_changes_nothing_but_the_space)
{
	assert_reformats(" { \"b\" : 1.50 ,\n\"a\\\" :\": [ ] , \"c\":[1 ,[{ }]] } ",
	                 SCHEMA_COMPACT, "{\"b\":1.50,\"a\\\" :\":[],\"c\":[1,[{}]]}");
	assert_reformats("{\"b\":1E4,\"a\":[{},[\"<\\u003c\"]]}", SCHEMA_COMPACT,
	                 "{\"b\":1E4,\"a\":[{},[\"\\u003c\\u003c\"]]}");
}

test(reformatting_takes_any_document)
{
	assert_reformats("[1,{\"a\":true}]", SCHEMA_PRETTY,
	                 "[\n\t1,\n\t{\n\t\t\"a\": true\n\t}\n]");
	assert_reformats(" \"a b\" ", SCHEMA_PRETTY, "\"a b\"");
}

test(reformatting_refuses_what_is_no_json)
{
	autoclear(buf) out = {0};
	struct error err;

	assert_int_equal(schema_reformat("{\"a\":}", 6, SCHEMA_PRETTY, &out, &err),
	                 -EBADMSG);
	assert_int_equal(out.len, 0);
}

test(members_without_a_field_are_found_where_they_are)
{
	static const char text[] =
		"{\"TEXT\":\"a\",\"tex\":1,\"map\":{\"any\":\"x\"},\"raw\":{\"any\":1},"
		"\"pointer\":{\"Name\":\"n\",\"nam\":1},\"list\":[{\"name\":\"a\"},"
		"{\"name\":\"b\",\"x\":{\"y\":1}}]}";
	autoclear(strv) places = {0};
	struct error err;

	assert_int_equal(
		schema_find_unknown(&outer_schema, text, strlen(text), &places, &err), 0);
	assert_int_equal(places.count, 3);
	assert_string_equal(places.items[0], ".tex");
	assert_string_equal(places.items[1], ".pointer.nam");
	assert_string_equal(places.items[2], ".list[1].x");
	assert_true(schema_find_unknown(&outer_schema, "{", 1, &places, &err) < 0);
	assert_int_equal(schema_find_unknown(&outer_schema, "[1]", 3, &places, &err), 0);
	assert_int_equal(places.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_decoded_encodes_in_the_order_of_the_table),
		cmocka_unit_test(every_kind_of_field_arrives_in_its_type),
		cmocka_unit_test(names_match_in_any_case_and_an_exact_one_first),
		cmocka_unit_test(unknown_members_and_null_count_for_nothing),
		cmocka_unit_test(members_without_a_field_are_found_where_they_are),
		cmocka_unit_test(null_is_a_value_where_values_are_kept),
		cmocka_unit_test(messages_name_the_place),
		cmocka_unit_test(integers_are_whole_and_in_range),
		cmocka_unit_test(a_list_tells_twins),
		cmocka_unit_test(a_field_may_depend_on_others),
		cmocka_unit_test(an_error_of_syntax_has_line_and_column),
		cmocka_unit_test(strings_hold_no_nul_and_only_utf8),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(a_document_has_a_limit),
		cmocka_unit_test(a_long_list_takes_no_time),
		cmocka_unit_test(of_members_that_stand_twice_the_last_counts),
		cmocka_unit_test(strict_decoding_refuses_members_that_stand_twice),
		cmocka_unit_test(encoding_escapes_as_the_reference_tools_do),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(pretty_is_indented_by_tabs),
		cmocka_unit_test(empty_fields_are_kept_where_the_table_says_so),
		cmocka_unit_test(a_kept_text_is_never_null),
		cmocka_unit_test(a_number_may_stand_for_its_text),
		cmocka_unit_test(a_copy_has_all_and_shares_nothing),
		cmocka_unit_test(a_cleared_struct_is_all_zero),
		cmocka_unit_test(items_are_added_to_what_was_decoded),
		cmocka_unit_test(reformatting_changes_nothing_but_the_space),
		cmocka_unit_test(reformatting_takes_any_document),
		cmocka_unit_test(reformatting_refuses_what_is_no_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
