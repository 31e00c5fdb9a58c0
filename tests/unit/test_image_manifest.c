/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/image_manifest.h"

#include <errno.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

static void decode(const char *text, struct image_manifest *manifest)
{
	struct error err = {0};

	if (image_manifest_decode(text, strlen(text), manifest, &err) < 0)
		fail_msg("%s", err.text);
}

/* As the reference tools write it, with all that they always write. */
static const char written[] =
	"{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/"
	"a\","
	"\"labels\":[{\"name\":\"version\",\"value\":\"1.30.0\"},{\"name\":\"os\","
	"\"value\":"
	"\"linux\"}],\"app\":{\"exec\":null,\"eventHandlers\":[{\"name\":\"pre-start\","
	"\"exec\":[\"/x\"]}],\"user\":\"0\",\"group\":\"0\",\"supplementaryGIDs\":[400],"
	"\"workingDirectory\":\"/\",\"environment\":[{\"name\":\"A\",\"value\":\"\"}],"
	"\"mountPoints\":[{\"name\":\"m\",\"path\":\"/"
	"m\",\"readOnly\":true}],\"ports\":[{"
	"\"name\":\"p\",\"protocol\":\"tcp\",\"port\":80,\"count\":1,\"socketActivated\":"
	"false}],\"isolators\":[{\"name\":\"resource/"
	"memory\",\"value\":{\"request\":\"25Mi\","
	"\"limit\":\"25Mi\"}}],\"userAnnotations\":{\"a!\":\"b\"},\"userLabels\":{\"c?\":"
	"\"d\"}},\"annotations\":[{\"name\":\"created\",\"value\":\"2016-06-02T21:43:"
	"31Z\"}],"
	"\"dependencies\":[{\"imageName\":\"example.com/b\",\"imageID\":\"sha512-0\","
	"\"labels\":[{\"name\":\"os\",\"value\":\"linux\"}],\"size\":7}],"
	"\"pathWhitelist\":["
	"\"/a\"]}";

test(a_manifest_is_written_as_the_reference_tools_write_it)
{
	autoclear(image_manifest) manifest = {0};
	autoclear(buf) out = {0};

	decode(written, &manifest);
	image_manifest_encode(&manifest, SCHEMA_COMPACT, &out);
	assert_string_equal(buf_string(&out), written);
}

#define HEAD "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\""

test(messages_name_the_place)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{HEAD ",\"app\":{\"user\":\"0\"}}", ".app.group: required"},
		{HEAD ",\"app\":{\"user\":\"\",\"group\":\"0\"}}",
	         ".app.user: must not be empty"},
		{HEAD ",\"app\":{\"user\":\"0\",\"group\":\"0\",\"isolators\":[{\"name\":"
	              "\"os/linux/oom-score-adj\",\"value\":5000}]}}",
	         ".app.isolators[0].value: must be from -1000 to 1000"},
		{HEAD ",\"app\":{\"user\":\"0\",\"group\":\"0\",\"isolators\":[{\"name\":"
	              "\"os/unix/sysctl\",\"value\":{}},{\"name\":\"os/unix/sysctl\","
	              "\"value\":{}}]}}",
	         ".app.isolators[1]: 'os/unix/sysctl' stands twice"},
		{HEAD
	         ",\"app\":{\"user\":\"0\",\"group\":\"0\",\"ports\":[{\"name\":\"p\","
	         "\"protocol\":\"tcp\",\"port\":65535,\"count\":2}]}}",
	         ".app.ports[0].count: reaches beyond port 65535"},
		{HEAD ",\"labels\":[{\"name\":\"os\",\"value\":\"linux\"},{\"name\":"
	              "\"arch\",\"value\":\"arm64\"}]}",
	         ".labels: there is no architecture 'arm64' for linux"},
		{HEAD ",\"labels\":[{\"name\":\"name\",\"value\":\"x\"}]}",
	         ".labels[0].name: must not be 'name'"},
		{HEAD ",\"annotations\":[{\"name\":\"created\",\"value\":\"now\"}]}",
	         ".annotations[0].value: must be a time such as 2006-01-02T15:04:05Z"},
		{HEAD
	         ",\"dependencies\":[{\"imageName\":\"b\",\"labels\":[{\"name\":\"os\","
	         "\"value\":\"plan9\"}]}]}",
	         ".dependencies[0].labels: there is no operating system 'plan9'"},
		{"{\"acKind\":\"PodManifest\"}", ".acKind: must be ImageManifest"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct image_manifest manifest = {0};
		struct error err = {0};

		assert_int_equal(image_manifest_decode(cases[i].text,
		                                       strlen(cases[i].text), &manifest,
		                                       &err),
		                 -EBADMSG);
		assert_string_equal(err.text, cases[i].message);
	}
}

