/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "stage0/completion.h"
#include "stage0/help.h"
#include "stage0/man.h"

/* Commands of this test's own, in place of main.c's. */

static int run_nothing(struct host *host, int argc, char **argv, struct error *err)
{
	(void)host, (void)argc, (void)argv, (void)err;
	return 0;
}

static bool flag;
static char *text;

static int option_other(void *value, const char *arg, struct error *err)
{
	return option_text(value, arg, err);
}

static const struct option_spec list_options[] = {
	{.name = "zebra", .help = "last", .parse = option_flag, .value = &flag},
	{.letter = 'f',
         .name = "full",
         .help = "more",
         .parse = option_flag,
         .value = &flag},
	{.name = "text",
         .arg = "TEXT",
         .help = "a text",
         .initial = "x",
         .parse = option_text,
         .value = &text},
	{.name = "other",
         .arg = "T",
         .help = "no text",
         .initial = "x",
         .flags = OPTION_REPEATED,
         .parse = option_other,
         .value = &text},
	{.name = "net",
         .arg = "LIST",
         .help = "nets",
         .initial = "default",
         .flags = OPTION_OPTIONAL,
         .parse = option_text,
         .value = &text},
	{.name = "hidden", .help = "x", .flags = OPTION_HIDDEN, .parse = option_flag},
	{.name = "late", .help = "x", .unserved = "comes later"},
	{.name = "old", .help = "x", .instead = "--full", .parse = option_flag},
	{0},
};

static const struct command cmd_image = {.name = "image", .summary = "images"};
static const struct command cmd_image_list = {.name = "image list",
                                              .args = "IMAGE",
                                              .summary = "lists images",
                                              .run = run_nothing};
static const struct command cmd_image_verify = {.name = "image verify",
                                                .unserved = "later"};
static const struct command cmd_list = {
	.name = "list",
	.args = "[OPTIONS] UUID",
	.summary = "lists pods",
	.about = "Lists the pods, a line for each app of each pod, and what there is to "
		 "be "
		 "known of it.\nA second paragraph.",
	.options = list_options,
	.run = run_nothing,
};
static const struct command cmd_run = {
	.name = "run", .args = "IMAGE", .summary = "runs", .run = run_nothing};
static const struct command cmd_run_prepared = {
	.name = "run-prepared", .args = "UUID", .summary = "runs", .run = run_nothing};
static const struct command cmd_secret = {
	.name = "secret", .summary = "hides", .needs = HIDDEN, .run = run_nothing};
static const struct command cmd_sign = {
	.name = "sign", .args = "[FILE]", .summary = "signs", .run = run_nothing};
static const struct command cmd_sign_remove = {
	.name = "sign remove", .args = "KEY", .summary = "unsigns", .run = run_nothing};
static const struct command cmd_trust = {.name = "trust", .unserved = "later"};

const struct command *const commands[] = {&cmd_image,
                                          &cmd_image_list,
                                          &cmd_image_verify,
                                          &cmd_list,
                                          &cmd_run,
                                          &cmd_run_prepared,
                                          &cmd_secret,
                                          &cmd_sign,
                                          &cmd_sign_remove,
                                          &cmd_trust,
                                          NULL};

static char *dir;
static const struct option_spec globals[] = {
	{.name = "dir",
         .arg = "PATH",
         .help = "where",
         .initial = "/d",
         .parse = option_other,
         .value = &dir},
	{.name = "debug", .help = "more", .parse = option_flag, .value = &flag},
	{0},
};

static const struct help_about about = {"gantry", globals};

/* Looks for the command in LINE, words between blanks. Sets *LEFT to the words left. */
static int find(const char *line, const struct command **command, struct buf *left,
                struct error *err)
{
	autoclear(strv) words = {0};
	const char *unknown;
	char *argv[16];
	int r;

	strv_split(&words, line, ' ');
	memcpy(argv, words.items, (words.count + 1) * sizeof(*argv));
	r = command_find(argv, globals, command, &unknown, err);
	for (size_t i = 0; r >= 0 && argv[i]; i++)
		buf_format(left, "%s%s", i ? " " : "", argv[i]);
	if (r < 0)
		buf_text(left, unknown);
	return r;
}

