/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/mount.h>
#include <sched.h>
#include <string.h>

#include "stage1/pod_plan.h"
#include "stage1/privilege.h"
#include "tests/unit/unit.h"

#define ID "sha512-05126eb372f5662244a12e97740be6db587b8e2fc15fd9203e53345f5c9664af"
#define APP(name, more)                                                  \
	"{\"name\":\"" name "\",\"image\":{\"id\":\"" ID "\"},\"app\":{" \
	"\"exec\":[\"/a\"],\"user\":\"0\",\"group\":\"0\"" more "}}"
#define POD(apps) \
	"{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[" apps "]}"

static int plan_of(const char *text, const struct stage1_run *args, struct pod_plan *plan,
                   struct error *err)
{
	static struct pod_manifest pod;

	pod_manifest_clear(&pod);
	assert_int_equal(pod_manifest_decode(text, strlen(text), &pod, err), 0);
	return pod_plan_make(plan, &pod, args, err);
}

static void assert_refused(const char *text, const struct stage1_run *args,
                           const char *why)
{
	autoclear(pod_plan) plan = {0};
	struct error err;

	assert_true(plan_of(text, args, &plan, &err) < 0);
	assert_string_equal(err.text, why);
}

test(a_pod_gets_every_namespace_by_default)
{
	const struct stage1_run args = {.net = "none", .uuid = "u"};
	autoclear(pod_plan) plan = {0};
	struct error err;

	assert_int_equal(plan_of(POD(APP("a", "")), &args, &plan, &err), 0);
	assert_true(plan.namespaces == (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
	                                CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET));
	assert_string_equal(plan.hostname, "gantry-u");
	assert_true(plan.filter);
	assert_false(plan.keep_capabilities);
}

test(the_host_shares_what_was_asked_for)
{
	const struct stage1_run args = {.net = "host", .ipc = "parent", .uuid = "u"};
	autoclear(pod_plan) plan = {0};
	struct error err;

	assert_int_equal(plan_of(POD(APP("a", "")), &args, &plan, &err), 0);
	assert_true(plan.namespaces ==
	            (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWCGROUP));
}

test(what_is_not_enforced_is_refused)
{
	const struct stage1_run args = {.net = "none", .uuid = "u"};

	assert_refused(POD(APP("a", ",\"isolators\":[{\"name\":\"resource/memory\","
	                            "\"value\":{\"limit\":\"1Mi\"}}]")),
	               &args, "app 'a': isolator 'resource/memory' is not served yet");
	assert_refused(POD(APP("a", ",\"eventHandlers\":[{\"name\":\"pre-start\","
	                            "\"exec\":[\"/b\"]}]")),
	               &args, "app 'a': event handlers are not served yet");
	assert_refused(POD(""), &args, "pod must contain at least one application");
}

test(limits_are_those_of_the_apps_annotation)
{
	const struct stage1_run args = {.net = "none", .uuid = "u"};
	autoclear(pod_plan) plan = {0};
	autoclear(buf) text = {0};
	struct error err;

	assert_int_equal(
		plan_of(POD("{\"name\":\"a\",\"image\":{\"id\":\"" ID "\"},\"app\":{"
	                    "\"exec\":[\"/a\"],\"user\":\"0\",\"group\":\"0\"},"
	                    "\"annotations\":[{\"name\":\"" POD_APP_ULIMIT
	                    "\",\"value\":\"nofile=10:20,core=1Ki\"}]}," APP("b", "")),
	                &args, &plan, &err),
		0);
	assert_int_equal(plan.apps.items[0].limits.count, 2);
	assert_int_equal(plan.apps.items[0].limits.items[1].hard, 1024);
	assert_int_equal(plan.apps.items[1].limits.count, 0);
	pod_plan_print(&plan, &text);
	assert_non_null(strstr(text.data, "\nlimits nofile=10:20,core=1024\n"));
}

test(an_argument_that_is_not_served_is_refused)
{
	const struct stage1_run users = {
		.net = "none", .uuid = "u", .private_users = "1:2"};
	const struct stage1_run net = {.net = "default", .uuid = "u"};
	const struct stage1_run interactive = {
		.net = "none", .uuid = "u", .interactive = true};

	assert_refused(POD(APP("a", "")), &users, "--private-users is not served yet");
	assert_refused(
		POD(APP("a", "")), &net,
		"network 'default' is not served yet: use --net=none or --net=host");
	assert_refused(POD(APP("a", "") "," APP("b", "")), &interactive,
	               "interactive option only supports one image");
}

static const struct mount_step *find(const struct mount_plan *plan, enum mount_kind kind,
                                     const char *target)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].kind == kind &&
		    strcmp(plan->steps[i].target, target) == 0)
			return &plan->steps[i];
	return NULL;
}

