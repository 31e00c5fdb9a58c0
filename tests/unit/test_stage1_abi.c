/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/pod/stage1_abi.h"
#include "tests/unit/unit.h"

#define UUID "3f156900-e135-442d-8840-a4db5b33f80e"

/* Everything that can be said, so that each row is held. */
static const struct stage1_run everything = {
	.debug = true,
	.net = "default,a:IP=1",
	.interactive = true,
	.private_users = "65536:65536",
	.mds_token = "t",
	.local_config = "/etc/x",
	.hostname = "h",
	.dns_conf_mode = "resolv=host,hosts=stage0",
	.disable_capabilities = true,
	.disable_paths = true,
	.disable_seccomp = true,
	.mutable_pod = true,
	.ipc = "parent",
	.uuid = UUID,
};

static void assert_words(const struct strv *argv, const char *words)
{
	autoclear(strv) wanted = {0};

	strv_split(&wanted, words, ' ');
	for (size_t i = 0; i < wanted.count && i < argv->count; i++)
		assert_string_equal(argv->items[i], wanted.items[i]);
	assert_int_equal(argv->count, wanted.count);
}

test(the_arguments_of_run_stand_in_rkts_order)
{
	autoclear(strv) argv = {0}, dropped = {0};

	stage1_run_encode(&everything, 6, &argv, &dropped);
	assert_words(&argv, "--debug --net=default,a:IP=1 --interactive "
	                    "--private-users=65536:65536 --mds-token=t "
	                    "--local-config=/etc/x --hostname=h "
	                    "--dns-conf-mode=resolv=host,hosts=stage0 "
	                    "--disable-capabilities-restriction --disable-paths "
	                    "--disable-seccomp --mutable --ipc=parent " UUID);
	assert_int_equal(dropped.count, 0);
}

test(an_old_interface_is_not_told_what_it_cannot_know)
{
	autoclear(strv) argv = {0}, dropped = {0};

	stage1_run_encode(&everything, 2, &argv, &dropped);
	assert_words(&argv, "--debug --net=default,a:IP=1 --interactive "
	                    "--private-users=65536:65536 --mds-token=t "
	                    "--local-config=/etc/x --hostname=h --mutable " UUID);
	assert_words(&dropped, "--dns-conf-mode --disable-capabilities-restriction "
	                       "--disable-paths --disable-seccomp --ipc");
}

test(what_is_not_said_is_not_passed)
{
	const struct stage1_run args = {.net = "none", .uuid = UUID};
	autoclear(strv) argv = {0};

	stage1_run_encode(&args, 1, &argv, NULL);
	assert_words(&argv, "--net=none " UUID);
}

test(what_run_is_told_it_understands)
{
	autoclear(strv) argv = {0};
	struct stage1_run read = {0};
	struct error err;

	stage1_run_encode(&everything, 6, &argv, NULL);
	assert_int_equal(stage1_run_decode(argv.items, &read, &err), 0);
	assert_true(read.debug && read.interactive && read.mutable_pod);
	assert_true(read.disable_capabilities && read.disable_paths &&
	            read.disable_seccomp);
	assert_string_equal(read.net, everything.net);
	assert_string_equal(read.private_users, everything.private_users);
	assert_string_equal(read.mds_token, everything.mds_token);
	assert_string_equal(read.local_config, everything.local_config);
	assert_string_equal(read.hostname, everything.hostname);
	assert_string_equal(read.dns_conf_mode, everything.dns_conf_mode);
	assert_string_equal(read.ipc, everything.ipc);
	assert_string_equal(read.uuid, UUID);
}

static void assert_run_refused(char **argv, const char *why)
{
	struct stage1_run args = {0};
	struct error err;

	assert_true(stage1_run_decode(argv, &args, &err) < 0);
	assert_string_equal(err.text, why);
}

test(run_refuses_what_it_does_not_know)
{
	assert_run_refused((char *[]){"--colour", UUID, NULL},
	                   "unknown argument '--colour'");
	assert_run_refused((char *[]){"--net", UUID, NULL},
	                   "argument '--net' needs a value");
	assert_run_refused((char *[]){NULL}, "exactly one UUID is needed");
	assert_run_refused((char *[]){UUID, UUID, NULL}, "exactly one UUID is needed");
}

test(enter_keeps_the_command_as_it_is)
{
	char *command[] = {"/bin/sh", "-c", "--pid=7", NULL};
	const struct stage1_enter args = {.pid = "42", .app = "web", .command = command};
	autoclear(strv) argv = {0};
	struct stage1_enter read = {0};
	struct error err;

	stage1_enter_encode(&args, &argv);
	assert_words(&argv, "--pid=42 --appname=web -- /bin/sh -c --pid=7");
	assert_int_equal(stage1_enter_decode(argv.items, &read, &err), 0);
	assert_string_equal(read.pid, "42");
	assert_string_equal(read.app, "web");
	assert_string_equal(read.command[2], "--pid=7");
	assert_null(read.command[3]);
}

test(gc_and_stop_have_their_words)
{
	const struct stage1_gc gc = {.debug = true, .local_config = "/c", .uuid = UUID};
	const struct stage1_stop stop = {.force = true, .uuid = UUID};
	autoclear(strv) old = {0}, new = {0}, words = {0};
	struct stage1_stop read = {0};
	struct error err;

	stage1_gc_encode(&gc, 4, &old);
	assert_words(&old, "--debug " UUID);
	stage1_gc_encode(&gc, 5, &new);
	assert_words(&new, "--debug --local-config=/c " UUID);
	stage1_stop_encode(&stop, &words);
	assert_words(&words, "--force " UUID);
	assert_int_equal(stage1_stop_decode(words.items, &read, &err), 0);
	assert_true(read.force);
}

static int version_of(const char *value)
{
	struct name_value annotation = {STAGE1_ANNOTATION_VERSION, (char *)value};
	struct image_manifest stage1 = {.name = "x"};
	struct error err;

	stage1.annotations.items = &annotation;
	stage1.annotations.count = value ? 1 : 0;
	return stage1_version(&stage1, &err);
}

test(a_version_is_one_to_six_and_one_if_not_said)
{
	assert_int_equal(version_of(NULL), 1);
	assert_int_equal(version_of("1"), 1);
	assert_int_equal(version_of("6"), 6);
	assert_true(version_of("7") < 0);
	assert_true(version_of("0") < 0);
	assert_true(version_of("") < 0);
	assert_true(version_of("2x") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_arguments_of_run_stand_in_rkts_order),
		cmocka_unit_test(an_old_interface_is_not_told_what_it_cannot_know),
		cmocka_unit_test(what_is_not_said_is_not_passed),
		cmocka_unit_test(what_run_is_told_it_understands),
		cmocka_unit_test(run_refuses_what_it_does_not_know),
		cmocka_unit_test(enter_keeps_the_command_as_it_is),
		cmocka_unit_test(gc_and_stop_have_their_words),
		cmocka_unit_test(a_version_is_one_to_six_and_one_if_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
