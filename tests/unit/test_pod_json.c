/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "common/pod/pod.h"
#include "stage0/pod/pod_json.h"
#include "tests/unit/pod_place.h"

#define IMAGE_ID                 \
	"sha512-"                \
	"05126eb372f5662244a12e" \
	"97740be6db587b8e2fc15fd9203e53345f5c9664af"

#define MANIFEST(more)                                                              \
	"{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":" \
	"\"rkt-inspect\",\"image\":{\"id\":\"" IMAGE_ID "\"}" more "}"

/* Writes FILE as it was changed at SECONDS and NS. */
static void write_at(int fd, const char *file, const char *text, time_t seconds, long ns)
{
	struct timespec times[2] = {{seconds, ns}, {seconds, ns}};

	write_file(fd, file, text);
	assert_int_equal(utimensat(fd, file, times, 0), 0);
}

static void assert_json(const char *uuid, const char *json)
{
	autoptr(pod) pod = open_pod(uuid);
	autoclear(pod_object) object = {0};
	autoclear(buf) text = {0};

	assert_int_equal(pod_object_read(pod, &object, &err), 0);
	pod_object_encode(&object, SCHEMA_COMPACT, &text);
	assert_string_equal(text.data, json);
}

test(an_exited_pod_with_a_network_is_told_as_rkt_tells_it)
{
	autoclose int fd = make_pod("run", UUID_C);

	write_at(fd, POD_MANIFEST, MANIFEST("") "]}", 1795195893, 440362745);
	write_at(fd, POD_PPID, "85\n", 1795195895, 114375120);
	make_dirs(fd, POD_STATUS);
	write_at(fd, POD_STATUS "/rkt-inspect", "0\n", 1795195896, 5);
	write_file(fd, POD_NET_INFO,
	           "[{\"netName\":\"default\",\"netConf\":\"net/99-default.conf\","
	           "\"pluginPath\":\"plugins/net/ptp\",\"ifName\":\"eth0\","
	           "\"ip\":\"172.16.28.2\",\"args\":\"\",\"mask\":\"255.255.255.0\"}]");
	assert_json(
		UUID_C,
		"{\"name\":\"" UUID_C "\",\"state\":\"exited\","
		"\"networks\":[{\"netName\":\"default\","
		"\"netConf\":\"net/99-default.conf\",\"pluginPath\":\"plugins/net/ptp\","
		"\"ifName\":\"eth0\",\"ip\":\"172.16.28.2\",\"args\":\"\","
		"\"mask\":\"255.255.255.0\"}],\"app_names\":[\"rkt-inspect\"],"
		"\"apps\":[{\"name\":\"rkt-inspect\",\"state\":\"exited\","
		"\"created_at\":1795195893440362745,\"started_at\":1795195895114375120,"
		"\"finished_at\":1795195896000000005,\"exit_code\":0,"
		"\"image_id\":\"" IMAGE_ID "\"}],"
		"\"created_at\":1795195893,\"started_at\":1795195895}");
}

test(mounts_labels_and_annotations_are_told)
{
	autoclose int fd = make_pod("prepared", UUID_A);

	write_at(fd, POD_MANIFEST,
	         MANIFEST(",\"app\":{\"exec\":[\"/a\"],\"user\":\"0\",\"group\":\"0\","
	                  "\"userLabels\":{\"a\":\"b\"}},\"mounts\":["
	                  "{\"volume\":\"data\",\"path\":\"/data\"},"
	                  "{\"volume\":\"gone\",\"path\":\"/gone\"}]") //
	         "],\"volumes\":[{\"name\":\"data\",\"kind\":\"host\","
	         "\"source\":\"/srv\",\"readOnly\":true}],"
	         "\"userAnnotations\":{\"c\":\"d\"}}",
	         1500000000, 0);
	assert_json(UUID_A,
	            "{\"name\":\"" UUID_A "\",\"state\":\"prepared\","
	            "\"app_names\":[\"rkt-inspect\"],"
	            "\"apps\":[{\"name\":\"rkt-inspect\",\"state\":\"created\","
	            "\"created_at\":1500000000000000000,\"image_id\":\"" IMAGE_ID "\","
	            "\"mounts\":[{\"name\":\"data\",\"container_path\":\"/data\","
	            "\"host_path\":\"/srv\",\"read_only\":true},"
	            "{\"name\":\"gone\",\"container_path\":\"/gone\","
	            "\"host_path\":\"\",\"read_only\":false}],"
	            "\"user_labels\":{\"a\":\"b\"}}],\"created_at\":1500000000,"
	            "\"user_annotations\":{\"c\":\"d\"}}");
}