test(what_is_not_said_has_its_default)
{
	autoclear(image_manifest) manifest = {0};

	decode(HEAD ",\"app\":{\"user\":\"0\",\"group\":\"0\",\"workingDirectory\":\"\","
	            "\"environment\":[{\"name\":\"A\"}],\"ports\":[{\"name\":\"p\","
	            "\"protocol\":"
	            "\"tcp\",\"port\":80}]}}",
	       &manifest);
	assert_null(manifest.app->working_directory);
	assert_string_equal(manifest.app->environment.items[0].value, "");
	assert_int_equal(manifest.app->ports.items[0].count, 1);
	assert_null(manifest.dependencies.items);
}

test(labels_and_annotations_are_found_by_name)
{
	autoclear(image_manifest) manifest = {0};

	decode(written, &manifest);
	assert_string_equal(image_manifest_label(&manifest, "os"), "linux");
	assert_null(image_manifest_label(&manifest, "arch"));
	assert_string_equal(image_manifest_annotation(&manifest, "created"),
	                    "2016-06-02T21:43:31Z");
	assert_null(image_manifest_annotation(&manifest, "os"));
}

test(a_title_has_the_version_if_there_is_one)
{
	autoclear(image_manifest) manifest = {0};
	autoclear(image_manifest) bare = {0};
	autofree char *title = NULL;
	autofree char *bare_title = NULL;

	decode(written, &manifest);
	decode(HEAD "}", &bare);
	title = image_manifest_title(&manifest);
	bare_title = image_manifest_title(&bare);
	assert_string_equal(title, "example.com/a:1.30.0");
	assert_string_equal(bare_title, "a");
}

test(a_copy_of_an_app_outlives_it)
{
	autoclear(app) copy = {0};
	autoclear(buf) out = {0};
	struct image_manifest manifest = {0};

	decode(written, &manifest);
	app_copy(manifest.app, &copy);
	image_manifest_clear(&manifest);
	schema_encode(&app_schema, &copy, SCHEMA_COMPACT, &out);
	assert_non_null(strstr(written, buf_string(&out)));
	assert_non_null(strstr(buf_string(&out), "userLabels"));
}

struct merge {
	LIST_OF(struct name_value) image;
	LIST_OF(struct name_value) app;
	LIST_OF(struct name_value) out;
};

static const struct field merge_fields[] = {
	{"image", FIELD_LIST, 0, offsetof(struct merge, image), .of = &annotation_schema},
	{"app", FIELD_LIST, 0, offsetof(struct merge, app), .of = &annotation_schema},
	{"out", FIELD_LIST, 0, offsetof(struct merge, out), .of = &annotation_schema},
	{0},
};
static const struct schema merge_schema = {sizeof(struct merge), merge_fields, NULL};

struct merges {
	LIST_OF(struct merge) cases;
};

static const struct field merges_fields[] = {
	{"cases", FIELD_LIST, FIELD_REQUIRED, offsetof(struct merges, cases),
         .of = &merge_schema},
	{0},
};
static const struct schema merges_schema = {sizeof(struct merges), merges_fields, NULL};

static void merges_clear(struct merges *merges)
{
	schema_clear(&merges_schema, merges);
}

static void assert_merge(struct merge *merge)
{
	for (size_t i = 0; i < merge->app.count; i++)
		name_value_set(&merge->image, merge->app.items[i].name,
		               merge->app.items[i].value);
	assert_int_equal(merge->image.count, merge->out.count);
	for (size_t i = 0; i < merge->out.count; i++) {
		assert_string_equal(merge->image.items[i].name, merge->out.items[i].name);
		assert_string_equal(merge->image.items[i].value,
		                    merge->out.items[i].value);
	}
}

/* The reference's cases: of annotations set one after another, and of an app's over its
 * image's. */
