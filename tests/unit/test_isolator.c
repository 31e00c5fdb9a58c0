/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/isolator.h"

#include <errno.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

struct isolators {
	LIST_OF(struct isolator) list;
	struct strv unrecognized;
};

static const struct field isolators_fields[] = {
	{"list", FIELD_LIST, FIELD_REQUIRED, offsetof(struct isolators, list),
         .of = &isolator_schema},
	{"unrecognized", FIELD_TEXTS, 0, offsetof(struct isolators, unrecognized)},
	{0},
};
static const struct schema isolators_schema = {sizeof(struct isolators), isolators_fields,
                                               NULL};

static void isolators_clear(struct isolators *isolators)
{
	schema_clear(&isolators_schema, isolators);
}

/* What isolator.json has besides values. */
struct file {
	struct strv known_names;
	struct isolators lookup;
	struct isolators unrecognized;
};

static const struct field file_fields[] = {
	{"known_names", FIELD_TEXTS, FIELD_REQUIRED, offsetof(struct file, known_names)},
	{"lookup_case", FIELD_OBJECT, FIELD_REQUIRED, offsetof(struct file, lookup),
         .of = &isolators_schema},
	{"unrecognized_case", FIELD_OBJECT, FIELD_REQUIRED,
         offsetof(struct file, unrecognized), .of = &isolators_schema},
	{0},
};
static const struct schema file_schema = {sizeof(struct file), file_fields, NULL};

static void file_clear(struct file *file)
{
	schema_clear(&file_schema, file);
}

static struct file read_file(void)
{
	autoclear(buf) text = {0};
	struct file file = {0};
	struct error err = {0};

	vectors_read("isolator.json", &text);
	if (schema_decode(&file_schema, text.data, text.len, &file, &err) < 0)
		fail_msg("%s", err.text);
	return file;
}

static struct isolators list_of(const char *json)
{
	autofree char *text = memory_format("{\"list\":%s}", json);
	struct isolators isolators = {0};
	struct error err = {0};

	if (schema_decode(&isolators_schema, text, strlen(text), &isolators, &err) < 0)
		fail_msg("%s", err.text);
	return isolators;
}

test(the_names_of_the_specification_are_known)
{
	autoclear(file) file = read_file();

	assert_int_equal(file.known_names.count, 15);
	for (size_t i = 0; i < file.known_names.count; i++)
		assert_true(isolator_is_known(file.known_names.items[i]));
}

test(other_names_are_not_known)
{
	autoclear(file) file = read_file();
	const struct isolators *one = &file.unrecognized;
	autoclear(strv) unknown = {0};

	for (size_t i = 0; i < one->list.count; i++)
		if (!isolator_is_known(one->list.items[i].name))
			strv_add(&unknown, one->list.items[i].name);
	assert_int_equal(unknown.count, one->unrecognized.count);
	assert_string_equal(unknown.items[0], one->unrecognized.items[0]);
	assert_false(isolator_is_known("os/linux/CPU-shares"));
}

static struct isolator_amount amount_of(const struct isolators *isolators,
                                        const char *name)
{
	return isolator_amount(
		isolator_find(isolators->list.items, isolators->list.count, name));
}

test(requests_and_limits_are_found_by_name)
{
	autoclear(file) file = read_file();
	struct isolator_amount cpu = amount_of(&file.lookup, "resource/cpu");
	struct isolator_amount memory = amount_of(&file.lookup, "resource/memory");

	assert_int_equal(quantity_ceil(&cpu.limit, 3), 1);
	assert_int_equal(quantity_ceil(&cpu.request, 3), 30);
	assert_int_equal(quantity_ceil(&memory.limit, 0), 2147483648);
	assert_int_equal(quantity_ceil(&memory.request, 0), 1000000000);
}

