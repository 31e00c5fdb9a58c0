/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/pod/app_args.h"
#include "stage0/pod/app_flags.h"
#include "tests/unit/unit.h"

static struct error err;

static int forget(void **state)
{
	(void)state;
	pod_request_clear(&pod_asked);
	err = (struct error){0};
	return 0;
}

/* As main() and run do: options up to the first image, then the app grammar. */
static int parse(const char *const *argv)
{
	const struct option_tables tables = {{run_options}};
	int at = 0;
	int r = options_take(&tables, (char **)argv, &at, &err);

	return r < 0 ? r : app_args_parse(&tables, (char **)argv + at, &err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

#define assert_refused(message, ...)                    \
	do {                                            \
		assert_true(PARSE(__VA_ARGS__) < 0);    \
		assert_string_equal(err.text, message); \
		forget(NULL);                           \
	} while (0)

#define IN_APP "error parsing app image arguments: "

static const struct app_request *app(size_t at)
{
	assert_true(at < pod_asked.apps.count);
	return &pod_asked.apps.items[at];
}

test(options_bind_to_the_image_before_them)
{
	assert_int_equal(PARSE("--net=host", "a.aci", "--name=x", "--user", "7", "b.aci",
	                       "--name=y", "--hostname=h"),
	                 0);
	assert_int_equal(pod_asked.apps.count, 2);
	assert_string_equal(app(0)->image, "a.aci");
	assert_string_equal(app(0)->name, "x");
	assert_string_equal(app(0)->user, "7");
	assert_string_equal(app(1)->name, "y");
	assert_null(app(1)->user);
	assert_string_equal(pod_asked.hostname, "h");
	assert_string_equal(pod_asked.net.items[0], "host");
}

test(arguments_stand_between_two_and_three_dashes)
{
	assert_int_equal(PARSE("a.aci", "--name=x", "--memory=64M", "--", "-v", "--foo",
	                       "", "--", "---", "b.aci", "--exec=/bin/sh", "--", "-c",
	                       "id"),
	                 0);
	assert_int_equal(app(0)->args.count, 4);
	assert_string_equal(app(0)->args.items[1], "--foo");
	assert_string_equal(app(0)->args.items[2], "");
	assert_string_equal(app(0)->args.items[3], "--");
	assert_int_equal(app(1)->args.count, 2);
	assert_string_equal(app(1)->exec, "/bin/sh");
}

test(an_app_may_be_given_options_after_its_arguments)
{
	assert_int_equal(PARSE("a.aci", "--", "x", "---", "--name=late"), 0);
	assert_string_equal(app(0)->name, "late");
}

test(empty_words_and_stray_dashes_are_passed_over)
{
	assert_int_equal(PARSE("a.aci", "", "---", "--net=none", "---", "b.aci"), 0);
	assert_int_equal(pod_asked.apps.count, 2);
}

test(the_grammar_is_refused_in_the_words_of_rkt)
{
	assert_refused(IN_APP "only one set of app arguments allowed per image", "a.aci",
	               "--", "x", "---", "--", "y");
	assert_refused(IN_APP "an image is required before any app arguments",
	               "--net=none", "--", "x");
	assert_refused(IN_APP "unknown flag: --x", "a.aci", "--x");
	assert_refused(IN_APP "flag needs an argument: --name", "a.aci", "--name");
	assert_refused("unknown flag: --x", "--x", "a.aci");
	assert_refused("--exec must follow an image", "--exec=/x", "a.aci");
	assert_refused("--signature must follow an image", "--signature", "x", "a.aci");
	assert_refused(IN_APP "invalid argument \"/b\" for --exec=/b: stands twice for "
	                      "the same image",
	               "a.aci", "--exec=/a", "--exec=/b");
}

test(a_mount_before_the_first_image_is_for_every_app)
{
	assert_int_equal(PARSE("--mount", "volume=v,target=/all", "a.aci", "--mount",
	                       "volume=w,target=/one"),
	                 0);
	assert_int_equal(pod_asked.mounts.count, 1);
	assert_string_equal(pod_asked.mounts.items[0].path, "/all");
	assert_int_equal(app(0)->mounts.count, 1);
	assert_string_equal(app(0)->mounts.items[0].volume, "w");
}

test(a_limit_before_the_first_image_is_for_every_app)
{
	assert_int_equal(PARSE("--ulimit=nofile=1:2", "--ulimit", "core=0", "a.aci",
	                       "--ulimit=nofile=7", "b.aci"),
	                 0);
	assert_int_equal(pod_asked.limits.count, 2);
	assert_int_equal(app(0)->limits.count, 1);
	assert_int_equal(app(0)->limits.items[0].soft, 7);
	assert_int_equal(app(1)->limits.count, 0);
	forget(NULL);

	assert_refused(IN_APP "invalid argument \"core=2\" for --ulimit=core=2: 'core' "
	                      "stands twice",
	               "a.aci", "--ulimit=core=1", "--ulimit=core=2");
	assert_refused("invalid argument \"core=2:1\" for --ulimit=core=2:1: 'core': the "
	               "soft value is above the hard one",
	               "--ulimit=core=2:1", "a.aci");
}

test(a_mount_is_written_like_a_query)
{
	assert_int_equal(PARSE("a.aci", "--mount", "target=/a%20b+c,volume=v"), 0);
	assert_string_equal(app(0)->mounts.items[0].path, "/a b c");
	forget(NULL);

	assert_true(PARSE("a.aci", "--mount", "volume=v,target=/a,target=/b") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v,target=rel") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v,target=/a/../b") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v,target=/a%00") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v,target=/a%4") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v,target=/a%") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=v,target=/a,x=y") < 0);
	assert_true(PARSE("a.aci", "--mount", "volume=V,target=/a") < 0);
}

