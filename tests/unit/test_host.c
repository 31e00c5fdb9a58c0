/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/host.h"

/* Each test has an empty directory as its current one. */
static int enter_empty_directory(void **state)
{
	char *path = strdup("/tmp/gantry-host-XXXXXX");

	*state = path;
	return mkdtemp(path) ? chdir(path) : -1;
}

static int leave_directory(void **state)
{
	struct error err;
	int r = chdir("/") < 0 ? -1 : path_remove_tree(AT_FDCWD, *state, &err);

	free(*state);
	return r;
}

/* Sets options as the command line would, words between blanks. */
static int set(struct host *host, const char *line, struct error *err)
{
	const struct option_tables tables = {{host_options(host)}};
	static struct strv words;
	int at = 0;

	strv_clear(&words);
	strv_split(&words, line, ' ');
	return options_take(&tables, words.items, &at, err);
}

static void assert_set(struct host *host, const char *line)
{
	struct error err = {0};

	if (set(host, line, &err) < 0)
		fail_msg("%s: %s", line, err.text);
}

static void assert_refused(const char *line, const char *text)
{
	autoptr(host) host = host_new("gantry");
	struct error err;

	assert_true(set(host, line, &err) < 0);
	assert_non_null(strstr(err.text, text));
}

test(the_name_of_the_program_decides_its_directories)
{
	autoptr(host) gantry = host_new("/usr/bin/gantry");
	autoptr(host) rkt = host_new("/usr/bin/rkt");
	autoptr(host) bare = host_new("rkt");
	autoptr(host) other = host_new("rkt2");
	const struct option_tables tables = {{host_options(rkt)}};

	assert_string_equal(host_program(gantry), "gantry");
	assert_string_equal(host_local_config(gantry), "/etc/gantry");
	assert_string_equal(host_program(rkt), "rkt");
	assert_string_equal(host_local_config(rkt), "/etc/rkt");
	assert_string_equal(options_find(&tables, "dir", 3)->initial, "/var/lib/rkt");
	assert_string_equal(host_program(bare), "rkt");
	assert_string_equal(host_program(other), "gantry");
}

static void assert_insecure(const char *line, unsigned expected)
{
	autoptr(host) host = host_new("gantry");

	assert_int_equal(host_insecure(host), 0);
	assert_set(host, line);
	assert_int_equal(host_insecure(host), expected);
}

test(insecure_options_are_the_words_of_rkt_in_any_case)
{
	assert_insecure("--insecure-options=none", 0);
	assert_insecure("--insecure-options=image", INSECURE_IMAGE);
	assert_insecure("--insecure-options=Image,TLS", INSECURE_IMAGE | INSECURE_TLS);
	assert_insecure("--insecure-options=all-fetch", INSECURE_ALL_FETCH);
	assert_insecure("--insecure-options=all-run",
	                INSECURE_CAPABILITIES | INSECURE_PATHS | INSECURE_SECCOMP);
	assert_insecure("--insecure-options=all", INSECURE_ALL);
	assert_insecure("--insecure-options=all --insecure-options=http", INSECURE_HTTP);
}

test(insecure_options_that_are_unknown_or_repeated_are_refused)
{
	assert_refused("--insecure-options=images", "unknown option 'images'");
	assert_refused("--insecure-options=image,", "unknown option ''");
	assert_refused("--insecure-options=", "unknown option ''");
	assert_refused("--insecure-options=image,tls,IMAGE", "'IMAGE' is given twice");
}

test(paths_are_made_absolute_and_must_not_be_empty)
{
	autoptr(host) host = host_new("gantry");
	autofree char *here = getcwd(NULL, 0);

	assert_set(host, "--local-config=etc");
	assert_true(strncmp(host_local_config(host), here, strlen(here)) == 0);
	assert_string_equal(host_local_config(host) + strlen(here), "/etc");
	assert_set(host, "--local-config /a");
	assert_string_equal(host_local_config(host), "/a");
	assert_refused("--dir=", "must not be empty");
	assert_refused("--user-config=", "must not be empty");
}

test(a_data_directory_that_is_not_there_is_made_only_when_asked)
{
	autoptr(host) host = host_new("gantry");
	struct error err;
	struct stat st;

	assert_set(host, "--dir=a/data");
	assert_int_equal(host_data_dir(host, false, &err), -ENOENT);
	assert_true(stat("a", &st) < 0);
	assert_true(host_data_dir(host, true, &err) >= 0);
	assert_int_equal(stat("a/data/pods/exited-garbage", &st), 0);
	assert_int_equal(stat("a/data/cas/tree", &st), 0);
}

test(a_data_directory_is_completed_where_a_process_died_making_it)
{
	autoptr(host) first = host_new("gantry");
	autoptr(host) second = host_new("gantry");
	struct error err;
	struct stat st;

	assert_set(first, "--dir=data");
	assert_set(second, "--dir=data");
	assert_int_equal(mkdir("data", 0700), 0);
	assert_int_equal(mkdir("data/cas", 0700), 0);
	assert_true(host_data_dir(first, true, &err) >= 0);
	assert_int_equal(stat("data/pods/run", &st), 0);
	assert_true(host_data_dir(second, true, &err) >= 0);
}

