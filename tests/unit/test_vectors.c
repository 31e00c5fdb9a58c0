/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vectors.h"

#include <string.h>

#include "common/appc/pod_manifest.h"
#include "common/memory.h"
#include "common/quantity.h"
#include "common/uuid.h"
#include "tests/unit/unit.h"

/* A value is judged where it belongs, in a whole manifest around it. */
struct place {
	const char *file;
	const char *before;
	const char *after;
	vector_judge *judge;
};

static char *document(const struct place *place, const char *json)
{
	return memory_format("%s%s%s", place->before, json, place->after);
}

static int judge_image(const char *json, const void *context, struct error *err)
{
	autofree char *text = document(context, json);
	autoclear(image_manifest) manifest = {0};

	return image_manifest_decode(text, strlen(text), &manifest, err);
}

static int judge_pod(const char *json, const void *context, struct error *err)
{
	autofree char *text = document(context, json);
	autoclear(pod_manifest) pod = {0};

	return pod_manifest_decode(text, strlen(text), &pod, err);
}

static int judge_either(const char *json, const void *context, struct error *err)
{
	int r = judge_image(json, context, err);

	return r < 0 ? judge_pod(json, context, err) : r;
}

/* Kind and version are the document's own members. */
static int judge_kind(const char *json, const void *context, struct error *err)
{
	autofree char *named = NULL;

	if (*json != '{')
		return judge_either(json, context, err);
	named = memory_format("{\"name\":\"a\"%s%s", json[1] == '}' ? "" : ",", json + 1);
	return judge_either(named, context, err);
}

static int judge_salvaged_image(const char *json,
                                const void *context __attribute__((unused)),
                                struct error *err)
{
	autoclear(image_manifest) manifest = {0};

	return image_manifest_salvage(json, strlen(json), &manifest, err);
}

static int judge_salvaged_pod(const char *json,
                              const void *context __attribute__((unused)),
                              struct error *err)
{
	autoclear(pod_manifest) pod = {0};

	return pod_manifest_salvage(json, strlen(json), &pod, err);
}

struct text {
	char *value;
};

static const struct field text_fields[] = {
	{"value", FIELD_TEXT, 0, offsetof(struct text, value)},
	{0},
};
static const struct schema text_schema = {sizeof(struct text), text_fields, NULL};

/* The string that JSON is; NULL and a failure if it is none. */
static char *text_of(const char *json, struct error *err)
{
	autofree char *text = memory_format("{\"value\":%s}", json);
	struct text value = {0};

	(void)!schema_decode(&text_schema, text, strlen(text), &value, err);
	return value.value;
}

static int judge_quantity(const char *json, const void *context __attribute__((unused)),
                          struct error *err)
{
	autofree char *text = text_of(json, err);
	struct quantity quantity;

	return text ? quantity_parse(text, &quantity, err) : err->code;
}

static int judge_uuid(const char *json, const void *context __attribute__((unused)),
                      struct error *err)
{
	autofree char *text = text_of(json, err);
	struct uuid uuid;

	return text ? uuid_parse(text, &uuid, err) : err->code;
}

static int judge_errno(const char *json, const void *context __attribute__((unused)),
                       struct error *err)
{
	autofree char *text = text_of(json, err);
	const char *wrong = text ? name_check_errno(text) : "must be a string";

	return wrong ? error_set(err, -EINVAL, "%s", wrong) : 0;
}

#define IMAGE       "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\","
#define NAMED       IMAGE "\"name\":\"example.com/a\","
#define APP_GROUPS  "\"user\":\"0\",\"group\":\"0\","
#define APP         NAMED "\"app\":{" APP_GROUPS
#define POD         "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\","
#define ID          "sha512-0000000000000000000000000000000000000000000000000000000000000000"
#define ANNOTATIONS NAMED "\"annotations\":[{\"name\":"

static const struct place places[] = {
	{"ac-identifier.json", IMAGE "\"name\":", "}", judge_image},
	{"ac-kind.json", "{\"acKind\":", ",\"acVersion\":\"1.0.0\",\"name\":\"a\"}",
         judge_either},
	{"ac-name.json", POD "\"apps\":[{\"image\":{\"id\":\"" ID "\"},\"name\":", "}]}",
         judge_pod},
	{"ac-version.json",
         "{\"acKind\":\"ImageManifest\",\"name\":\"a\",\"acVersion\":", "}", judge_image},
	{"annotations.json", NAMED "\"annotations\":", "}", judge_image},
	{"app.json", NAMED "\"app\":", "}", judge_image},
	{"app-list.json", POD "\"apps\":", "}", judge_pod},
	{"date.json", ANNOTATIONS "\"created\",\"value\":", "}]}", judge_image},
	{"dependency.json", NAMED "\"dependencies\":[", "]}", judge_image},
	{"environment.json", APP "\"environment\":", "}}", judge_image},
	{"event-handler.json", APP "\"eventHandlers\":[", "]}}", judge_image},
	{"exec.json", APP "\"exec\":", "}}", judge_image},
	{"exposed-port.json", POD "\"ports\":[", "]}", judge_pod},
	{"image-id.json", POD "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":", "}}]}",
         judge_pod},
	{"image-manifest.json", "", "", judge_image},
	{"isolator.json", APP "\"isolators\":[", "]}}", judge_image},
	{"kind.json", "", "", judge_kind},
	{"labels.json", NAMED "\"labels\":", "}", judge_image},
	{"lastditch-image.json", "", "", judge_salvaged_image},
	{"lastditch-pod.json", "", "", judge_salvaged_pod},
	{"mountpoint.json", APP "\"mountPoints\":[", "]}}", judge_image},
	{"pod-manifest.json", "", "", judge_pod},
	{"port.json", APP "\"ports\":[", "]}}", judge_image},
	{"quantity.json", "", "", judge_quantity},
	{"seccomp-errno.json", "", "", judge_errno},
	{"url.json", ANNOTATIONS "\"homepage\",\"value\":", "}]}", judge_image},
	{"uuid.json", "", "", judge_uuid},
	{"volume.json", POD "\"volumes\":[", "]}", judge_pod},
};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

static void values_are_judged_as_decided(void **state)
{
	const struct place *place = *state;

	vectors_check(place->file, NULL, place->judge, place);
}

test(names_of_variables_are_judged_as_decided)
{
	const struct place place = {NULL, APP "\"environment\":[{\"name\":", "}]}}",
	                            judge_image};

	vectors_check("environment.json", "env_name", judge_image, &place);
}

static void official_examples_are_good(const char *file, vector_judge *judge)
{
	const struct place place = {file, "", "", judge};
	autoclear(buf) text = {0};
	struct error err = {0};

	vectors_read(file, &text);
	if (judge(text.data, &place, &err) < 0)
		fail_msg("%s: %s", file, err.text);
}

test(the_official_examples_are_good)
{
	official_examples_are_good("examples/image.json", judge_image);
	official_examples_are_good("examples/pod_runtime.json", judge_pod);
	official_examples_are_good("examples/pod_template.json", judge_pod);
}

int main(void)
{
	struct CMUnitTest tests[PLACES + 2] = {
		cmocka_unit_test(names_of_variables_are_judged_as_decided),
		cmocka_unit_test(the_official_examples_are_good),
	};

	/* The name of each test is its file's. */
	for (size_t i = 0; i < PLACES; i++)
		tests[i + 2] = (struct CMUnitTest){places[i].file,
		                                   values_are_judged_as_decided, NULL,
		                                   NULL, (void *)(uintptr_t)&places[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
