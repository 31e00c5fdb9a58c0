/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/appc/schema.h"
#include "common/memory.h"
#include "stage0/import/net/discovery.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

/* The vectors. */

struct wanted_endpoint {
	char *aci, *asc;
};

static const struct field endpoint_fields[] = {
	{"aci", FIELD_TEXT, 0, offsetof(struct wanted_endpoint, aci)},
	{"asc", FIELD_TEXT, 0, offsetof(struct wanted_endpoint, asc)},
	{NULL},
};
static const struct schema endpoint_schema = {sizeof(struct wanted_endpoint),
                                              endpoint_fields, NULL};

struct wanted {
	LIST_OF(struct wanted_endpoint) endpoints;
	bool endpoints_ok, keys_ok;
	struct strv endpoints_requests, keys, keys_requests;
};

static const struct field wanted_fields[] = {
	{"endpoints", FIELD_LIST, 0, offsetof(struct wanted, endpoints), NULL,
         &endpoint_schema},
	{"endpoints_ok", FIELD_BOOL, 0, offsetof(struct wanted, endpoints_ok)},
	{"endpoints_requests", FIELD_TEXTS, 0,
         offsetof(struct wanted, endpoints_requests)},
	{"pubkeys", FIELD_TEXTS, 0, offsetof(struct wanted, keys)},
	{"pubkeys_ok", FIELD_BOOL, 0, offsetof(struct wanted, keys_ok)},
	{"pubkeys_requests", FIELD_TEXTS, 0, offsetof(struct wanted, keys_requests)},
	{NULL},
};
static const struct schema wanted_schema = {sizeof(struct wanted), wanted_fields, NULL};

struct walk_case {
	char *note, *name, *because;
	LIST_OF(struct name_value) pages;
	LIST_OF(struct name_value) labels;
	char *status; /* {"URL":NUMBER,...} */
	struct strv insecure;
	int64_t port;
	struct wanted expected;
	struct wanted *gantry; /* the endpoints that we decided on */
};

static const struct field case_fields[] = {
	{"note", FIELD_TEXT, 0, offsetof(struct walk_case, note)},
	{"name", FIELD_TEXT, 0, offsetof(struct walk_case, name)},
	{"because", FIELD_TEXT, 0, offsetof(struct walk_case, because)},
	{"pages", FIELD_MAP, 0, offsetof(struct walk_case, pages)},
	{"labels", FIELD_MAP, 0, offsetof(struct walk_case, labels)},
	{"status", FIELD_RAW, 0, offsetof(struct walk_case, status)},
	{"insecure", FIELD_TEXTS, 0, offsetof(struct walk_case, insecure)},
	{"port", FIELD_INT, 0, offsetof(struct walk_case, port)},
	{"expected", FIELD_OBJECT, 0, offsetof(struct walk_case, expected), NULL,
         &wanted_schema},
	{"gantry", FIELD_POINTER, 0, offsetof(struct walk_case, gantry), NULL,
         &wanted_schema},
	{NULL},
};
static const struct schema case_schema = {sizeof(struct walk_case), case_fields, NULL};

struct walk_cases {
	LIST_OF(struct walk_case) cases;
};

static const struct field cases_fields[] = {
	{"cases", FIELD_LIST, 0, offsetof(struct walk_cases, cases), NULL, &case_schema},
	{NULL},
};
static const struct schema cases_schema = {sizeof(struct walk_cases), cases_fields, NULL};

/* Pages by their URLs, and the URLs that were asked for. */
struct site {
	const struct name_value *pages;
	size_t count;
	const char *status;
	struct strv asked;
};

static long status_of(const struct site *site, const char *url)
{
	autofree char *key = memory_format("\"%s\":", url);
	const char *at = site->status ? strstr(site->status, key) : NULL;

	return at ? strtol(at + strlen(key), NULL, 10) : 200;
}

static int get_page(void *context, const char *url, struct buf *html, struct error *err)
{
	autofree char *bare = memory_bytes(url, strcspn(url, "?"));
	struct site *site = context;
	long status = status_of(site, bare);

	strv_add(&site->asked, url);
	assert_string_equal(url + strlen(bare), "?ac-discovery=1");
	if (status == 0)
		return error_set(err, -EIO, "connection refused");
	for (size_t i = 0; i < site->count && status == 200; i++)
		if (strcmp(site->pages[i].name, bare) == 0) {
			buf_text(html, site->pages[i].value);
			return 0;
		}
	return error_set(err, -EIO, "bad HTTP status code: %ld",
	                 status == 200 ? 404 : status);
}

