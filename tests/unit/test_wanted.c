/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/wanted.h"

#include <string.h>

#include "stage0/fetch/proof.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

/* One of label-match.json. */
struct match {
	LIST_OF(struct name_value) wanted;
	LIST_OF(struct name_value) have;
	bool match;
};

struct matches {
	LIST_OF(struct match) cases;
};

static const struct field match_fields[] = {
	{"wanted", FIELD_MAP, 0, offsetof(struct match, wanted)},
	{"have", FIELD_MAP, 0, offsetof(struct match, have)},
	{"match", FIELD_BOOL, 0, offsetof(struct match, match)},
	{NULL},
};

static const struct schema match_schema = {sizeof(struct match), match_fields, NULL};

static const struct field matches_fields[] = {
	{"cases", FIELD_LIST, 0, offsetof(struct matches, cases), NULL, &match_schema},
	{NULL},
};

static const struct schema matches_schema = {sizeof(struct matches), matches_fields,
                                             NULL};

test(labels_match_as_the_vectors_say)
{
	struct matches matches = {0};
	autoclear(buf) text = {0};
	struct error err;

	vectors_read("label-match.json", &text);
	assert_int_equal(schema_decode(&matches_schema, buf_string(&text), text.len,
	                               &matches, &err),
	                 0);
	assert_int_equal(matches.cases.count, 7);
	for (size_t i = 0; i < matches.cases.count; i++) {
		const struct match *m = &matches.cases.items[i];
		struct image_manifest manifest = {.name = (char *)(uintptr_t) "a"};
		int r;

		manifest.labels.items = m->have.items;
		manifest.labels.count = m->have.count;
		r = wanted_check(&manifest, "a", m->wanted.items, m->wanted.count, &err);
		assert_int_equal(r == 0, m->match);
	}
	schema_clear(&matches_schema, &matches);
}

test(the_signature_lies_beside_the_file_or_url)
{
	static const struct {
		const char *image;
		const char *place;
	} cases[] = {
		{"/srv/a.aci", "/srv/a.aci.asc"},
		{"/srv/a?b#c.aci", "/srv/a?b#c.aci.asc"},
		{"https://example.com/a.aci", "https://example.com/a.aci.asc"},
		{"https://example.com/a.aci?x=1#y",
	         "https://example.com/a.aci.asc?x=1#y"},
		{"HTTPS://example.com/a.aci?x", "HTTPS://example.com/a.aci.asc?x"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autofree char *place = proof_place(cases[i].image);

		assert_string_equal(place, cases[i].place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_match_as_the_vectors_say),
		cmocka_unit_test(the_signature_lies_beside_the_file_or_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