struct vectors {
	struct strv valid;
	struct strv invalid;
};

static const struct schema vectors_schema = {
	sizeof(struct vectors),
	(const struct field[]){
		{"valid", FIELD_TEXTS, 0, offsetof(struct vectors, valid)},
		{"invalid", FIELD_TEXTS, 0, offsetof(struct vectors, invalid)},
		{0},
	},
	NULL,
};

test(volumes_are_read_as_the_vectors_say)
{
	autoclose int dir = path_open(AT_FDCWD, VECTORS "/appc", PATH_HOST,
	                              O_RDONLY | O_DIRECTORY, &err);
	autoclear(buf) text = {0};
	struct vectors vectors = {0};

	assert_true(dir >= 0);
	assert_int_equal(file_read_at(dir, "volume-string.json", 1 << 20, &text, &err),
	                 0);
	assert_int_equal(
		schema_decode(&vectors_schema, text.data, text.len, &vectors, &err), 0);
	assert_true(vectors.valid.count > 5 && vectors.invalid.count > 5);
	for (size_t i = 0; i < vectors.valid.count; i++)
		if (flag_volume(&pod_asked.volumes, vectors.valid.items[i], &err) < 0)
			fail_msg("'%s': %s", vectors.valid.items[i], err.text);
	for (size_t i = 0; i < vectors.invalid.count; i++)
		if (flag_volume(&pod_asked.volumes, vectors.invalid.items[i], &err) >= 0)
			fail_msg("'%s' is taken", vectors.invalid.items[i]);
	schema_clear(&vectors_schema, &vectors);
}

test(a_volume_keeps_what_was_said_of_it)
{
	const struct volume *v;

	assert_int_equal(PARSE("--volume",
	                       "d,kind=empty,mode=0700,uid=7,gid=8,readOnly=true",
	                       "--volume=h,kind=host,source=/a b,recursive=F", "a.aci"),
	                 0);
	v = pod_asked.volumes.items;
	assert_string_equal(v[0].mode, "0700");
	assert_int_equal(v[0].uid, 7);
	assert_int_equal(v[0].gid, 8);
	assert_int_equal(v[0].read_only, CHOICE_YES);
	assert_string_equal(v[1].source, "/a b");
	assert_int_equal(v[1].read_only, CHOICE_UNSET);
	assert_int_equal(v[1].recursive, CHOICE_NO);
}