test(of_several_with_one_name_the_last_counts)
{
	autoclear(isolators) isolators = list_of(
		"[{\"name\":\"resource/cpu\",\"value\":{\"limit\":\"1\"}},"
		"{\"name\":\"resource/cpu\",\"value\":{\"request\":\"2\"}}]");
	struct isolator_amount cpu = amount_of(&isolators, "resource/cpu");

	assert_false(cpu.has_limit);
	assert_true(cpu.has_request);
	assert_int_equal(quantity_ceil(&cpu.request, 0), 2);
	assert_null(isolator_find(isolators.list.items, isolators.list.count,
	                          "resource/memory"));
}

/* An amount in JSON may have spaces around it, or be a number. */
static void assert_milli(const char *json, int64_t wanted)
{
	autofree char *list = memory_format(
		"[{\"name\":\"resource/cpu\",\"value\":{\"limit\":%s}}]", json);
	autoclear(isolators) isolators = list_of(list);
	struct isolator_amount cpu = amount_of(&isolators, "resource/cpu");

	assert_true(cpu.has_limit);
	assert_int_equal(quantity_ceil(&cpu.limit, 3), wanted);
}

test(amounts_have_all_the_forms_json_has)
{
	assert_milli("\" 1\"", 1000);
	assert_milli("\"1\\n\"", 1000);
	assert_milli("10", 10000);
	assert_milli("0.1", 100);
	assert_milli("2.5", 2500);
	assert_milli("1e2", 100000);
}

test(a_set_is_read_with_its_errno)
{
	autoclear(isolators) isolators = list_of(
		"[{\"name\":\"os/linux/seccomp-remove-set\",\"value\":"
		"{\"set\":[\"chmod\",\"chown\"],\"errno\":\"EPERM\"}}]");
	autoclear(strv) set = {0};
	autofree char *errno_name = NULL;

	strv_add(&set, "mount");
	isolator_set(&isolators.list.items[0], &set, &errno_name);
	assert_int_equal(set.count, 3);
	assert_string_equal(set.items[2], "chown");
	assert_string_equal(errno_name, "EPERM");
}

test(no_errno_is_an_empty_one)
{
	autoclear(isolators) isolators = list_of(
		"[{\"name\":\"os/linux/seccomp-retain-set\",\"value\":"
		"{\"set\":[\"read\"]}}]");
	autoclear(strv) set = {0};
	autofree char *errno_name = NULL;

	isolator_set(&isolators.list.items[0], &set, &errno_name);
	assert_string_equal(errno_name, "");
}

test(capabilities_have_a_set_and_no_errno)
{
	autoclear(isolators) isolators = list_of(
		"[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":"
		"{\"set\":[\"CAP_KILL\"]}}]");
	autoclear(strv) set = {0};

	isolator_set(&isolators.list.items[0], &set, NULL);
	assert_int_equal(set.count, 1);
	assert_string_equal(set.items[0], "CAP_KILL");
}

test(booleans_and_integers_are_read)
{
	autoclear(isolators) isolators = list_of(
		"[{\"name\":\"os/linux/no-new-privileges\",\"value\":true},"
		"{\"name\":\"os/linux/no-new-privileges\",\"value\":false},"
		"{\"name\":\"os/linux/oom-score-adj\",\"value\":-250}]");

	assert_true(isolator_bool(&isolators.list.items[0]));
	assert_false(isolator_bool(&isolators.list.items[1]));
	assert_int_equal(isolator_int(&isolators.list.items[2]), -250);
}

static void assert_wrong(const char *name, const char *value, const char *message)
{
	const struct isolator isolator = {(char *)(uintptr_t)name,
	                                  (char *)(uintptr_t)value};
	struct error err = {0};

	assert_true(isolator_check(&isolator, &err) < 0);
	assert_string_equal(err.text, message);
}

