/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/pod/pod_mounts.h"
#include "tests/unit/temporary.h"

#define POD(mounts, points, volumes)                                                    \
	"{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":"     \
	"\"a\","                                                                        \
	"\"image\":{},\"app\":{\"exec\":[\"/a\"],\"user\":\"0\",\"group\":\"0\","       \
	"\"mountPoints\":[" points "]},\"mounts\":[" mounts "]}],\"volumes\":[" volumes \
	"]}"
#define POINT(name, path)   "{\"name\":\"" name "\",\"path\":\"" path "\"}"
#define MOUNT(volume, path) "{\"volume\":\"" volume "\",\"path\":\"" path "\"}"
#define EMPTY(name)         "{\"name\":\"" name "\",\"kind\":\"empty\"}"
#define HOST(name, source, more) \
	"{\"name\":\"" name "\",\"kind\":\"host\",\"source\":\"" source "\"" more "}"

static struct pod_manifest pod;

static void complete(const char *text)
{
	pod_manifest_clear(&pod);
	assert_int_equal(pod_manifest_decode(text, strlen(text), &pod, &err), 0);
	pod_mounts_complete(&pod, 0, pod.apps.items[0].app, false);
}

static void assert_mount(size_t at, const char *volume, const char *path)
{
	assert_true(at < pod.apps.items[0].mounts.count);
	assert_string_equal(pod.apps.items[0].mounts.items[at].volume, volume);
	assert_string_equal(pod.apps.items[0].mounts.items[at].path, path);
}

test(a_path_has_one_spelling)
{
	static const char *const pairs[][2] = {
		{"/", "/"},   {"//", "/"},         {"/.", "/"},
		{"/a", "/a"}, {"/a/./b/", "/a/b"}, {"//a//b..", "/a/b.."},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		autofree char *path = pod_mounts_path(pairs[i][0]);

		assert_string_equal(path, pairs[i][1]);
	}
}

/* ACE-5 */
test(a_mount_point_is_served_by_path_then_by_name_then_by_a_volume_of_its_own)
{
	complete(POD(MOUNT("x", "/./one"),
	             POINT("one", "/one/") "," POINT("two", "/two") "," POINT("three",
	                                                                      "/three//"),
	             EMPTY("x") "," EMPTY("two") "," EMPTY("one")));
	assert_int_equal(pod.apps.items[0].mounts.count, 3);
	assert_mount(0, "x", "/./one");
	assert_mount(1, "two", "/two");
	assert_mount(2, "a-three", "/three");
	assert_int_equal(pod.volumes.count, 4);
	assert_string_equal(pod.volumes.items[3].name, "a-three");
	assert_string_equal(pod.volumes.items[3].kind, "empty");
	assert_string_equal(pod.volumes.items[3].mode, "0755");
}

test(what_is_complete_stays_as_it_is)
{
	complete(POD("", POINT("one", "/one"), ""));
	pod_mounts_complete(&pod, 0, pod.apps.items[0].app, false);
	assert_int_equal(pod.apps.items[0].mounts.count, 1);
	assert_int_equal(pod.volumes.count, 1);
}

test(a_volume_that_nobody_asked_for_is_known_again)
{
	struct volume *volume;

	complete(POD("", POINT("one", "/one"), EMPTY("a-two")));
	volume = &pod.volumes.items[1];
	assert_ptr_equal(
		pod_mounts_implicit(&pod.apps.items[0], pod.apps.items[0].app, volume),
		&pod.apps.items[0].app->mount_points.items[0]);
	assert_null(pod_mounts_implicit(&pod.apps.items[0], pod.apps.items[0].app,
	                                &pod.volumes.items[0]));
	volume->uid = 1;
	assert_null(
		pod_mounts_implicit(&pod.apps.items[0], pod.apps.items[0].app, volume));
}

test(an_apps_own_volume_comes_before_the_pods)
{
	complete(POD("{\"volume\":\"x\",\"path\":\"/x\",\"appVolume\":" HOST("x", "/s",
	                                                                     "") "}",
	             "", EMPTY("x")));
	assert_string_equal(
		pod_mounts_volume(&pod, &pod.apps.items[0].mounts.items[0])->source,
		"/s");
}

#define MORE  ",\"recursive\":true"
#define MORE2 MORE ",\"readOnly\":true"
#define MOUNTS                                                                    \
	MOUNT("a", "/1")                                                          \
	"," MOUNT("b", "/2") "," MOUNT("c", "/3") "," MOUNT("d", "/4") "," MOUNT( \
		"a", "/5") "," MOUNT("f", "/6")
#define VOLUMES                                                                     \
	HOST("a", "/a", MORE)                                                       \
	"," HOST("b", "/b", "") "," HOST("c", "/c", MORE2) "," EMPTY("d") "," HOST( \
		"e", "/e", MORE) "," HOST("f", "/", MORE)

test(only_a_recursive_volume_of_the_hosts_that_is_mounted_is_shared)
{
	autoclear(strv) sources = {0};

	complete(POD(MOUNTS, "", VOLUMES));
	pod_mounts_shared(&pod, &sources);
	assert_int_equal(sources.count, 1);
	assert_string_equal(sources.items[0], "/a");
}

/* ACE-46 */
test(an_empty_volume_is_made_once_and_for_root_alone_to_reach)
{
	struct stat st;

	complete(POD("", POINT("one", "/one"), ""));
	pod.volumes.items[0].uid = getuid();
	pod.volumes.items[0].gid = getgid();
	free(pod.volumes.items[0].mode);
	pod.volumes.items[0].mode = memory_text("1730");
	assert_int_equal(pod_volume_make(work_fd, &pod.volumes.items[0], &err), 0);
	assert_int_equal(path_stat(work_fd, POD_VOLUMES, &st, &err), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(path_stat(work_fd, POD_VOLUMES "/a-one", &st, &err), 0);
	assert_int_equal(st.st_mode & 07777, 01730);
	assert_int_equal(pod_volume_make(work_fd, &pod.volumes.items[0], &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_work(a_path_has_one_spelling),
		unit_with_work(
			a_mount_point_is_served_by_path_then_by_name_then_by_a_volume_of_its_own),
		unit_with_work(what_is_complete_stays_as_it_is),
		unit_with_work(a_volume_that_nobody_asked_for_is_known_again),
		unit_with_work(an_apps_own_volume_comes_before_the_pods),
		unit_with_work(
			only_a_recursive_volume_of_the_hosts_that_is_mounted_is_shared),
		unit_with_work(an_empty_volume_is_made_once_and_for_root_alone_to_reach),
	};
	int status = cmocka_run_group_tests(tests, NULL, NULL);

	pod_manifest_clear(&pod);
	return status;
}