static void check_texts(const struct strv *found, const struct strv *wanted)
{
	assert_int_equal(found->count, wanted->count);
	for (size_t i = 0; i < found->count; i++)
		assert_string_equal(found->items[i], wanted->items[i]);
}

static void check_endpoints(const struct discovery *found, const struct wanted *wanted)
{
	assert_int_equal(found->endpoints.count, wanted->endpoints.count);
	for (size_t i = 0; i < found->endpoints.count; i++) {
		const struct endpoint *is = &found->endpoints.items[i];
		const struct wanted_endpoint *be = &wanted->endpoints.items[i];

		assert_string_equal(is->image, be->aci);
		assert_true(!is->signature == !be->asc);
		if (be->asc)
			assert_string_equal(is->signature, be->asc);
	}
}

static void check_case(const struct walk_case *c, enum discovery_kind kind)
{
	struct site site = {c->pages.items, c->pages.count, c->status, {0}};
	const struct discovery_walk walk = {
		.kind = kind,
		.name = c->name,
		.labels = c->labels.items,
		.label_count = c->labels.count,
		.insecure_http = strv_has(&c->insecure, "http"),
		.port = (int)c->port,
		.get_page = get_page,
		.context = &site,
	};
	bool is_keys = kind == DISCOVER_KEYS;
	bool ok = is_keys ? c->expected.keys_ok : c->expected.endpoints_ok;
	autoclear(discovery) found = {0};
	struct error err;
	int r = discovery_find(&walk, &found, &err);

	if (r != (ok ? 0 : -ENOENT))
		fail_msg("%s: %s", c->note, r < 0 ? err.text : "found");
	check_texts(&site.asked, is_keys ? &c->expected.keys_requests
	                                 : &c->expected.endpoints_requests);
	if (is_keys)
		check_texts(&found.keys, &c->expected.keys);
	else
		check_endpoints(&found, c->gantry ? c->gantry : &c->expected);
	if (ok)
		assert_memory_equal(found.prefix, c->name, strlen(found.prefix));
	strv_clear(&site.asked);
}

test(walks_are_as_the_specification_says)
{
	autoclear(buf) text = {0};
	struct walk_cases all = {0};
	struct error err;

	vectors_read("discovery.json", &text);
	assert_int_equal(
		schema_decode(&cases_schema, buf_string(&text), text.len, &all, &err), 0);
	assert_int_equal(all.cases.count, 35);
	for (size_t i = 0; i < all.cases.count; i++) {
		assert_true(!all.cases.items[i].gantry == !all.cases.items[i].because);
		check_case(&all.cases.items[i], DISCOVER_IMAGES);
		check_case(&all.cases.items[i], DISCOVER_KEYS);
	}
	schema_clear(&cases_schema, &all);
}

/* What the vectors leave open. */

static int find(enum discovery_kind kind, const char *page, struct discovery *found,
                struct error *err)
{
	const struct name_value pages[] = {
		{"https://example.com", (char *)(uintptr_t)page}};
	const struct name_value labels[] = {{"os", "linux"}, {"braces", "{os}"}};
	struct site site = {pages, 1, NULL, {0}};
	const struct discovery_walk walk = {kind, "example.com/app",    labels,
	                                    2,    .get_page = get_page, .context = &site};
	int r = discovery_find(&walk, found, err);

	strv_clear(&site.asked);
	return r;
}

static void check_image(const char *content, const char *image)
{
	autofree char *page = memory_format("<meta name=ac-discovery content='%s'>",
	                                    content);
	autoclear(discovery) found = {0};
	struct error err;

	assert_int_equal(find(DISCOVER_IMAGES, page, &found, &err), 0);
	assert_int_equal(found.endpoints.count, 1);
	assert_string_equal(found.endpoints.items[0].image, image);
}

test(a_value_is_no_template_itself)
{
	check_image("example.com https://s/{braces}.{ext}", "https://s/%7Bos%7D.aci");
}

test(only_what_no_url_may_have_is_encoded)
{
	check_image("example.com https://s/a b/%20/?x=\"|&y=~#z.{ext}",
	            "https://s/a%20b/%20/?x=%22%7C&y=~#z.aci");
	check_image("example.com https://s/\xc3\xa9.{ext}{os",
	            "https://s/%C3%A9.aci%7Bos");
}

