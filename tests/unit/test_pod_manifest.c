/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/pod_manifest.h"

#include <errno.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

static void assert_becomes(const char *text, const char *wanted)
{
	autoclear(pod_manifest) pod = {0};
	autoclear(buf) out = {0};
	struct error err = {0};

	if (pod_manifest_decode(text, strlen(text), &pod, &err) < 0)
		fail_msg("%s", err.text);
	pod_manifest_encode(&pod, SCHEMA_COMPACT, &out);
	assert_string_equal(buf_string(&out), wanted);
}

#define HEAD "{\"acVersion\":\"1.30.0+git171c416f-dirty\",\"acKind\":\"PodManifest\","
#define ID   "sha512-05126eb372f5662244a12e97740be6db587b8e2fc15fd9203e53345f5c9664af"

/* The pod of a rkt that ran, as its cat-manifest prints it. */
static const char observed[] = HEAD
	"\"apps\":[{\"name\":\"rkt-inspect\",\"image\":{\"name\":\"coreos.com/"
	"rkt-inspect\","
	"\"id\":\"" ID
	"\",\"labels\":[{\"name\":\"version\",\"value\":\"1.30.0\"},{\"name\":\"arch\","
	"\"value\":\"amd64\"},{\"name\":\"os\",\"value\":\"linux\"}]},\"app\":{\"exec\":["
	"\"/inspect\"],\"user\":\"0\",\"group\":\"0\",\"workingDirectory\":\"/\","
	"\"environment\":[{\"name\":\"VAR_FROM_MANIFEST\",\"value\":\"manifest\"},{"
	"\"name\":"
	"\"PATH\",\"value\":\"/bin\"}],\"isolators\":[{\"name\":\"resource/memory\","
	"\"value\":{\"request\":\"25Mi\",\"limit\":\"25Mi\"}},{\"name\":\"resource/cpu\","
	"\"value\":{\"request\":\"50m\",\"limit\":\"800m\"}}]}}],\"volumes\":null,"
	"\"isolators\":null,\"annotations\":[{\"name\":\"coreos.com/rkt/stage1/mutable\","
	"\"value\":\"false\"}],\"ports\":[]}";

test(a_pod_is_written_as_rkt_writes_it)
{
	assert_becomes(observed, observed);
}

test(every_member_comes_back)
{
	static const char full[] = HEAD
		"\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"" ID
		"\"},\"readOnlyRootFS\":true,\"mounts\":[{\"volume\":\"v\",\"path\":\"/"
		"x\"},"
		"{\"volume\":\"w\",\"path\":\"/"
		"y\",\"appVolume\":{\"name\":\"w\",\"kind\":"
		"\"host\",\"source\":\"/z\",\"readOnly\":false,\"recursive\":true}}],"
		"\"annotations\":[{\"name\":\"n\",\"value\":\"v\"}]}],\"volumes\":[{"
		"\"name\":"
		"\"v\",\"kind\":\"empty\",\"mode\":\"0777\",\"uid\":1000,\"gid\":0}],"
		"\"isolators\":[{\"name\":\"os/unix/"
		"sysctl\",\"value\":{}}],\"annotations\":["
		"{\"name\":\"n\",\"value\":\"v\"}],\"ports\":[{\"name\":\"p\","
		"\"hostPort\":80,"
		"\"hostIP\":\"127.0.0.1\",\"podPort\":{\"name\":\"p\",\"protocol\":"
		"\"tcp\","
		"\"port\":80,\"count\":1,\"socketActivated\":false}}],"
		"\"userAnnotations\":{"
		"\"a!\":\"b\"},\"userLabels\":{\"c?\":\"d\"}}";

	assert_becomes(full, full);
}

test(an_empty_volume_gets_its_defaults_and_a_host_volume_none)
{
	assert_becomes(
		HEAD "\"apps\":null,\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\"},"
		     "{\"name\":\"w\",\"kind\":\"host\",\"source\":\"/w\"}]}",
		HEAD "\"apps\":null,\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\","
		     "\"mode\":\"0755\",\"uid\":0,\"gid\":0},{\"name\":\"w\","
		     "\"kind\":\"host\",\"source\":\"/w\"}],\"isolators\":null,"
		     "\"annotations\":null,\"ports\":[]}");
}