static void assert_finds(const char *line, const struct command *expected,
                         const char *left)
{
	autoclear(buf) rest = {0};
	const struct command *command;
	struct error err = {0};

	if (find(line, &command, &rest, &err) < 0)
		fail_msg("'%s': %s", line, err.text);
	if (command != expected)
		fail_msg("'%s' is %s", line, command ? command->name : "nothing");
	assert_string_equal(buf_string(&rest), left);
}

static void assert_unknown(const char *line, const char *word)
{
	autoclear(buf) unknown = {0};
	const struct command *command;
	struct error err;

	assert_true(find(line, &command, &unknown, &err) < 0);
	assert_string_equal(buf_string(&unknown), word);
}

test(a_command_is_found_among_options)
{
	assert_finds("list", &cmd_list, "");
	assert_finds("--debug list --full", &cmd_list, "--debug --full");
	assert_finds("--dir /x list a", &cmd_list, "--dir /x a");
	assert_finds("--dir=/x list", &cmd_list, "--dir=/x");
	assert_finds("--text list run", &cmd_run, "--text list");
	assert_finds("-f list", &cmd_list, "-f");
	assert_finds("--net list", &cmd_list, "--net");
	assert_finds("--debug image --dir list list x", &cmd_image_list,
	             "--debug --dir list x");
}

test(no_word_is_no_command)
{
	assert_finds("--debug", NULL, "--debug");
	assert_finds("--dir list", NULL, "--dir list");
	assert_finds("-- list", NULL, "-- list");
}

test(a_word_may_be_shortened_while_it_is_unambiguous)
{
	assert_finds("l", &cmd_list, "");
	assert_finds("run", &cmd_run, "");
	assert_finds("run-", &cmd_run_prepared, "");
	assert_finds("im li", &cmd_image_list, "");
	assert_finds("tr", &cmd_trust, "");
	assert_unknown("ru", "ru");
	assert_unknown("--debug lists", "lists");
	assert_unknown("verify", "verify");
}

test(a_group_without_a_good_word_is_the_group)
{
	assert_finds("image", &cmd_image, "");
	assert_finds("image bogus", &cmd_image, "");
	assert_finds("image ver", &cmd_image_verify, "");
}

test(a_command_may_be_a_group_of_whole_words_as_well)
{
	assert_finds("sign", &cmd_sign, "");
	assert_finds("sign remove", &cmd_sign_remove, "");
	assert_finds("si --text x remove y", &cmd_sign_remove, "--text x y");
	assert_finds("sign --text remove", &cmd_sign, "--text remove");
	assert_finds("sign rem", &cmd_sign, "rem");
	assert_finds("sign a remove", &cmd_sign, "a remove");
	assert_finds("sign -- remove", &cmd_sign, "-- remove");
	assert_unknown("remove", "remove");
}

test(the_help_of_a_command_that_is_a_group_has_both)
{
	autoclear(buf) out = {0}, bash = {0};
	struct error err;

	help_text(&about, &cmd_sign, &out);
	assert_non_null(strstr(out.data, "USAGE:\n\tgantry sign [FILE]\n"));
	assert_non_null(strstr(out.data, "\nCOMMANDS:\n\tsign remove\tunsigns\n"));
	assert_int_equal(completion_script(&about, "bash", &bash, &err), 0);
	assert_non_null(strstr(bash.data, "words=\" remove\""));
}

test(what_was_perhaps_meant_is_near)
{
	assert_true(command_is_similar(&cmd_list, "lits"));
	assert_true(command_is_similar(&cmd_list, "lst"));
	assert_true(command_is_similar(&cmd_list, "l"));
	assert_true(command_is_similar(&cmd_run_prepared, "run-p"));
	assert_false(command_is_similar(&cmd_list, "fetch"));
	assert_false(command_is_similar(&cmd_list, ""));
	assert_false(command_is_similar(&cmd_secret, "secret"));
	assert_false(command_is_similar(&cmd_trust, "trust"));
	assert_false(command_is_similar(&cmd_image_list, "image lis"));
}

test(the_word_of_a_command_is_its_last)
{
	assert_string_equal(command_word(&cmd_image_list), "list");
	assert_string_equal(command_word(&cmd_run), "run");
}