test(setting_a_value_replaces_it_in_place_or_appends)
{
	autoclear(buf) text = {0};
	autoclear(merges) merges = {0};
	struct error err = {0};
	struct merge *set;

	vectors_read("merge-annotations.json", &text);
	if (schema_decode(&merges_schema, text.data, text.len, &merges, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(merges.cases.count >= 4);
	for (size_t i = 0; i < merges.cases.count; i++)
		assert_merge(&merges.cases.items[i]);
	set = list_add(&merges.cases);
	name_value_set(&set->image, "foo", "bar");
	name_value_set(&set->image, "dog", "woof");
	name_value_set(&set->image, "foo", "baz");
	assert_int_equal(set->image.count, 2);
	assert_string_equal(name_value_find(set->image.items, 2, "foo"), "baz");
}

/* What was asked for, and what an image has. */
struct match {
	LIST_OF(struct name_value) wanted;
	LIST_OF(struct name_value) have;
	bool match;
};

static const struct field match_fields[] = {
	{"wanted", FIELD_MAP, 0, offsetof(struct match, wanted)},
	{"have", FIELD_MAP, 0, offsetof(struct match, have)},
	{"match", FIELD_BOOL, 0, offsetof(struct match, match)},
	{0},
};
static const struct schema match_schema = {sizeof(struct match), match_fields, NULL};

struct matches {
	LIST_OF(struct match) cases;
};

static const struct field matches_fields[] = {
	{"cases", FIELD_LIST, FIELD_REQUIRED, offsetof(struct matches, cases),
         .of = &match_schema},
	{0},
};
static const struct schema matches_schema = {sizeof(struct matches), matches_fields,
                                             NULL};

test(labels_match_as_the_vectors_say)
{
	autoclear(buf) text = {0};
	struct matches matches = {0};
	struct error err = {0};

	vectors_read("label-match.json", &text);
	if (schema_decode(&matches_schema, text.data, text.len, &matches, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(matches.cases.count >= 7);
	for (size_t i = 0; i < matches.cases.count; i++) {
		const struct match *one = &matches.cases.items[i];
		const struct image_manifest manifest = {
			.labels = {one->have.items, one->have.count},
		};

		if (!image_manifest_lacks(&manifest, one->wanted.items,
		                          one->wanted.count) != one->match)
			fail_msg("case %zu", i);
	}
	schema_clear(&matches_schema, &matches);
}

struct platforms {
	struct strv linux_archs;
	struct strv freebsd_archs;
	struct strv darwin_archs;
};

static const struct field platforms_fields[] = {
	{"linux", FIELD_TEXTS, FIELD_REQUIRED, offsetof(struct platforms, linux_archs)},
	{"freebsd", FIELD_TEXTS, FIELD_REQUIRED,
         offsetof(struct platforms, freebsd_archs)},
	{"darwin", FIELD_TEXTS, FIELD_REQUIRED, offsetof(struct platforms, darwin_archs)},
	{0},
};
static const struct schema platforms_schema = {sizeof(struct platforms), platforms_fields,
                                               NULL};

struct labels_file {
	struct platforms valid;
};

static const struct field labels_file_fields[] = {
	{"valid_os_arch", FIELD_OBJECT, FIELD_REQUIRED,
         offsetof(struct labels_file, valid), .of = &platforms_schema},
	{0},
};
static const struct schema labels_file_schema = {sizeof(struct labels_file),
                                                 labels_file_fields, NULL};

static void labels_file_clear(struct labels_file *file)
{
	schema_clear(&labels_file_schema, file);
}

static bool is_platform(const char *os, const char *arch)
{
	const struct name_value labels[] = {{(char *)"arch", (char *)(uintptr_t)arch},
	                                    {(char *)"os", (char *)(uintptr_t)os}};
	struct error err;

	return labels_check(labels, 2, &err) == 0;
}

static void assert_platforms(const char *os, const struct strv *archs,
                             const struct platforms *all)
{
	const struct strv *lists[] = {&all->linux_archs, &all->freebsd_archs,
	                              &all->darwin_archs};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < lists[i]->count; k++)
			assert_int_equal(is_platform(os, lists[i]->items[k]),
			                 strv_has(archs, lists[i]->items[k]));
}

test(each_operating_system_has_its_architectures)
{
	autoclear(buf) text = {0};
	autoclear(labels_file) file = {0};
	struct error err = {0};

	vectors_read("labels.json", &text);
	if (schema_decode(&labels_file_schema, text.data, text.len, &file, &err) < 0)
		fail_msg("%s", err.text);
	assert_platforms("linux", &file.valid.linux_archs, &file.valid);
	assert_platforms("freebsd", &file.valid.freebsd_archs, &file.valid);
	assert_platforms("darwin", &file.valid.darwin_archs, &file.valid);
}

test(what_can_be_saved_of_a_bad_manifest_is)
{
	static const char text[] = "{\"acKind\":\"ImageManifest\",\"name\":\"Bad!\","
				   "\"labels\":[{\"name\":\"version\",\"value\":\"1\"},"
				   "{\"name\":\"version\"}],\"app\":{}}";
	autoclear(image_manifest) manifest = {0};
	struct error err = {0};

	if (image_manifest_salvage(text, strlen(text), &manifest, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(manifest.name, "Bad!");
	assert_string_equal(manifest.ac_version, "");
	assert_string_equal(image_manifest_label(&manifest, "version"), "1");
	assert_null(manifest.app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_written_as_the_reference_tools_write_it),
		cmocka_unit_test(messages_name_the_place),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(labels_and_annotations_are_found_by_name),
		cmocka_unit_test(a_title_has_the_version_if_there_is_one),
		cmocka_unit_test(a_copy_of_an_app_outlives_it),
		cmocka_unit_test(setting_a_value_replaces_it_in_place_or_appends),
		cmocka_unit_test(labels_match_as_the_vectors_say),
		cmocka_unit_test(each_operating_system_has_its_architectures),
		cmocka_unit_test(what_can_be_saved_of_a_bad_manifest_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
