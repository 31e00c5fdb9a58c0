/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/pod/app_args.h"
#include "stage0/pod/manifest.h"
#include "stage0/pod/served.h"
#include "tests/unit/unit.h"

#define ID   "sha512-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":"
#define LABELS                                                  \
	"\"labels\":[{\"name\":\"version\",\"value\":\"1.0\"}," \
	"{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"arch\",\"value\":\"amd64\"}]"
#define WEB_APP(rest)                                                                   \
	HEAD "\"example.com/web_server\"," LABELS                                       \
	     ",\"app\":{\"exec\":[\"/web\",\"-x\"],\"user\":\"0\",\"group\":\"0\"" rest \
	     "}}"
#define WEB  WEB_APP("")
#define BASE HEAD "\"example.com/base\"," LABELS "}"

enum { IMAGES_MAX = 4 };

static struct error err;
static struct found_image images[IMAGES_MAX];
static struct pod_manifest pod;
static char *none[] = {NULL};

static int forget(void **state)
{
	(void)state;
	pod_request_clear(&pod_asked);
	pod_manifest_clear(&pod);
	memset(&pod, 0, sizeof(pod));
	for (size_t i = 0; i < IMAGES_MAX; i++)
		image_manifest_clear(&images[i].manifest);
	memset(images, 0, sizeof(images));
	err = (struct error){0};
	return 0;
}

static void find(size_t at, const char *text)
{
	strcpy(images[at].id.text, ID);
	image_manifest_clear(&images[at].manifest);
	memset(&images[at].manifest, 0, sizeof(images[at].manifest));
	if (image_manifest_decode(text, strlen(text), &images[at].manifest, &err) < 0)
		fail_msg("%s", err.text);
}

static int make_in(char *const *environment, const char *const *argv)
{
	const struct option_tables tables = {{run_options}};
	int at = 0;

	if (options_take(&tables, (char **)argv, &at, &err) < 0 ||
	    app_args_parse(&tables, (char **)argv + at, &err) < 0)
		fail_msg("%s", err.text);
	return manifest_make(&pod_asked, images, environment, &pod, &err);
}

#define MAKE(...) make_in(none, (const char *const[]){__VA_ARGS__, NULL})

static const struct app *app(size_t at)
{
	return manifest_app(&pod, images, at);
}

static const char *variable(const char *name)
{
	return name_value_find(app(0)->environment.items, app(0)->environment.count,
	                       name);
}

test(the_manifest_has_the_shape_that_rkt_wrote)
{
	autoclear(buf) text = {0};

	find(0, WEB);
	assert_int_equal(MAKE("web", "--annotation=a=b", "--readonly-rootfs=true",
	                      "--working-dir=/srv"),
	                 0);
	pod_manifest_encode(&pod, SCHEMA_COMPACT, &text);
	assert_string_equal(
		text.data,
		"{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{"
		"\"name\":"
		"\"web-server\",\"image\":{\"name\":\"example.com/"
		"web_server\",\"id\":\"" ID "\"," LABELS
		"},\"app\":{\"exec\":[\"/web\",\"-x\"],\"user\":\"0\",\"group\":"
		"\"0\",\"workingDirectory\":\"/srv\"},\"readOnlyRootFS\":true,"
		"\"annotations\":[{\"name\":\"a\",\"value\":\"b\"}]}],\"volumes\":null,"
		"\"isolators\":null,\"annotations\":[{\"name\":"
		"\"coreos.com/rkt/stage1/mutable\",\"value\":\"false\"}],\"ports\":[]}");
}

