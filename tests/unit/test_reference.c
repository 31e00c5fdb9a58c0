/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/appc/schema.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/reference.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

/* One of the vectors' cases. */
struct name_case {
	char *in;
	char *name;
	LIST_OF(struct name_value) labels;
};

static const struct field case_fields[] = {
	{"in", FIELD_TEXT, 0, offsetof(struct name_case, in)},
	{"name", FIELD_TEXT, 0, offsetof(struct name_case, name)},
	{"labels", FIELD_MAP, 0, offsetof(struct name_case, labels)},
	{NULL},
};
static const struct schema case_schema = {sizeof(struct name_case), case_fields, NULL};

struct name_cases {
	LIST_OF(struct name_case) cases;
};

static const struct field cases_fields[] = {
	{"cases", FIELD_LIST, 0, offsetof(struct name_cases, cases), NULL, &case_schema},
	{NULL},
};
static const struct schema cases_schema = {sizeof(struct name_cases), cases_fields, NULL};

static int judge_name(const char *json, const void *context __attribute__((unused)),
                      struct error *err)
{
	autofree char *text = memory_format("{\"in\":%s}", json);
	autoclear(reference) ref = {0};
	struct name_case value = {0};
	int r = schema_decode(&case_schema, text, strlen(text), &value, err);

	if (r >= 0)
		r = reference_parse_name(value.in, &ref, err);
	schema_clear(&case_schema, &value);
	return r;
}

test(names_are_judged_as_the_specification_says)
{
	vectors_check("app-string.json", NULL, judge_name, NULL);
}

static void check_case(const struct name_case *wanted)
{
	autoclear(reference) ref = {0};
	struct error err;

	assert_int_equal(reference_parse_name(wanted->in, &ref, &err), 0);
	assert_int_equal(ref.kind, REFERENCE_NAME);
	assert_string_equal(ref.text, wanted->name);
	assert_int_equal(ref.labels.count, wanted->labels.count);
	for (size_t i = 0; i < ref.labels.count; i++) {
		size_t found = 0;

		for (size_t k = 0; k < wanted->labels.count; k++)
			found += strcmp(ref.labels.items[i].name,
			                wanted->labels.items[k].name) == 0 &&
			         strcmp(ref.labels.items[i].value,
			                wanted->labels.items[k].value) == 0;
		assert_int_equal(found, 1);
	}
}

test(names_are_taken_apart_as_the_specification_says)
{
	autoclear(buf) text = {0};
	struct name_cases all = {0};
	struct error err;

	vectors_read("app-string.json", &text);
	assert_int_equal(
		schema_decode(&cases_schema, buf_string(&text), text.len, &all, &err), 0);
	assert_true(all.cases.count > 5);
	for (size_t i = 0; i < all.cases.count; i++)
		check_case(&all.cases.items[i]);
	schema_clear(&cases_schema, &all);
}

test(what_the_user_wrote_is_told_apart_by_its_looks)
{
	static const struct {
		const char *in;
		enum reference_kind kind;
		const char *text;
	} cases[] = {
		{"sha512-ab", REFERENCE_HASH, "sha512-ab"},
		{"/a/b.aci", REFERENCE_FILE, "/a/b.aci"},
		{"file:///a/b.aci", REFERENCE_FILE, "/a/b.aci"},
		{"file://localhost/a/b.aci", REFERENCE_FILE, "/a/b.aci"},
		{"https://a.b/c.aci", REFERENCE_URL, "https://a.b/c.aci"},
		{"http://a.b/c.aci?d=e", REFERENCE_URL, "http://a.b/c.aci?d=e"},
		{"docker://a", REFERENCE_DOCKER, "docker://a"},
		{"docker:a/b:c", REFERENCE_DOCKER, "docker:a/b:c"},
		{"etcd:v2.0.0", REFERENCE_NAME, "etcd"},
		{"example.com/a", REFERENCE_NAME, "example.com/a"},
		{"example.com/a:1,os=linux", REFERENCE_NAME, "example.com/a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autoclear(reference) ref = {0};
		struct error err;

		assert_int_equal(reference_parse(cases[i].in, &ref, &err), 0);
		assert_int_equal(ref.kind, cases[i].kind);
		assert_string_equal(ref.text, cases[i].text);
	}
}

test(a_relative_path_becomes_an_absolute_one)
{
	static const char *const paths[] = {"./none.aci", "../none.aci", "none.aci"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		autofree char *here = getcwd(NULL, 0);
		autofree char *wanted = memory_format("%s/%s", here, paths[i]);
		autoclear(reference) ref = {0};
		struct error err;

		assert_int_equal(reference_parse(paths[i], &ref, &err), 0);
		assert_int_equal(ref.kind, REFERENCE_FILE);
		assert_string_equal(ref.text, wanted);
	}
}

test(what_is_no_image_is_refused)
{
	static const char *const texts[] = {"/a/b.tar",
	                                    "./b",
	                                    "file://host/a.aci",
	                                    "file:///a%20b.aci",
	                                    "http://a.b/c.tar",
	                                    "https:///c.aci",
	                                    "docker://",
	                                    "cimd:appc:v=0:a",
	                                    "",
	                                    "No/Name"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		autoclear(reference) ref = {0};
		struct error err;

		assert_true(reference_parse(texts[i], &ref, &err) < 0);
		assert_null(ref.text);
	}
}

test(os_and_arch_are_this_machines_unless_given)
{
	autoclear(reference) ref = {0};
	struct error err;

	assert_int_equal(reference_parse_name("a,arch=s390x", &ref, &err), 0);
	reference_add_defaults(&ref);
	assert_int_equal(ref.labels.count, 2);
	assert_string_equal(ref.labels.items[0].value, "s390x");
	assert_string_equal(ref.labels.items[1].name, "os");
	assert_string_equal(ref.labels.items[1].value, "linux");
	reference_clear(&ref);
	assert_int_equal(reference_parse_name("a", &ref, &err), 0);
	reference_add_defaults(&ref);
	assert_int_equal(ref.labels.count, 2);
#if defined(__x86_64__)
	assert_string_equal(ref.labels.items[1].value, "amd64");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_judged_as_the_specification_says),
		cmocka_unit_test(names_are_taken_apart_as_the_specification_says),
		cmocka_unit_test(what_the_user_wrote_is_told_apart_by_its_looks),
		cmocka_unit_test(a_relative_path_becomes_an_absolute_one),
		cmocka_unit_test(what_is_no_image_is_refused),
		cmocka_unit_test(os_and_arch_are_this_machines_unless_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