test(a_volume_is_refused_in_the_words_of_rkt)
{
	assert_refused("invalid argument \"d,kind=empty,mode=1,mode=2\" for "
	               "--volume=d,kind=empty,mode=1,mode=2: 'mode' stands twice",
	               "--volume=d,kind=empty,mode=1,mode=2");
	assert_refused("invalid argument \"d,kind=empty,x=1\" for "
	               "--volume=d,kind=empty,x=1: unknown volume parameter \"x\"",
	               "--volume=d,kind=empty,x=1");
	assert_refused(
		"invalid argument \"d\" for --volume=d: kind=host or kind=empty is "
		"missing",
		"--volume=d");
	assert_refused("invalid argument \"d,kind=host,source=/x,uid=1\" for "
	               "--volume=d,kind=host,source=/x,uid=1: kind 'host' has no 'uid'",
	               "--volume=d,kind=host,source=/x,uid=1");
}

test(ports_have_a_name_and_a_number_and_perhaps_an_address)
{
	assert_int_equal(PARSE("--port=http:8080", "--port=dns:127.0.0.1:53"), 0);
	assert_string_equal(pod_asked.ports.items[0].name, "http");
	assert_int_equal(pod_asked.ports.items[0].host_port, 8080);
	assert_null(pod_asked.ports.items[0].host_ip);
	assert_string_equal(pod_asked.ports.items[1].host_ip, "127.0.0.1");
	forget(NULL);

	assert_true(PARSE("--port=http") < 0);
	assert_true(PARSE("--port=http:0") < 0);
	assert_true(PARSE("--port=http:65536") < 0);
	assert_true(PARSE("--port=http: 80") < 0);
	assert_true(PARSE("--port=http:+80") < 0);
	assert_true(PARSE("--port=http:80x") < 0);
	assert_true(PARSE("--port=http:99999999999999999999") < 0);
	assert_true(PARSE("--port=http:300.0.0.1:80") < 0);
	assert_true(PARSE("--port=http:1.2.3.4:80:81") < 0);
	assert_true(PARSE("--port=Http:80") < 0);
}

test(variables_have_a_good_name_once)
{
	assert_int_equal(
		PARSE("--set-env=A=b=c", "--set-env", "B=", "a.aci", "--environment=A=1"),
		0);
	assert_string_equal(pod_asked.set_environment.items[0].value, "b=c");
	assert_string_equal(pod_asked.set_environment.items[1].value, "");
	assert_string_equal(app(0)->environment.items[0].value, "1");
	forget(NULL);

	assert_refused("invalid argument \"A=2\" for --set-env=A=2: 'A' has been set "
	               "already",
	               "--set-env=A=1", "--set-env=A=2");
	assert_true(PARSE("--set-env=A") < 0);
	assert_true(PARSE("--set-env==x") < 0);
	assert_true(PARSE("--set-env=0A=x") < 0);
	assert_true(PARSE("--set-env=A=\xff") < 0);
}

test(a_file_of_variables_may_have_comments_and_blank_lines)
{
	char path[] = "/tmp/gantry-test-XXXXXX";
	autoclose int fd = mkstemp(path);
	const char text[] = "# a comment\n; another\n\n \t\nA=1 2\nB=#3\r\nC=";
	int r;

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, text, strlen(text), &err), 0);
	r = PARSE("--set-env-file", path);
	unlink(path);
	assert_int_equal(r, 0);
	assert_int_equal(pod_asked.file_environment.count, 3);
	assert_string_equal(pod_asked.file_environment.items[0].value, "1 2");
	assert_string_equal(pod_asked.file_environment.items[2].value, "");
}

test(a_file_of_variables_that_is_wrong_names_the_line)
{
	char path[] = "/tmp/gantry-test-XXXXXX";
	autoclose int fd = mkstemp(path);
	autofree char *expected = memory_format(
		"invalid argument \"%s\" for --set-env-file=%s: '%s' line 2: "
		"must be NAME=VALUE",
		path, path, path);
	int r;

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, "A=1\nB\n", 6, &err), 0);
	r = PARSE("--set-env-file", path);
	unlink(path);
	assert_true(r < 0);
	assert_string_equal(err.text, expected);
}

static void assert_isolator(size_t at, const char *name, const char *value)
{
	assert_true(at < app(0)->isolators.count);
	assert_string_equal(app(0)->isolators.items[at].name, name);
	assert_string_equal(app(0)->isolators.items[at].value, value);
}