test(the_help_of_a_command_has_the_layout_of_rkt)
{
	autoclear(buf) out = {0};

	help_text(&about, &cmd_list, &out);
	assert_string_equal(out.data,
	                    "NAME:\n\tgantry list - lists pods\n"
	                    "\nUSAGE:\n\tgantry list [OPTIONS] UUID\n"
	                    "\nDESCRIPTION:\n"
	                    "\tLists the pods, a line for each app of each pod, and what "
	                    "there is to be\n"
	                    "\tknown of it.\n"
	                    "\tA second paragraph.\n"
	                    "\nOPTIONS:\n"
	                    "  -f, --full=false\tmore\n"
	                    "      --net[=default]\tnets\n"
	                    "      --other=x\t\tno text (may be given more than once)\n"
	                    "      --text=\"x\"\ta text\n"
	                    "      --zebra=false\tlast\n"
	                    "\nGLOBAL OPTIONS:\n"
	                    "      --debug=false\tmore\n"
	                    "      --dir=/d\t\twhere\n");
}

test(the_help_of_the_program_lists_what_can_be_run)
{
	autoclear(buf) out = {0};

	help_text(&about, NULL, &out);
	assert_non_null(strstr(out.data, "\nVERSION:\n\t" GANTRY_VERSION "\n"));
	assert_non_null(strstr(out.data, "\nCOMMANDS:\n"
	                                 "\timage list\tlists images\n"
	                                 "\tlist\t\tlists pods\n"
	                                 "\trun\t\truns\n"
	                                 "\trun-prepared\truns\n"
	                                 "\tsign\t\tsigns\n"
	                                 "\tsign remove\tunsigns\n\n"));
}

test(the_help_of_a_group_lists_its_commands)
{
	autoclear(buf) out = {0};

	help_text(&about, &cmd_image, &out);
	assert_non_null(strstr(out.data, "\nCOMMANDS:\n\timage list\tlists images\n\n"));
}

test(a_manual_page_says_what_the_help_says)
{
	autoclear(buf) out = {0};

	man_page(&about, &cmd_list, &out);
	assert_non_null(strstr(out.data, ".TH GANTRY-LIST 1 "));
	assert_non_null(strstr(out.data, "\\&gantry\\-list \\- \\&lists pods\n"));
	assert_non_null(strstr(out.data, ".B \\&\\-\\-other=x\n\\&no text\n"));
	assert_null(strstr(out.data, "hidden"));
}

test(a_completion_knows_the_commands_and_their_options)
{
	static const char *const shells[] = {"bash", "fish", "zsh"};
	struct error err;

	for (size_t i = 0; i < 3; i++) {
		autoclear(buf) out = {0};

		assert_int_equal(completion_script(&about, shells[i], &out, &err), 0);
		assert_non_null(strstr(out.data, "run-prepared"));
		assert_non_null(strstr(out.data, "zebra"));
		assert_null(strstr(out.data, "secret"));
		assert_null(strstr(out.data, "trust"));
		assert_null(strstr(out.data, "hidden"));
	}
}

test(a_shell_without_completion_is_refused)
{
	autoclear(buf) out = {0};
	struct error err;

	assert_true(completion_script(&about, "csh", &out, &err) < 0);
	assert_string_equal(err.text,
	                    "no completion for the shell 'csh': bash, fish or zsh");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_found_among_options),
		cmocka_unit_test(no_word_is_no_command),
		cmocka_unit_test(a_word_may_be_shortened_while_it_is_unambiguous),
		cmocka_unit_test(a_group_without_a_good_word_is_the_group),
		cmocka_unit_test(a_command_may_be_a_group_of_whole_words_as_well),
		cmocka_unit_test(the_help_of_a_command_that_is_a_group_has_both),
		cmocka_unit_test(what_was_perhaps_meant_is_near),
		cmocka_unit_test(the_word_of_a_command_is_its_last),
		cmocka_unit_test(the_help_of_a_command_has_the_layout_of_rkt),
		cmocka_unit_test(the_help_of_the_program_lists_what_can_be_run),
		cmocka_unit_test(the_help_of_a_group_lists_its_commands),
		cmocka_unit_test(a_manual_page_says_what_the_help_says),
		cmocka_unit_test(a_completion_knows_the_commands_and_their_options),
		cmocka_unit_test(a_shell_without_completion_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