test(an_app_without_a_status_is_what_its_pod_is)
{
	autoclose int fd = make_pod("run", UUID_A);

	write_at(fd, POD_MANIFEST, MANIFEST("") "]}", 1500000000, 0);
	assert_json(UUID_A, "{\"name\":\"" UUID_A "\",\"state\":\"exited\","
	                    "\"app_names\":[\"rkt-inspect\"],"
	                    "\"apps\":[{\"name\":\"rkt-inspect\",\"state\":\"exited\","
	                    "\"created_at\":1500000000000000000,"
	                    "\"image_id\":\"" IMAGE_ID "\"}],\"created_at\":1500000000}");
	hold_lock(fd);
	assert_json(UUID_A, "{\"name\":\"" UUID_A "\",\"state\":\"running\","
	                    "\"app_names\":[\"rkt-inspect\"],"
	                    "\"apps\":[{\"name\":\"rkt-inspect\",\"state\":\"running\","
	                    "\"created_at\":1500000000000000000,"
	                    "\"image_id\":\"" IMAGE_ID "\"}],\"created_at\":1500000000}");
}

test(a_pod_without_a_time_of_creation_is_an_error)
{
	autoclose int fd = make_pod("prepare", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);
	autoclear(pod_object) object = {0};

	write_file(fd, POD_MANIFEST, MANIFEST("") "]}");
	assert_int_equal(pod_object_read(pod, &object, &err), -ENODATA);
	assert_string_equal(err.text,
	                    "pod '" UUID_A "' (aborted prepare) has no time of creation");
}

test(networks_are_of_pods_that_run_or_have_exited)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);
	autoclear(pod_networks) networks = {0};
	autoclear(pod_networks) none = {0};
	autoclear(buf) text = {0};

	assert_int_equal(pod_networks_read(pod, &none, &err), 0);
	write_file(fd, POD_NET_INFO,
	           "[{\"netName\":\"a\",\"ip\":\"10.1.0.2\"},"
	           "{\"netName\":\"b\",\"ip\":\"10.2.0.2\"}]");
	assert_int_equal(pod_networks_read(pod, &networks, &err), 0);
	pod_networks_text(&networks, &text);
	assert_string_equal(text.data, "a:ip4=10.1.0.2, b:ip4=10.2.0.2");
	assert_int_equal(pod_move(pod, "exited-garbage", &err), 0);
	assert_int_equal(pod_networks_read(pod, &none, &err), 0);
	assert_int_equal(none.items.count, 0);
}

test(network_info_that_is_null_is_none_and_junk_is_an_error)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = open_pod(UUID_A);
	autoclear(pod_networks) networks = {0};

	write_file(fd, POD_NET_INFO, "null");
	assert_int_equal(pod_networks_read(pod, &networks, &err), 0);
	assert_int_equal(networks.items.count, 0);
	assert_int_equal(file_replace_at(fd, POD_NET_INFO, 0640, "[", &err), 0);
	assert_true(pod_networks_read(pod, &networks, &err) < 0);
	assert_non_null(strstr(err.text, "net-info.json of pod '" UUID_A "': "));
}

test(no_pods_are_null_and_pretty_is_indented_by_tabs)
{
	struct pod_object objects[2] = {{.name = (char *)"a", .state = (char *)"exited"},
	                                {.name = (char *)"b", .state = (char *)"gone"}};
	autoclear(buf) none = {0}, pretty = {0};

	assert_int_equal(pod_objects_encode(NULL, 0, SCHEMA_COMPACT, &none, &err), 0);
	assert_string_equal(none.data, "null");
	assert_int_equal(pod_objects_encode(objects, 2, SCHEMA_PRETTY, &pretty, &err), 0);
	assert_string_equal(
		pretty.data,
		"[\n\t{\n\t\t\"name\": \"a\",\n\t\t\"state\": \"exited\"\n\t},\n"
		"\t{\n\t\t\"name\": \"b\",\n\t\t\"state\": \"gone\"\n\t}\n]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_data(an_exited_pod_with_a_network_is_told_as_rkt_tells_it),
		unit_with_data(mounts_labels_and_annotations_are_told),
		unit_with_data(an_app_without_a_status_is_what_its_pod_is),
		unit_with_data(a_pod_without_a_time_of_creation_is_an_error),
		unit_with_data(networks_are_of_pods_that_run_or_have_exited),
		unit_with_data(network_info_that_is_null_is_none_and_junk_is_an_error),
		unit_with_data(no_pods_are_null_and_pretty_is_indented_by_tabs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