test(limits_become_isolators)
{
	assert_int_equal(PARSE("a.aci", "--memory=64Mi", "--cpu=500m", "--cpu-shares=2",
	                       "--oom-score-adj=-1000",
	                       "--caps-retain=CAP_KILL,CAP_CHOWN",
	                       "--seccomp=ptrace,errno=EPERM,mode=remove,mount"),
	                 0);
	assert_isolator(0, "resource/memory",
	                "{\"request\":\"64Mi\",\"limit\":\"64Mi\"}");
	assert_isolator(1, "resource/cpu", "{\"request\":\"500m\",\"limit\":\"500m\"}");
	assert_isolator(2, "os/linux/cpu-shares", "2");
	assert_isolator(3, "os/linux/oom-score-adj", "-1000");
	assert_isolator(4, "os/linux/capabilities-retain-set",
	                "{\"set\":[\"CAP_KILL\",\"CAP_CHOWN\"]}");
	assert_isolator(5, "os/linux/seccomp-remove-set",
	                "{\"set\":[\"ptrace\",\"mount\"],\"errno\":\"EPERM\"}");
}

test(the_last_limit_of_a_kind_holds)
{
	assert_int_equal(PARSE("a.aci", "--memory=1G", "--seccomp=mode=remove,ptrace",
	                       "--memory=2G", "--seccomp=mode=retain,read"),
	                 0);
	assert_int_equal(app(0)->isolators.count, 2);
	assert_isolator(0, "resource/memory", "{\"request\":\"2G\",\"limit\":\"2G\"}");
	assert_isolator(1, "os/linux/seccomp-retain-set", "{\"set\":[\"read\"]}");
}

test(limits_out_of_range_are_refused)
{
	assert_refused(IN_APP "invalid argument \"4095\" for --memory=4095: must be at "
	                      "least 4096 bytes",
	               "a.aci", "--memory=4095");
	assert_refused(IN_APP
	               "invalid argument \"1\" for --cpu-shares=1: must be a number "
	               "from 2 to 262144",
	               "a.aci", "--cpu-shares=1");
	assert_true(PARSE("a.aci", "--cpu=0") < 0);
	assert_true(PARSE("a.aci", "--cpu=-1") < 0);
	assert_true(PARSE("a.aci", "--memory=lots") < 0);
	assert_true(PARSE("a.aci", "--oom-score-adj=1001") < 0);
	assert_true(PARSE("a.aci", "--caps-retain=") < 0);
	assert_true(PARSE("a.aci", "--caps-retain=CAP_KILL,") < 0);
	assert_true(PARSE("a.aci", "--seccomp=ptrace") < 0);
	assert_true(PARSE("a.aci", "--seccomp=mode=remove") < 0);
	assert_true(PARSE("a.aci", "--seccomp=mode=keep,ptrace") < 0);
	assert_true(PARSE("a.aci", "--seccomp=mode=remove,mode=retain,ptrace") < 0);
	assert_true(PARSE("a.aci", "--seccomp=mode=remove,errno=eperm,ptrace") < 0);
	assert_true(PARSE("a.aci", "--seccomp=mode=remove,errno=,ptrace") < 0);
}

test(networks_add_up_and_none_stands_twice)
{
	assert_int_equal(PARSE("--net=a:IP=1.2.3.4;X=y,b", "--net", "--net=c"), 0);
	assert_int_equal(pod_asked.net.count, 4);
	assert_string_equal(pod_asked.net.items[0], "a:IP=1.2.3.4;X=y");
	assert_string_equal(pod_asked.net.items[2], "default");
	forget(NULL);

	assert_refused("invalid argument \"a:X=y\" for --net=a:X=y: found duplicate "
	               "netname \"a\"",
	               "--net=a", "--net=a:X=y");
	assert_true(PARSE("--net=") < 0);
	assert_true(PARSE("--net=a,") < 0);
	assert_true(PARSE("--net=:x") < 0);
	assert_true(PARSE("--net=a:b:c") < 0);
	assert_true(PARSE("--net=host:x") < 0);
	assert_true(PARSE("--net=all:x") < 0);
	assert_true(PARSE("--net=none:x") < 0);
}