test(messages_name_the_place_in_the_value)
{
	assert_wrong("os/linux/capabilities-retain-set", "{\"set\":[]}",
	             ".value.set: must not be empty");
	assert_wrong("os/linux/seccomp-retain-set", "{\"set\":[\"a\"],\"errno\":\"e\"}",
	             ".value.errno: must be an errno such as EPERM");
	assert_wrong("os/linux/oom-score-adj", "1001",
	             ".value: must be from -1000 to 1000");
	assert_wrong("os/linux/no-new-privileges", "1", ".value: must be true or false");
	assert_wrong("os/linux/no-new-privileges", "null", ".value: required");
	assert_wrong("resource/memory", "{\"limit\":\"1GB\"}",
	             ".value.limit: '1GB' is not an amount such as 500m, 1.5 or 64Mi");
	assert_wrong("resource/memory", "{\"request\":-1}",
	             ".value.request: must not be negative");
	assert_wrong("resource/memory", "{\"default\":true}",
	             ".value.default: has no place here");
	assert_wrong("resource/block-iops", "{\"limit\":1}",
	             ".value.default: must be true");
	assert_wrong("os/linux/selinux-context",
	             "{\"user\":\"u\",\"role\":\"r:x\",\"type\":\"t\",\"level\":\"s0\"}",
	             ".value.role: must not contain ':'");
	assert_wrong("os/unix/sysctl", "{\"a\":1}", ".value['a']: must be a string");
}

static void assert_list(const char *json, enum isolator_scope scope, const char *message)
{
	autoclear(isolators) isolators = list_of(json);
	struct error err = {.text = "good"};

	(void)!isolator_check_list(isolators.list.items, isolators.list.count, scope,
	                           &err);
	assert_string_equal(err.text, message);
}

#define SYSCTL  "{\"name\":\"os/unix/sysctl\",\"value\":{}}"
#define UNKNOWN "{\"name\":\"example.com/x\",\"value\":1}"
#define RETAIN                                            \
	"{\"name\":\"os/linux/capabilities-retain-set\"," \
	"\"value\":{\"set\":[\"CAP_KILL\"]}}"
#define REMOVE                                            \
	"{\"name\":\"os/linux/capabilities-remove-set\"," \
	"\"value\":{\"set\":[\"CAP_KILL\"]}}"

test(a_list_has_no_twins_and_no_contradictions)
{
	assert_list("[" SYSCTL "," UNKNOWN "," UNKNOWN "]", ISOLATOR_POD, "good");
	assert_list("[" SYSCTL "," SYSCTL "]", ISOLATOR_POD,
	            "[1]: 'os/unix/sysctl' stands twice");
	assert_list("[" RETAIN "," RETAIN "]", ISOLATOR_APP, "good");
	assert_list("[" RETAIN "," REMOVE "]", ISOLATOR_APP,
	            "[1]: 'os/linux/capabilities-remove-set' may not stand beside "
	            "'os/linux/capabilities-retain-set'");
	assert_list("[" REMOVE "," UNKNOWN "," RETAIN "]", ISOLATOR_APP,
	            "[2]: 'os/linux/capabilities-retain-set' may not stand beside "
	            "'os/linux/capabilities-remove-set'");
}

test(what_is_for_an_app_has_no_place_in_a_pod)
{
	assert_list("[" RETAIN "]", ISOLATOR_POD,
	            "[0]: 'os/linux/capabilities-retain-set' is for an app, not a pod");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_names_of_the_specification_are_known),
		cmocka_unit_test(other_names_are_not_known),
		cmocka_unit_test(requests_and_limits_are_found_by_name),
		cmocka_unit_test(of_several_with_one_name_the_last_counts),
		cmocka_unit_test(amounts_have_all_the_forms_json_has),
		cmocka_unit_test(a_set_is_read_with_its_errno),
		cmocka_unit_test(no_errno_is_an_empty_one),
		cmocka_unit_test(capabilities_have_a_set_and_no_errno),
		cmocka_unit_test(booleans_and_integers_are_read),
		cmocka_unit_test(messages_name_the_place_in_the_value),
		cmocka_unit_test(a_list_has_no_twins_and_no_contradictions),
		cmocka_unit_test(what_is_for_an_app_has_no_place_in_a_pod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