test(nothing_in_a_data_directory_is_open_to_others)
{
	static const char *const made[] = {".",    "cas",   "cas/image",    "cas/name",
	                                   "pods", "locks", "pods/prepare", "pods/run"};
	static const char *const closed[] = {"cas/tree", "cas/tmp"};
	autoptr(host) host = host_new("gantry");
	mode_t mask = umask(0);
	struct error err;
	struct stat st;
	int fd;

	assert_set(host, "--dir=data");
	fd = host_data_dir(host, true, &err);
	umask(mask);
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		assert_int_equal(fstatat(fd, made[i], &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0750);
	}
	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
		assert_int_equal(fstatat(fd, closed[i], &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
}

test(the_path_of_the_data_directory_has_no_links)
{
	autoptr(host) host = host_new("gantry");
	autofree char *real = NULL;
	struct error err;

	assert_int_equal(mkdir("real", 0700), 0);
	assert_int_equal(symlink("real", "link"), 0);
	assert_set(host, "--dir=link");
	assert_true(host_data_dir(host, true, &err) >= 0);
	real = realpath("real", NULL);
	assert_string_equal(host_data_path(host), real);
}

test(a_file_is_no_data_directory)
{
	autoptr(host) host = host_new("gantry");
	struct error err;

	assert_int_equal(close(creat("file", 0600)), 0);
	assert_set(host, "--dir=file");
	assert_true(host_data_dir(host, true, &err) < 0);
	assert_non_null(strstr(err.text, "data directory '"));
	assert_non_null(strstr(err.text, "Not a directory"));
}

/* Makes DIR/paths.d/a.json with TEXT in it. */
static void configure(const char *dir, const char *text)
{
	autofree char *paths = memory_format("%s/paths.d", dir);
	struct error err;
	int fd;

	assert_true(path_make_dirs(AT_FDCWD, paths, 0755, &err) >= 0);
	fd = path_open(AT_FDCWD, paths, PATH_HOST, O_RDONLY | O_DIRECTORY, &err);
	assert_true(file_replace_at(fd, "a.json", 0644, text, &err) >= 0);
	close(fd);
}

static void configure_data(const char *dir, const char *data)
{
	autofree char *here = getcwd(NULL, 0);
	autofree char *text = memory_format(
		"{\"rktKind\":\"paths\",\"rktVersion\":\"v1\","
		"\"data\":\"%s/%s\"}",
		here, data);

	configure(dir, text);
}

static void assert_data_path(struct host *host, const char *name)
{
	struct error err;
	const char *path;

	if (host_data_dir(host, true, &err) < 0)
		fail_msg("%s", err.text);
	path = host_data_path(host);
	assert_string_equal(strrchr(path, '/') + 1, name);
}

test(the_data_directory_may_be_configured_and_the_option_counts_more)
{
	static const char *const lines[] = {
		"--system-config=s", "--system-config=s --local-config=l",
		"--local-config=l --user-config=u --system-config=s",
		"--user-config=u --dir=given"};
	static const char *const names[] = {"of-s", "of-l", "of-u", "given"};

	umask(022);
	configure_data("s", "of-s");
	configure_data("l", "of-l");
	configure_data("u", "of-u");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		autoptr(host) host = host_new("gantry");

		assert_set(host, lines[i]);
		assert_data_path(host, names[i]);
	}
}

test(a_broken_configuration_is_told_where_the_data_directory_is_looked_for)
{
	autoptr(host) host = host_new("gantry");
	autoptr(host) told = host_new("gantry");
	struct error err;

	configure("l", "{}");
	assert_set(host, "--local-config=l --system-config=s");
	assert_true(host_data_dir(host, false, &err) < 0);
	assert_non_null(strstr(err.text, "/l/paths.d/a.json': .rktVersion: required"));
	assert_set(told, "--local-config=l --dir=data");
	assert_data_path(told, "data");
}

#define in_directory(test) \
	cmocka_unit_test_setup_teardown(test, enter_empty_directory, leave_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_of_the_program_decides_its_directories),
		cmocka_unit_test(insecure_options_are_the_words_of_rkt_in_any_case),
		cmocka_unit_test(
			insecure_options_that_are_unknown_or_repeated_are_refused),
		in_directory(paths_are_made_absolute_and_must_not_be_empty),
		in_directory(a_data_directory_that_is_not_there_is_made_only_when_asked),
		in_directory(
			a_data_directory_is_completed_where_a_process_died_making_it),
		in_directory(nothing_in_a_data_directory_is_open_to_others),
		in_directory(the_path_of_the_data_directory_has_no_links),
		in_directory(a_file_is_no_data_directory),
		in_directory(
			the_data_directory_may_be_configured_and_the_option_counts_more),
		in_directory(
			a_broken_configuration_is_told_where_the_data_directory_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