test(a_host_address_may_be_empty)
{
	static const char text[] = HEAD
		"\"ports\":[{\"name\":\"p\",\"hostPort\":80,\"hostIP\":\"\"}]}";
	autoclear(pod_manifest) pod = {0};
	struct error err;

	assert_int_equal(pod_manifest_decode(text, strlen(text), &pod, &err), 0);
	assert_null(pod.ports.items[0].host_ip);
	assert_null(pod.ports.items[0].pod_port);
}

test(messages_name_the_place)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"{\"acKind\":\"PodManifest\"}", ".acVersion: required"},
		{HEAD "\"apps\":[{\"name\":\"a\"}]}", ".apps[0].image: required"},
		{HEAD "\"apps\":[{\"name\":\"a\",\"image\":{}},{\"name\":\"a\",\"image\":"
	              "{}}]}",
	         ".apps: the name 'a' stands twice"},
		{HEAD
	         "\"apps\":[{\"name\":\"a\",\"image\":{},\"app\":{\"user\":\"0\"}}]}",
	         ".apps[0].app.group: required"},
		{HEAD "\"apps\":[{\"name\":\"a\",\"image\":{},\"mounts\":[{\"volume\":"
	              "\"v\"}]}]}",
	         ".apps[0].mounts[0].path: required"},
		{HEAD "\"apps\":[{\"name\":\"a\",\"image\":{},\"annotations\":[{\"name\":"
	              "\"" POD_APP_ULIMIT "\",\"value\":\"nofile=2:1\"}]}]}",
	         ".apps[0].annotations[0].value: 'nofile': the soft value is above the "
	         "hard one"},
		{HEAD "\"apps\":[{\"name\":\"a\",\"image\":{},\"annotations\":[{\"name\":"
	              "\"created\",\"value\":\"today\"}]}]}",
	         ".apps[0].annotations[0].value: must be a time such as "
	         "2006-01-02T15:04:05Z"},
		{HEAD "\"volumes\":[{\"name\":\"v\",\"kind\":\"host\"}]}",
	         ".volumes[0].source: required"},
		{HEAD "\"volumes\":[{\"name\":\"v\",\"kind\":\"host\",\"source\":\"/"
	              "\",\"gid\":"
	              "0}]}",
	         ".volumes[0].gid: has no place here"},
		{HEAD
	         "\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\",\"source\":\"/\"}]}",
	         ".volumes[0].source: has no place in an empty volume"},
		{HEAD "\"isolators\":[{\"name\":\"os/linux/"
	              "no-new-privileges\",\"value\":true}]}",
	         ".isolators[0]: 'os/linux/no-new-privileges' is for an app, not a pod"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pod_manifest pod = {0};
		struct error err = {0};

		assert_int_equal(pod_manifest_decode(cases[i].text, strlen(cases[i].text),
		                                     &pod, &err),
		                 -EBADMSG);
		assert_string_equal(err.text, cases[i].message);
	}
}

test(what_can_be_saved_of_a_bad_manifest_is)
{
	static const char text[] = "{\"acKind\":\"PodManifest\",\"apps\":[{\"name\":\"A!"
				   "\",\"image\":{\"id\":"
				   "\"x\"},\"app\":7},{\"name\":\"A!\"}],\"volumes\":7}";
	autoclear(pod_manifest) pod = {0};
	struct error err = {0};

	if (pod_manifest_salvage(text, strlen(text), &pod, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(pod.apps.count, 2);
	assert_string_equal(pod.apps.items[0].name, "A!");
	assert_string_equal(pod.apps.items[0].image.id, "x");
	assert_string_equal(pod.apps.items[1].name, "A!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_is_written_as_rkt_writes_it),
		cmocka_unit_test(every_member_comes_back),
		cmocka_unit_test(
			an_empty_volume_gets_its_defaults_and_a_host_volume_none),
		cmocka_unit_test(a_host_address_may_be_empty),
		cmocka_unit_test(messages_name_the_place),
		cmocka_unit_test(what_can_be_saved_of_a_bad_manifest_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