static void check_fails(enum discovery_kind kind, const char *page, const char *why)
{
	autoclear(discovery) found = {0};
	struct error err;

	assert_int_equal(find(kind, page, &found, &err), -ENOENT);
	if (!strstr(err.text, why))
		fail_msg("'%s' is not in '%s'", why, err.text);
	assert_int_equal(found.endpoints.count + found.keys.count, 0);
}

test(a_failure_says_why_each_page_did_not_do)
{
	check_fails(
		DISCOVER_IMAGES, "<p>",
		"'https://example.com/app?ac-discovery=1': bad HTTP status code: 404; "
		"'https://example.com?ac-discovery=1': has no meta tag 'ac-discovery'");
	check_fails(DISCOVER_IMAGES,
	            "<meta name=ac-discovery content='other.com https://s'>",
	            "its tag 'ac-discovery' is for 'other.com'");
	check_fails(DISCOVER_IMAGES,
	            "<meta name=ac-discovery content='example.com https://{arch}'>",
	            "its template needs the label 'arch'");
}

test(a_tag_for_keys_ends_with_a_part_of_the_name)
{
	autoclear(discovery) found = {0};
	struct error err;

	check_fails(DISCOVER_KEYS,
	            "<meta name=ac-discovery-pubkeys content='example.com/ap https://s'>",
	            "ends within a part of the name");
	assert_int_equal(
		find(DISCOVER_KEYS,
	             "<meta name=ac-discovery-pubkeys content='example.com/ https://s'>",
	             &found, &err),
		0);
	assert_string_equal(found.prefix, "example.com");
}

test(a_page_that_says_more_than_anyone_needs_is_cut_short)
{
	autoclear(buf) page = {0};
	autoclear(discovery) found = {0};
	struct error err;

	for (int i = 0; i < 1000; i++)
		buf_format(&page,
		           "<meta name=ac-discovery content='example.com "
		           "https://s/%d.{ext}'>",
		           i);
	assert_int_equal(find(DISCOVER_IMAGES, page.data, &found, &err), 0);
	assert_int_equal(found.endpoints.count, 16);
	assert_string_equal(found.endpoints.items[15].image, "https://s/15.aci");
}

test(http_is_not_asked_for_a_page_that_https_has)
{
	struct name_value pages[] = {
		{"https://example.com/app", "<p>"},
		{"http://example.com/app",
	         "<meta name=ac-discovery content='example.com https://s'>"}};
	struct site site = {pages, 2, NULL, {0}};
	const struct discovery_walk walk = {
		.name = "example.com/app",
		.insecure_http = true,
		.get_page = get_page,
		.context = &site,
	};
	autoclear(discovery) found = {0};
	struct error err;

	assert_int_equal(discovery_find(&walk, &found, &err), -ENOENT);
	assert_int_equal(site.asked.count, 3);
	assert_string_equal(site.asked.items[1], "https://example.com?ac-discovery=1");
	assert_string_equal(site.asked.items[2], "http://example.com?ac-discovery=1");
	strv_clear(&site.asked);
}

static int go_away(void *context, const char *url, struct buf *html, struct error *err)
{
	(void)context, (void)url, (void)html;
	return error_set(err, -ECANCELED, "given up");
}

test(a_walk_that_is_given_up_ends)
{
	const struct discovery_walk walk = {
		.name = "example.com/app", .insecure_http = true, .get_page = go_away};
	autoclear(discovery) found = {0};
	struct error err;

	assert_int_equal(discovery_find(&walk, &found, &err), -ECANCELED);
	assert_string_equal(err.text, "given up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_are_as_the_specification_says),
		cmocka_unit_test(a_value_is_no_template_itself),
		cmocka_unit_test(only_what_no_url_may_have_is_encoded),
		cmocka_unit_test(a_failure_says_why_each_page_did_not_do),
		cmocka_unit_test(a_tag_for_keys_ends_with_a_part_of_the_name),
		cmocka_unit_test(a_page_that_says_more_than_anyone_needs_is_cut_short),
		cmocka_unit_test(http_is_not_asked_for_a_page_that_https_has),
		cmocka_unit_test(a_walk_that_is_given_up_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