test(what_is_made_can_be_read_again)
{
	autoclear(pod_manifest) again = {0};
	autoclear(buf) text = {0};

	find(0, WEB);
	find(1, BASE);
	assert_int_equal(MAKE("--volume=v,kind=empty", "--volume=h,kind=host,source=/x",
	                      "--mount=volume=v,target=/v", "--port=http:127.0.0.1:80",
	                      "web", "--memory=64M", "--cpu=1", "--cpu-shares=2",
	                      "--oom-score-adj=1", "--caps-retain=CAP_KILL",
	                      "--seccomp=mode=retain,errno=EPERM,read",
	                      "--supplementary-gids=1,2", "--user-label=a b=c",
	                      "--environment=A=\n", "base", "--exec=/b",
	                      "--user=/etc/passwd", "--", "\t\"<\xc3\xa9"),
	                 0);
	pod_manifest_encode(&pod, SCHEMA_COMPACT, &text);
	if (pod_manifest_decode(text.data, text.len, &again, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(again.apps.items[1].app->exec.items[1], "\t\"<\xc3\xa9");
	assert_int_equal(again.volumes.count, 2);
	assert_int_equal(again.ports.items[0].host_port, 80);
}

test(exec_replaces_the_command_and_arguments_are_added)
{
	find(0, WEB);
	find(1, WEB);
	assert_int_equal(MAKE("a", "--exec=/bin/sh", "--", "-c", "---", "b", "--", "-y"),
	                 0);
	assert_int_equal(app(0)->exec.count, 2);
	assert_string_equal(app(0)->exec.items[0], "/bin/sh");
	assert_string_equal(app(0)->exec.items[1], "-c");
	assert_int_equal(app(1)->exec.count, 3);
	assert_string_equal(app(1)->exec.items[0], "/web");
	assert_string_equal(app(1)->exec.items[2], "-y");
}

test(an_image_without_an_app_section_needs_a_command)
{
	autofree char *uid = memory_format("%u", getuid());

	find(0, BASE);
	assert_true(MAKE("base") < 0);
	assert_string_equal(err.text,
	                    "image " ID " has no app section and --exec argument "
	                    "is not provided");
	forget(NULL);
	find(0, BASE);
	assert_int_equal(MAKE("base", "--exec=/x"), 0);
	assert_string_equal(app(0)->user, uid);
	assert_int_equal(manifest_check(&pod, images, &err), 0);
}

test(the_strongest_variable_holds)
{
	static char *const caller[] = {(char *)"I=inherit", (char *)"M=inherit",
	                               (char *)"S=inherit", (char *)"BASH_FUNC%%=x",
	                               (char *)"U=\xff",    NULL};

	find(0, WEB_APP(",\"environment\":[{\"name\":\"M\",\"value\":\"image\"},"
	                "{\"name\":\"E\",\"value\":\"image\"},{\"name\":\"S\",\"value\":"
	                "\"image\"}]"));
	assert_int_equal(
		make_in(caller, (const char *const[]){"--inherit-env", "--set-env=S=set",
	                                              "web", "--environment=E=app",
	                                              "--environment=S=app", NULL}),
		0);
	assert_string_equal(variable("I"), "inherit");
	assert_string_equal(variable("M"), "image");
	assert_string_equal(variable("E"), "app");
	assert_string_equal(variable("S"), "set");
	assert_null(variable("BASH_FUNC%%"));
	assert_null(variable("U"));
	assert_int_equal(app(0)->environment.count, 4);
}

test(files_of_variables_stand_between_environment_and_set_env)
{
	find(0, WEB);
	name_value_set(&pod_asked.file_environment, "A", "file");
	name_value_set(&pod_asked.file_environment, "B", "file");
	assert_int_equal(MAKE("--set-env=A=set", "web", "--environment=B=app"), 0);
	assert_string_equal(variable("A"), "set");
	assert_string_equal(variable("B"), "file");
}

test(the_callers_environment_stays_outside)
{
	static char *const caller[] = {(char *)"I=inherit", NULL};

	find(0, WEB);
	assert_int_equal(make_in(caller, (const char *const[]){"web", NULL}), 0);
	assert_int_equal(app(0)->environment.count, 0);
}

#define ISOLATORS(...) WEB_APP(",\"isolators\":[" __VA_ARGS__ "]")
#define RETAIN                                                      \
	"{\"name\":\"os/linux/capabilities-retain-set\",\"value\":" \
	"{\"set\":[\"CAP_KILL\"]}}"
#define MEMORY "{\"name\":\"resource/memory\",\"value\":{\"limit\":\"1G\"}}"

test(limits_replace_those_of_their_family_or_are_added)
{
	find(0, ISOLATORS(RETAIN "," MEMORY));
	assert_int_equal(MAKE("web", "--caps-remove=CAP_KILL", "--memory=2G"), 0);
	assert_int_equal(app(0)->isolators.count, 3);
	assert_string_equal(app(0)->isolators.items[0].name, "resource/memory");
	assert_string_equal(app(0)->isolators.items[1].name,
	                    "os/linux/capabilities-remove-set");
	assert_string_equal(app(0)->isolators.items[2].name, "resource/memory");
	assert_int_equal(manifest_check(&pod, images, &err), 0);
}

static const char *limits(size_t at)
{
	return name_value_find(pod.apps.items[at].annotations.items,
	                       pod.apps.items[at].annotations.count, POD_APP_ULIMIT);
}

test(an_apps_own_limits_hold_before_those_of_all_apps)
{
	find(0, WEB);
	find(1, WEB);
	assert_int_equal(MAKE("--ulimit=nofile=1", "--ulimit=core=1Ki:unlimited", "web",
	                      "--ulimit=cpu=5", "--ulimit=nofile=2:3", "web", "--name=b"),
	                 0);
	assert_string_equal(limits(0), "cpu=5,nofile=2:3,core=1024:unlimited");
	assert_string_equal(limits(1), "nofile=1,core=1024:unlimited");
	forget(NULL);

	find(0, WEB);
	assert_int_equal(MAKE("web"), 0);
	assert_null(limits(0));
	forget(NULL);

	find(0, WEB);
	assert_true(MAKE("--ulimit=nofile=1", "web",
	                 "--annotation=" POD_APP_ULIMIT "=core=0") < 0);
	assert_string_equal(err.text, "app 'web-server': --ulimit and "
	                              "--annotation=gantry/ulimit exclude each other");
}

test(an_images_annotations_are_not_the_apps)
{
	find(0, HEAD "\"example.com/x\"," LABELS ",\"app\":{\"exec\":[\"/x\"],\"user\":"
	             "\"0\",\"group\":\"0\"},\"annotations\":[{\"name\":\"" POD_APP_ULIMIT
	             "\",\"value\":\"nofile=7\"}]}");
	assert_int_equal(MAKE("x"), 0);
	assert_null(limits(0));
}

test(annotations_for_people_are_added_to_the_images)
{
	find(0, WEB_APP(",\"userLabels\":{\"a\":\"image\",\"b\":\"image\"}"));
	assert_int_equal(MAKE("web", "--user-label=b=said", "--user-label=c=said",
	                      "--user-annotation=x y=z"),
	                 0);
	assert_int_equal(app(0)->user_labels.count, 3);
	assert_string_equal(app(0)->user_labels.items[0].value, "image");
	assert_string_equal(app(0)->user_labels.items[1].value, "said");
	assert_string_equal(app(0)->user_annotations.items[0].name, "x y");
}

test(supplementary_groups_replace_the_images)
{
	find(0, WEB_APP(",\"supplementaryGIDs\":[7]"));
	find(1, WEB_APP(",\"supplementaryGIDs\":[7]"));
	assert_int_equal(MAKE("a", "--supplementary-gids=1,2", "b"), 0);
	assert_int_equal(app(0)->supplementary_gids.count, 2);
	assert_int_equal(app(0)->supplementary_gids.items[0], 1);
	assert_int_equal(app(1)->supplementary_gids.items[0], 7);
}

test(capabilities_are_retained_or_removed_not_both)
{
	find(0, WEB);
	assert_int_equal(MAKE("web", "--caps-remove=CAP_KILL", "--caps-retain=CAP_KILL"),
	                 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_non_null(strstr(err.text, "app 'web-server': isolators"));
}

test(an_app_is_called_as_its_image_or_as_was_said)
{
	find(0, WEB);
	find(1, WEB);
	assert_int_equal(MAKE("a", "b", "--name=other"), 0);
	assert_string_equal(pod.apps.items[0].name, "web-server");
	assert_string_equal(pod.apps.items[1].name, "other");
	assert_int_equal(manifest_check(&pod, images, &err), 0);
	forget(NULL);

	find(0, WEB);
	find(1, WEB);
	assert_int_equal(MAKE("a", "b"), 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text, "multiple apps with name web-server: give each "
	                              "another --name");
}

test(the_first_mount_on_a_path_holds)
{
	find(0, WEB);
	assert_int_equal(MAKE("--volume=a,kind=empty", "--volume=b,kind=empty",
	                      "--mount=volume=a,target=/x", "--mount=volume=a,target=/y",
	                      "web", "--mount=volume=b,target=/./x//"),
	                 0);
	assert_int_equal(pod.apps.items[0].mounts.count, 2);
	assert_string_equal(pod.apps.items[0].mounts.items[0].volume, "b");
	assert_string_equal(pod.apps.items[0].mounts.items[0].path, "/x");
	assert_string_equal(pod.apps.items[0].mounts.items[1].path, "/y");
	assert_int_equal(manifest_check(&pod, images, &err), 0);
}

test(a_mount_needs_its_volume_and_a_volume_its_own_name)
{
	find(0, WEB);
	assert_int_equal(MAKE("web", "--mount=volume=v,target=/x"), 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text,
	                    "app 'web-server': dangling mount point \"/x\": volume "
	                    "\"v\" not found");
	forget(NULL);

	find(0, WEB);
	assert_int_equal(MAKE("--volume=v,kind=empty", "--volume=v,kind=empty", "web"),
	                 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text, "duplicate volume name \"v\"");
}

#define PORT(name, port)                                                                 \
	WEB_APP(",\"ports\":[{\"name\":\"" name "\",\"protocol\":\"tcp\",\"port\":" port \
	        "}]")

test(an_exposed_port_is_one_of_one_app)
{
	find(0, PORT("http", "80"));
	find(1, PORT("admin", "81"));
	assert_int_equal(
		MAKE("--port=http:8080", "--port=admin:8081", "a", "b", "--name=b"), 0);
	assert_int_equal(manifest_check(&pod, images, &err), 0);
	forget(NULL);

	find(0, PORT("http", "80"));
	assert_int_equal(MAKE("--port=ftp:8080", "a"), 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text, "port name \"ftp\" could not be found in any apps");
	forget(NULL);

	find(0, PORT("http", "80"));
	find(1, PORT("http", "80"));
	assert_int_equal(MAKE("--port=http:8080", "a", "b", "--name=b"), 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_non_null(strstr(err.text, "ambiguous"));
}

test(two_exposed_ports_are_not_one_of_the_host)
{
	find(0, PORT("http", "80"));
	find(1, PORT("admin", "81"));
	assert_int_equal(MAKE("--port=http:8080", "--port=admin:127.0.0.1:8080", "a", "b",
	                      "--name=b"),
	                 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text,
	                    "port tcp-0.0.0.0:8080 already mapped to pod port 80");
	forget(NULL);

	find(0, PORT("http", "80"));
	find(1, PORT("admin", "81"));
	assert_int_equal(
		MAKE("--port=http:127.0.0.1:80", "--port=admin:80", "a", "b", "--name=b"),
		0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	forget(NULL);

	find(0, PORT("http", "80"));
	find(1, PORT("admin", "81"));
	assert_int_equal(MAKE("--port=http:127.0.0.2:80", "--port=admin:127.0.0.1:80",
	                      "a", "b", "--name=b"),
	                 0);
	assert_int_equal(manifest_check(&pod, images, &err), 0);
}

test(a_port_of_tcp_and_one_of_udp_are_two)
{
	find(0, PORT("dns", "53"));
	find(1, WEB_APP(",\"ports\":[{\"name\":\"dns-udp\",\"protocol\":\"udp\",\"port\":"
	                "53}]"));
	assert_int_equal(MAKE("--port=dns:53", "--port=dns-udp:53", "a", "b", "--name=b"),
	                 0);
	assert_int_equal(manifest_check(&pod, images, &err), 0);
}

#define FOR(labels) HEAD "\"example.com/x\",\"labels\":[" labels "]}"
#define OS(os)      "{\"name\":\"os\",\"value\":\"" os "\"}"
#define ARCH(arch)  "{\"name\":\"arch\",\"value\":\"" arch "\"}"

static void assert_machine_refused(const char *manifest, const char *why)
{
	find(0, manifest);
	assert_int_equal(MAKE("x", "--exec=/x"), 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
	forget(NULL);
}

test(an_image_says_what_machine_it_is_for)
{
	assert_machine_refused(FOR(""), "label 'os' is missing");
	assert_machine_refused(FOR(OS("linux")), "label 'arch' is missing");
	assert_machine_refused(FOR(OS("freebsd") "," ARCH("amd64")), "is for 'freebsd'");
}

test(a_pod_manifest_agrees_with_its_images)
{
	find(0, WEB);
	assert_int_equal(MAKE("web"), 0);
	find(0, WEB);
	assert_int_equal(manifest_check(&pod, images, &err), 0);

	name_value_set(&pod.apps.items[0].image.labels, "version", "2.0");
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text,
	                    "app 'web-server': its image's label 'version' is not "
	                    "'2.0'");
	name_value_set(&pod.apps.items[0].image.labels, "version", "1.0");
	pod.apps.items[0].image.name[0] = 'X';
	assert_true(manifest_check(&pod, images, &err) < 0);
}

test(the_section_of_the_image_holds_where_the_pod_has_none)
{
	static const char text[] = "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\","
				   "\"apps\":[{\"name\":"
				   "\"a\",\"image\":{\"id\":\"" ID "\"}}]}";

	find(0, WEB);
	assert_int_equal(pod_manifest_decode(text, strlen(text), &pod, &err), 0);
	assert_int_equal(manifest_check(&pod, images, &err), 0);
	assert_string_equal(app(0)->exec.items[0], "/web");
	find(0, BASE);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text,
	                    "app 'a': neither the pod nor image 'example.com/base' "
	                    "has an app section");
}

test(a_pod_has_an_app_and_an_app_a_command)
{
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text, "pod must contain at least one application");

	find(0, HEAD "\"example.com/x\"," LABELS
	             ",\"app\":{\"user\":\"0\",\"group\":\"0\"}}");
	assert_int_equal(MAKE("x"), 0);
	assert_true(manifest_check(&pod, images, &err) < 0);
	assert_string_equal(err.text, "app 'x': has no command: give it one with --exec");
}

static void assert_unserved(const char *manifest, const char *message)
{
	find(0, manifest);
	assert_int_equal(MAKE("web"), 0);
	assert_int_equal(served_pod(&pod, images, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, message);
	forget(NULL);
}

test(what_no_stage1_enforces_is_refused)
{
	assert_unserved(ISOLATORS(MEMORY),
	                "app 'web-server': isolator 'resource/memory' is "
	                "not served yet");
	assert_unserved(ISOLATORS("{\"name\":\"os/linux/seccomp-retain-set\",\"value\":"
	                          "{\"set\":[\"@appc.io/all\"]}}"),
	                "app 'web-server': isolator 'os/linux/seccomp-retain-set' is not "
	                "served yet");
	assert_unserved(WEB_APP(",\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":"
	                        "[\"/x\"]}]"),
	                "app 'web-server': running event handlers is not served yet");
	assert_unserved(WEB_APP(",\"ports\":[{\"name\":\"http\",\"protocol\":\"tcp\","
	                        "\"port\":80,\"socketActivated\":true}]"),
	                "app 'web-server': socket activation is not served yet");
}

test(what_is_asked_on_the_command_line_is_refused_the_same)
{
	find(0, WEB);
	assert_int_equal(MAKE("web", "--cpu=1"), 0);
	assert_int_equal(served_pod(&pod, images, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "app 'web-server': isolator 'resource/cpu' is not "
	                              "served yet");
}

test(what_stage1_enforces_is_served)
{
	find(0,
	     ISOLATORS(RETAIN ",{\"name\":\"os/linux/no-new-privileges\",\"value\":true},"
	                      "{\"name\":\"os/linux/oom-score-adj\",\"value\":5}"));
	assert_int_equal(MAKE("web", "--readonly-rootfs=true", "--supplementary-gids=5"),
	                 0);
	assert_int_equal(served_pod(&pod, images, &err), 0);
}

test(an_isolator_of_the_pod_is_judged_too)
{
	static const char text[] =
		"{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[],"
		"\"isolators\":[{\"name\":\"resource/"
		"cpu\",\"value\":{\"limit\":\"1\"}}]}";

	assert_int_equal(pod_manifest_decode(text, strlen(text), &pod, &err), 0);
	assert_int_equal(served_pod(&pod, NULL, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "pod: isolator 'resource/cpu' is not served yet");
}

test(two_networks_are_served)
{
	autoclear(strv) nets = {0};
	const char *net = NULL;

	assert_int_equal(served_net(&nets, &net, &err), -EOPNOTSUPP);
	assert_string_equal(err.text,
	                    "network 'default' is not served yet: use --net=none "
	                    "or --net=host");
	strv_add(&nets, "none");
	assert_int_equal(served_net(&nets, &net, &err), 0);
	assert_string_equal(net, "none");
	strv_add(&nets, "host");
	assert_int_equal(served_net(&nets, &net, &err), 0);
	assert_string_equal(net, "host");
}

test(switches_that_nothing_stands_behind_are_refused)
{
	pod_asked.private_users = true;
	assert_int_equal(served_request(&pod_asked, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "--private-users is not served yet");
	pod_asked.private_users = false;
	assert_int_equal(served_request(&pod_asked, &err), 0);
}

#define sentence(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sentence(the_manifest_has_the_shape_that_rkt_wrote),
		sentence(what_is_made_can_be_read_again),
		sentence(exec_replaces_the_command_and_arguments_are_added),
		sentence(an_image_without_an_app_section_needs_a_command),
		sentence(the_strongest_variable_holds),
		sentence(files_of_variables_stand_between_environment_and_set_env),
		sentence(the_callers_environment_stays_outside),
		sentence(limits_replace_those_of_their_family_or_are_added),
		sentence(an_apps_own_limits_hold_before_those_of_all_apps),
		sentence(an_images_annotations_are_not_the_apps),
		sentence(annotations_for_people_are_added_to_the_images),
		sentence(supplementary_groups_replace_the_images),
		sentence(capabilities_are_retained_or_removed_not_both),
		sentence(an_app_is_called_as_its_image_or_as_was_said),
		sentence(the_first_mount_on_a_path_holds),
		sentence(a_mount_needs_its_volume_and_a_volume_its_own_name),
		sentence(an_exposed_port_is_one_of_one_app),
		sentence(two_exposed_ports_are_not_one_of_the_host),
		sentence(a_port_of_tcp_and_one_of_udp_are_two),
		sentence(an_image_says_what_machine_it_is_for),
		sentence(a_pod_manifest_agrees_with_its_images),
		sentence(the_section_of_the_image_holds_where_the_pod_has_none),
		sentence(a_pod_has_an_app_and_an_app_a_command),
		sentence(what_no_stage1_enforces_is_refused),
		sentence(what_is_asked_on_the_command_line_is_refused_the_same),
		sentence(what_stage1_enforces_is_served),
		sentence(an_isolator_of_the_pod_is_judged_too),
		sentence(two_networks_are_served),
		sentence(switches_that_nothing_stands_behind_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