test(the_kernels_files_are_ours_and_masked)
{
	const struct mount_request request = {.masks = true};
	struct mount_plan plan;

	mount_plan_make(&plan, &request);
	assert_non_null(find(&plan, MOUNT_FILESYSTEM, "proc"));
	assert_non_null(find(&plan, MOUNT_FILESYSTEM, "dev"));
	assert_true(find(&plan, MOUNT_FILESYSTEM, "sys")->attr & MOUNT_ATTR_RDONLY);
	assert_non_null(find(&plan, MOUNT_MASK, "proc/kcore"));
	assert_non_null(find(&plan, MOUNT_READ_ONLY, "proc/sys"));
	assert_true(find(&plan, MOUNT_ROOT, "")->attr == MOUNT_ATTR_NODEV);
	/* The last change to /dev is that there are no more. */
	assert_true(find(&plan, MOUNT_SEAL, "dev") > find(&plan, MOUNT_NODE, "dev/null"));
	assert_true(find(&plan, MOUNT_SEAL, "dev") >
	            find(&plan, MOUNT_MASK, "sys/power"));
}

test(without_paths_nothing_is_masked)
{
	const struct mount_request request = {0};
	struct mount_plan plan;

	mount_plan_make(&plan, &request);
	assert_null(find(&plan, MOUNT_MASK, "proc/kcore"));
	assert_null(find(&plan, MOUNT_READ_ONLY, "proc/sys"));
	assert_false(find(&plan, MOUNT_FILESYSTEM, "sys")->attr & MOUNT_ATTR_RDONLY);
}

test(several_apps_share_terminals_and_memory)
{
	const struct mount_request request = {.several_apps = true};
	struct mount_plan plan;

	mount_plan_make(&plan, &request);
	assert_non_null(find(&plan, MOUNT_SHARED, "dev/shm"));
	assert_non_null(find(&plan, MOUNT_SHARED, "dev/pts"));
	assert_null(find(&plan, MOUNT_FILESYSTEM, "dev/shm"));
}

test(the_plan_can_be_read)
{
	const struct mount_request request = {.masks = true, .read_only_root = true};
	struct mount_plan plan;
	autoclear(buf) text = {0};

	mount_plan_make(&plan, &request);
	mount_plan_print(&plan, &text);
	assert_non_null(strstr(text.data, "mount /proc proc\n"));
	assert_non_null(strstr(text.data, "node /dev/null\n"));
	assert_non_null(strstr(text.data, "mask /proc/kcore\n"));
	assert_non_null(strstr(text.data, "link /dev/fd /proc/self/fd\n"));
}

#define VOLUME_POD(mounts, points)                                                  \
	"{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":" \
	"\"a\","                                                                    \
	"\"image\":{\"id\":\"" ID "\"},\"app\":{\"exec\":[\"/a\"],\"user\":\"0\","  \
	"\"group\":\"0\",\"mountPoints\":[" points "]},\"mounts\":[" mounts         \
	"]}],\"volumes\":[{\"name\":\"h\",\"kind\":\"host\",\"source\":\"/s\"},"    \
	"{\"name\":\"r\",\"kind\":\"host\",\"source\":\"/r\",\"recursive\":true},"  \
	"{\"name\":\"w\",\"kind\":\"host\",\"source\":\"/w\",\"readOnly\":false},"  \
	"{\"name\":\"e\",\"kind\":\"empty\"}]}"
#define MOUNT(volume, path) "{\"volume\":\"" volume "\",\"path\":\"" path "\"}"
#define POINT(name, path) \
	"{\"name\":\"" name "\",\"path\":\"" path "\",\"readOnly\":true}"

static void assert_volumes(const char *text, const char *wanted)
{
	const struct stage1_run args = {.net = "none", .uuid = "u"};
	autoclear(pod_plan) plan = {0};
	autoclear(buf) found = {0};
	struct error err;

	assert_int_equal(plan_of(text, &args, &plan, &err), 0);
	volume_plan_print(&plan.apps.items[0].mounts.volumes, false, &found);
	volume_plan_print(&plan.apps.items[0].mounts.volumes, true, &found);
	assert_string_equal(buf_string(&found), wanted);
}

test(volumes_are_mounted_parents_first_and_those_in_dev_last)
{
	assert_volumes(VOLUME_POD(MOUNT("h", "/b/c") "," MOUNT("e", "/dev/x") "," MOUNT(
					  "e", "//b/.") "," MOUNT("r", "/a"),
	                          ""),
	               "volume /a r /r shared\nvolume /b e sharedVolumes/e\n"
	               "volume /b/c h /s\nvolume /dev/x e sharedVolumes/e\n");
}

