/* SPDX-License-Identifier: Apache-2.0 */
#include "common/quantity.h"

#include <errno.h>
#include <string.h>

#include "common/appc/schema.h"
#include "common/memory.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

/* What a text comes to; in "gantry" only what we make of it otherwise. */
struct result {
	char *in;
	char *canonical;
	int64_t value;
	int64_t milli;
	char *format;
	struct result *ours;
};

static const struct schema result_schema;

static const struct field result_fields[] = {
	{"in", FIELD_TEXT, 0, offsetof(struct result, in)},
	{"canonical", FIELD_TEXT, 0, offsetof(struct result, canonical)},
	{"value_ceil", FIELD_INT, 0, offsetof(struct result, value)},
	{"milli_ceil", FIELD_INT, 0, offsetof(struct result, milli)},
	{"format", FIELD_TEXT, 0, offsetof(struct result, format)},
	{"gantry", FIELD_POINTER, 0, offsetof(struct result, ours), .of = &result_schema},
	{0},
};
static const struct schema result_schema = {sizeof(struct result), result_fields, NULL};

struct file {
	LIST_OF(struct result) cases;
};

static const struct field file_fields[] = {
	{"cases", FIELD_LIST, FIELD_REQUIRED, offsetof(struct file, cases),
         .of = &result_schema},
	{0},
};
static const struct schema file_schema = {sizeof(struct file), file_fields, NULL};

static void file_clear(struct file *file)
{
	schema_clear(&file_schema, file);
}

static struct quantity parsed(const char *text)
{
	struct quantity quantity = {0};
	struct error err;

	if (quantity_parse(text, &quantity, &err) < 0)
		fail_msg("%s", err.text);
	return quantity;
}

static void assert_result(const struct result *wanted)
{
	static const char *const formats[] = {"DecimalSI", "BinarySI", "DecimalExponent"};
	static const struct result none;
	const struct result *ours = wanted->ours ? wanted->ours : &none;
	struct quantity quantity = parsed(wanted->in);
	autofree char *text = quantity_format(&quantity);

	assert_string_equal(text, ours->canonical ? ours->canonical : wanted->canonical);
	assert_int_equal(quantity_ceil(&quantity, 0),
	                 ours->value ? ours->value : wanted->value);
	assert_int_equal(quantity_ceil(&quantity, 3),
	                 ours->milli ? ours->milli : wanted->milli);
	assert_string_equal(formats[quantity.family], wanted->format);
}

test(every_text_comes_to_its_value_and_canonical_text)
{
	autoclear(buf) text = {0};
	autoclear(file) file = {0};
	struct error err = {0};

	vectors_read("quantity.json", &text);
	if (schema_decode(&file_schema, text.data, text.len, &file, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(file.cases.count > 100);
	for (size_t i = 0; i < file.cases.count; i++)
		assert_result(&file.cases.items[i]);
}

static void assert_canonical(const char *text, const char *wanted)
{
	struct quantity quantity = parsed(text);
	autofree char *canonical = quantity_format(&quantity);

	assert_string_equal(canonical, wanted);
}

test(a_canonical_text_stays_as_it_is)
{
	assert_canonical("1536Mi", "1536Mi");
	assert_canonical("102435840m", "102435840m");
	assert_canonical("100e12", "100e12");
	assert_canonical("-1Ki", "-1Ki");
	assert_canonical("1000E", "1000E");
}

test(rounding_up_happens_once)
{
	struct quantity quantity = parsed("0.00000000010000000000000000000000000001");

	assert_true(quantity.nano == 1);
	quantity = parsed("1.00000000000000000000000000000000000000000");
	assert_true(quantity.nano == 1000000000);
	quantity = parsed("1.0000000000000000000000000000000000000001Ei");
	assert_true(quantity.nano == ((__int128)1000000000 << 60) + 1);
	quantity = parsed("0.1Ki");
	assert_true(quantity.nano == 102400000000);
}

test(a_negative_amount_is_rounded_away_from_zero)
{
	struct quantity quantity = parsed("-0.5");

	assert_int_equal(quantity_ceil(&quantity, 0), -1);
	assert_int_equal(quantity_ceil(&quantity, 3), -500);
}

test(binary_amounts_are_cut_to_what_an_integer_holds)
{
	struct quantity quantity = parsed("99999999999999999999999999999999999999999Ei");

	assert_int_equal(quantity_ceil(&quantity, 0), INT64_MAX);
	assert_int_equal(quantity_ceil(&quantity, 9), INT64_MAX);
	quantity = parsed("-9Ei");
	assert_int_equal(quantity_ceil(&quantity, 0), -INT64_MAX);
}

static void assert_refused(const char *text, int code)
{
	struct quantity quantity;
	struct error err;

	assert_int_equal(quantity_parse(text, &quantity, &err), code);
}

test(decimal_amounts_without_end_are_refused)
{
	assert_refused("1e300", -ERANGE);
	assert_refused("1e99999999999999999999", -ERANGE);
	assert_refused("999999999999999999999999999999999999999999", -ERANGE);
	assert_refused("170141183460469231731687303715884105728n", -ERANGE);
	assert_canonical("170141183460469231731687303715884105727n",
	                 "170141183460469231731687303715884105727n");
	assert_canonical("1e-99999999999999999999", "1e-9");
}

test(what_is_wrong_is_said_with_the_text)
{
	struct quantity quantity;
	struct error err;

	assert_int_equal(quantity_parse("12 apples", &quantity, &err), -EINVAL);
	assert_string_equal(err.text,
	                    "'12 apples' is not an amount such as 500m, 1.5 or 64Mi");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_comes_to_its_value_and_canonical_text),
		cmocka_unit_test(a_canonical_text_stays_as_it_is),
		cmocka_unit_test(rounding_up_happens_once),
		cmocka_unit_test(a_negative_amount_is_rounded_away_from_zero),
		cmocka_unit_test(binary_amounts_are_cut_to_what_an_integer_holds),
		cmocka_unit_test(decimal_amounts_without_end_are_refused),
		cmocka_unit_test(what_is_wrong_is_said_with_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