test(one_stage1_is_chosen_once)
{
	assert_int_equal(PARSE("--stage1-name=x", "a.aci"), 0);
	assert_int_equal(pod_asked.stage1.flag, STAGE1_NAME);
	assert_string_equal(pod_asked.stage1.value, "x");
	forget(NULL);

	assert_refused(
		"invalid argument \"y\" for --stage1-name=y: --stage1-name already "
		"used",
		"--stage1-name=x", "--stage1-name=y");
	assert_refused("invalid argument \"y\" for --stage1-path=y: flags --stage1-name "
	               "and --stage1-path are mutually exclusive",
	               "--stage1-name=x", "--stage1-path=y");
}

test(supplementary_groups_replace_those_said_before)
{
	assert_int_equal(PARSE("a.aci", "--supplementary-gids=1,2",
	                       "--supplementary-gids", "4294967294"),
	                 0);
	assert_true(app(0)->has_supplementary_gids);
	assert_int_equal(app(0)->supplementary_gids.count, 1);
	assert_true(app(0)->supplementary_gids.items[0] == 4294967294);
	forget(NULL);
	assert_true(PARSE("a.aci", "--supplementary-gids=4294967295") < 0);
	assert_true(PARSE("a.aci", "--supplementary-gids=-1") < 0);
	assert_true(PARSE("a.aci", "--supplementary-gids=1,") < 0);
}

test(what_a_manifest_could_not_hold_is_refused)
{
	assert_true(PARSE("a.aci", "--name=Web") < 0);
	assert_true(PARSE("a.aci", "--working-dir=here") < 0);
	assert_true(PARSE("a.aci", "--user=") < 0);
	assert_true(PARSE("a.aci", "--group=\xc3") < 0);
	assert_true(PARSE("a.aci", "--readonly-rootfs=maybe") < 0);
	assert_true(PARSE("a.aci", "--annotation=Bad Name=x") < 0);
	assert_true(PARSE("a.aci", "--annotation=created=today") < 0);
	assert_true(PARSE("a.aci", "--annotation=gantry/ulimit=nofile") < 0);
	assert_true(PARSE("a.aci", "--user-label==x") < 0);
	assert_true(PARSE("a.aci", "--", "\xff") < 0);
	assert_true(PARSE("--hostname=a/b") < 0);
	assert_true(PARSE("--hostname=") < 0);
	assert_true(PARSE("--ipc=host") < 0);
	assert_true(PARSE("--pull-policy=sometimes") < 0);
}

test(what_is_not_served_says_so)
{
	assert_int_equal(PARSE("--dns=8.8.8.8", "a.aci"), -EOPNOTSUPP);
	assert_string_equal(err.text, "--dns: the pod's resolver configuration is not "
	                              "served yet");
	assert_int_equal(PARSE("a.aci", "--stdin=tty"), -EOPNOTSUPP);
}

#define sentence(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sentence(options_bind_to_the_image_before_them),
		sentence(arguments_stand_between_two_and_three_dashes),
		sentence(an_app_may_be_given_options_after_its_arguments),
		sentence(empty_words_and_stray_dashes_are_passed_over),
		sentence(the_grammar_is_refused_in_the_words_of_rkt),
		sentence(a_mount_before_the_first_image_is_for_every_app),
		sentence(a_limit_before_the_first_image_is_for_every_app),
		sentence(a_mount_is_written_like_a_query),
		sentence(volumes_are_read_as_the_vectors_say),
		sentence(a_volume_keeps_what_was_said_of_it),
		sentence(a_volume_is_refused_in_the_words_of_rkt),
		sentence(ports_have_a_name_and_a_number_and_perhaps_an_address),
		sentence(variables_have_a_good_name_once),
		sentence(a_file_of_variables_may_have_comments_and_blank_lines),
		sentence(a_file_of_variables_that_is_wrong_names_the_line),
		sentence(limits_become_isolators),
		sentence(the_last_limit_of_a_kind_holds),
		sentence(limits_out_of_range_are_refused),
		sentence(networks_add_up_and_none_stands_twice),
		sentence(one_stage1_is_chosen_once),
		sentence(supplementary_groups_replace_those_said_before),
		sentence(what_a_manifest_could_not_hold_is_refused),
		sentence(what_is_not_served_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