test(a_volume_says_whether_it_is_read_only_and_else_its_mount_point)
{
	assert_volumes(
		VOLUME_POD(MOUNT("h", "/a") "," MOUNT("h", "/b"), POINT("x", "/./a/")),
		"volume /a h /s read-only\nvolume /b h /s\n");
	assert_volumes(VOLUME_POD(MOUNT("h", "/b"), POINT("h", "/b")),
	               "volume /b h /s read-only\n");
	assert_volumes(VOLUME_POD(MOUNT("r", "/b"), POINT("r", "/b")),
	               "volume /b r /r read-only\n");
	assert_volumes(VOLUME_POD(MOUNT("w", "/b"), POINT("w", "/b")),
	               "volume /b w /w\n");
}

test(the_plan_says_when_volumes_are_mounted)
{
	const struct stage1_run args = {.net = "none", .uuid = "u"};
	autoclear(pod_plan) plan = {0};
	autoclear(buf) text = {0};
	struct error err;

	assert_int_equal(
		plan_of(VOLUME_POD(MOUNT("e", "/e") "," MOUNT("h", "/dev/h"), ""), &args,
	                &plan, &err),
		0);
	mount_plan_print(&plan.apps.items[0].mounts, &text);
	assert_non_null(strstr(text.data, "protect /\nvolume /e e sharedVolumes/e\n"
	                                  "mount /proc proc\n"));
	assert_non_null(strstr(text.data, "mask /sys/power\nvolume /dev/h h /s\n"
	                                  "seal /dev\n"));
}

test(no_volume_hides_what_makes_a_pod)
{
	const struct stage1_run args = {.net = "none", .uuid = "u"};
	const struct stage1_run open = {
		.net = "none", .uuid = "u", .disable_paths = true};
	autoclear(pod_plan) plan = {0};
	struct error err;

	assert_refused(VOLUME_POD(MOUNT("e", "/."), ""), &args,
	               "app 'a': no volume can be on '/': it would hide the image");
	assert_refused(VOLUME_POD(MOUNT("e", "/proc/1"), ""), &open,
	               "app 'a': no volume can be on '/proc/1': what is there is the "
	               "kernel's");
	assert_refused(VOLUME_POD(MOUNT("e", "/dev/null"), ""), &open,
	               "app 'a': no volume can be on '/dev/null': what is there is the "
	               "pod's own");
	assert_refused(VOLUME_POD(MOUNT("e", "/sys/fs"), ""), &args,
	               "app 'a': no volume can be on '/sys/fs': what is there is the "
	               "kernel's: it takes --insecure-options=paths");
	assert_refused(VOLUME_POD(MOUNT("e", "/a") "," MOUNT("h", "/a/"), ""), &args,
	               "app 'a': two mounts on '/a'");
	assert_int_equal(
		plan_of(VOLUME_POD(MOUNT("e", "/sys/fs"), ""), &open, &plan, &err), 0);
}

test(both_capability_sets_exclude_each_other)
{
	struct isolator both[] = {
		{"os/linux/capabilities-retain-set", "{\"set\":[\"CAP_KILL\"]}"},
		{"os/linux/capabilities-remove-set", "{\"set\":[\"CAP_KILL\"]}"},
	};
	struct isolator unknown = {"os/linux/capabilities-retain-set",
	                           "{\"set\":[\"CAP_FLY\"]}"};
	struct error err;
	uint64_t set;

	assert_true(privilege_bounding_set(both, 2, &set, &err) < 0);
	assert_true(privilege_bounding_set(&unknown, 1, &set, &err) < 0);
	assert_string_equal(err.text, "isolator 'os/linux/capabilities-retain-set': "
	                              "unknown capability 'CAP_FLY'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_gets_every_namespace_by_default),
		cmocka_unit_test(the_host_shares_what_was_asked_for),
		cmocka_unit_test(what_is_not_enforced_is_refused),
		cmocka_unit_test(limits_are_those_of_the_apps_annotation),
		cmocka_unit_test(an_argument_that_is_not_served_is_refused),
		cmocka_unit_test(the_kernels_files_are_ours_and_masked),
		cmocka_unit_test(without_paths_nothing_is_masked),
		cmocka_unit_test(several_apps_share_terminals_and_memory),
		cmocka_unit_test(the_plan_can_be_read),
		cmocka_unit_test(volumes_are_mounted_parents_first_and_those_in_dev_last),
		cmocka_unit_test(
			a_volume_says_whether_it_is_read_only_and_else_its_mount_point),
		cmocka_unit_test(the_plan_says_when_volumes_are_mounted),
		cmocka_unit_test(no_volume_hides_what_makes_a_pod),
		cmocka_unit_test(both_capability_sets_exclude_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
