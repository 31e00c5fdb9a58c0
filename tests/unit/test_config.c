/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/config.h"

#include "tests/unit/config_place.h"

static void read_all(struct config *config)
{
	if (config_read(config, &place, CONFIG_ALL, &err) < 0)
		fail_msg("%s", err.text);
}

/* The objects of what is read are those given, up to NULL. */
static void assert_objects(const char *object, ...)
{
	autoclear(config) config = {0};
	autoclear(buf) text = {0}, expected = {0};
	const char *comma = "{\"stage0\":[";
	va_list objects;

	va_start(objects, object);
	for (; object; object = va_arg(objects, const char *)) {
		buf_format(&expected, "%s%s", comma, object);
		comma = ",";
	}
	va_end(objects);
	buf_text(&expected, "]}");
	read_all(&config);
	config_encode(&config, true, &text);
	assert_string_equal(text.data, expected.data);
}

/* TEXT in PATH is refused with "'PATH': MESSAGE". */
static void assert_refused(const char *path, const char *text, const char *message)
{
	autofree char *expected = memory_format("configuration: '%s/%s': %s", work, path,
	                                        message);
	autoclear(config) config = {0};

	put(path, text);
	assert_true(config_read(&config, &place, CONFIG_ALL, &err) < 0);
	assert_string_equal(err.text, expected);
	assert_int_equal(unlinkat(work_fd, path, 0), 0);
}

static void assert_allowed(const char *path, const char *text)
{
	autoclear(config) config = {0};

	put(path, text);
	read_all(&config);
	assert_int_equal(unlinkat(work_fd, path, 0), 0);
}

#define HEAD(kind) "{\"rktVersion\":\"v1\",\"rktKind\":\"" kind "\""

#define PATHS(data, images) \
	HEAD("paths") ",\"data\":\"" data "\",\"stage1-images\":\"" images "\"}"

#define STAGE1(name, version, location)                                               \
	HEAD("stage1")                                                                \
	",\"name\":\"" name "\",\"version\":\"" version "\",\"location\":\"" location \
	"\"}"

#define UNSET_PATHS  PATHS("", "")
#define UNSET_STAGE1 STAGE1("", "", "")
#define UNSET        UNSET_PATHS, UNSET_STAGE1, NULL

#define OAUTH(domain)                                       \
	HEAD("auth")                                        \
	",\"domains\":[\"" domain "\"],\"type\":\"oauth\"," \
	"\"credentials\":{\"token\":\"SECRET\"}}"

#define AWS(domain, region)                                             \
	HEAD("auth")                                                    \
	",\"domains\":[\"" domain "\"],\"type\":\"aws\","               \
	"\"credentials\":{\"accessKeyID\":\"key\",\"secretAccessKey\":" \
	"\"SECRET\"" region "}}"

#define BASIC(domains, user)                             \
	HEAD("auth")                                     \
	",\"domains\":[" domains "],\"type\":\"basic\"," \
	"\"credentials\":{\"user\":\"" user "\",\"password\":\"p\"}}"

#define DOCKER(registries, user)            \
	HEAD("dockerAuth")                  \
	",\"registries\":[" registries "]," \
	"\"credentials\":{\"user\":\"" user "\",\"password\":\"p\"}}"

test(without_files_nothing_is_set)
{
	assert_objects(UNSET);
	place.of[CONFIG_USER] = NULL;
	assert_int_equal(rmdir(place.of[CONFIG_SYSTEM]), 0);
	assert_objects(UNSET);
}

test(each_domain_and_registry_is_an_object_sorted_by_name)
{
	put("local/auth.d/a.json", BASIC("\"b.org\",\"a.org:8443\"", "u"));
	put("local/auth.d/b.json", DOCKER("\"quay.io\",\"docker.io\"", "d"));
	assert_objects(BASIC("\"a.org:8443\"", "u"), BASIC("\"b.org\"", "u"),
	               DOCKER("\"docker.io\"", "d"), DOCKER("\"quay.io\"", "d"), UNSET);
}

test(every_type_of_credentials_is_printed_as_it_was_written)
{
	put("local/auth.d/a.json", OAUTH("a.org"));
	put("local/auth.d/b.json", AWS("b.org", ""));
	put("local/auth.d/c.json", AWS("c.org", ",\"awsRegion\":\"r\""));
	assert_objects(OAUTH("a.org"), AWS("b.org", ""),
	               AWS("c.org", ",\"awsRegion\":\"r\""), UNSET);
}

test(secrets_are_hidden_and_names_are_not)
{
	autoclear(config) config = {0};
	autoclear(buf) text = {0};

	put("local/auth.d/a.json", BASIC("\"a.org\"", "user"));
	put("local/auth.d/b.json", OAUTH("b.org"));
	put("local/auth.d/c.json", AWS("c.org", ""));
	put("local/auth.d/d.json", DOCKER("\"d.org\"", "docker"));
	read_all(&config);
	config_encode(&config, false, &text);
	assert_null(strstr(text.data, "SECRET"));
	assert_null(strstr(text.data, "\"p\""));
	assert_non_null(strstr(text.data, "\"user\",\"password\":\"(hidden)\""));
	assert_non_null(strstr(text.data, "\"docker\",\"password\":\"(hidden)\""));
	assert_non_null(strstr(text.data, "{\"token\":\"(hidden)\"}"));
	assert_non_null(strstr(text.data, "\"key\",\"secretAccessKey\":\"(hidden)\"}"));
}

test(a_later_directory_overrides_key_by_key)
{
	put("system/auth.d/a.json", BASIC("\"a.org\",\"b.org\",\"c.org\"", "system"));
	put("local/auth.d/z.json", BASIC("\"b.org\",\"c.org\"", "local"));
	put("user/auth.d/a.json", BASIC("\"c.org\"", "user"));
	put("system/paths.d/a.json", PATHS("/s", "/i"));
	put("local/paths.d/a.json", PATHS("/l", ""));
	put("system/stage1.d/a.json", STAGE1("a.b/s", "1", "/x"));
	put("user/stage1.d/a.json", STAGE1("a.b/u", "2", ""));
	assert_objects(BASIC("\"a.org\"", "system"), BASIC("\"b.org\"", "local"),
	               BASIC("\"c.org\"", "user"), PATHS("/l", "/i"),
	               STAGE1("a.b/u", "2", "/x"), NULL);
}

test(a_registry_of_a_later_directory_takes_the_place_too)
{
	put("system/auth.d/a.json", DOCKER("\"quay.io\"", "system"));
	put("local/auth.d/a.json", DOCKER("\"quay.io\"", "local"));
	assert_objects(DOCKER("\"quay.io\"", "local"), UNSET);
}

/* The files are read in the order of their names. */
static void assert_twice(const char *dir, const char *a, const char *b, const char *text)
{
	autofree char *path_a = memory_format("%s/a.json", dir);
	autofree char *path_b = memory_format("%s/b.json", dir);
	autofree char *message = memory_format("%s is set by '%s/%s' too, which is as "
	                                       "good",
	                                       text, work, path_a);

	put(path_a, a);
	assert_refused(path_b, b, message);
	assert_int_equal(unlinkat(work_fd, path_a, 0), 0);
}

test(a_key_stands_once_in_a_directory)
{
	assert_twice("local/auth.d", BASIC("\"x.org\",\"a.org\"", "u"),
	             BASIC("\"b.org\",\"a.org\"", "u"), ".domains[1]: 'a.org'");
	assert_twice("local/auth.d", BASIC("\"a.org\"", "u"), BASIC("\"A.org:443\"", "u"),
	             ".domains[0]: 'A.org:443'");
	assert_twice("user/auth.d", DOCKER("\"quay.io\"", "u"),
	             DOCKER("\"quay.io\"", "u"), ".registries[0]: 'quay.io'");
	assert_twice("system/paths.d", HEAD("paths") ",\"data\":\"/a\"}",
	             HEAD("paths") ",\"data\":\"/b\"}", ".data: '/b'");
	assert_twice("system/paths.d", HEAD("paths") ",\"stage1-images\":\"/a\"}",
	             HEAD("paths") ",\"stage1-images\":\"/a\"}", ".stage1-images: '/a'");
	assert_twice(
		"local/stage1.d", HEAD("stage1") ",\"name\":\"a.b\",\"version\":\"1\"}",
		HEAD("stage1") ",\"name\":\"c.d\",\"version\":\"1\"}", ".name: 'c.d'");
	assert_twice("local/stage1.d", HEAD("stage1") ",\"location\":\"/a\"}",
	             HEAD("stage1") ",\"location\":\"/b\"}", ".location: '/b'");
	assert_refused("local/auth.d/a.json", BASIC("\"a.org\",\"a.org\"", "u"),
	               ".domains[1]: 'a.org' stands twice");
}

test(files_are_read_in_the_order_of_their_names)
{
	autofree char *expected = memory_format("/01.json': .data: '/a' is set by '%s/"
	                                        "local/paths.d/00.json' too",
	                                        work);
	autoclear(config) config = {0};

	for (int i = 99; i >= 0; i--) {
		autofree char *path = memory_format("local/paths.d/%02d.json", i);

		put(path, PATHS("/a", ""));
	}
	assert_true(config_read(&config, &place, CONFIG_ALL, &err) < 0);
	if (!strstr(err.text, expected))
		fail_msg("%s", err.text);
}

test(different_keys_may_stand_in_files_of_one_directory)
{
	put("local/paths.d/a.json", HEAD("paths") ",\"data\":\"/a\"}");
	put("local/stage1.d/a.json",
	    HEAD("stage1") ",\"name\":\"a.b\",\"version\":\"1\"}");
	assert_allowed("local/paths.d/b.json",
	               HEAD("paths") ",\"stage1-images\":\"/b\"}");
	assert_allowed("local/stage1.d/b.json", HEAD("stage1") ",\"location\":\"/b\"}");
}

test(a_kind_belongs_in_its_directory)
{
	assert_refused("local/auth.d/a.json", UNSET_PATHS,
	               ".rktKind: 'paths' belongs in paths.d, not in auth.d");
	assert_refused("local/paths.d/a.json", BASIC("\"a.org\"", "u"),
	               ".rktKind: 'auth' belongs in auth.d, not in paths.d");
	assert_refused("user/stage1.d/a.json", DOCKER("\"a.org\"", "u"),
	               ".rktKind: 'dockerAuth' belongs in auth.d, not in stage1.d");
	assert_refused("local/auth.d/a.json", HEAD("Auth") "}",
	               ".rktKind: 'Auth' is not known");
}

test(kind_and_version_are_required_and_known)
{
	assert_refused("local/paths.d/a.json", "{\"rktKind\":\"paths\"}",
	               ".rktVersion: required");
	assert_refused("local/paths.d/a.json", "{\"rktVersion\":\"v1\"}",
	               ".rktKind: required");
	assert_refused("local/paths.d/a.json",
	               "{\"rktKind\":\"paths\",\"rktVersion\":\"v2\"}",
	               ".rktVersion: 'v2' is not known, only 'v1' is");
	assert_refused("local/paths.d/a.json", "[]", "must be an object");
	assert_refused("local/paths.d/a.json", "{\"rktKind\":\"paths\",}",
	               "line 1, column 20: string or '}' expected near '}'");
	assert_refused("local/paths.d/a.json", UNSET_PATHS "x",
	               "line 1, column 67: end of file expected near 'x'");
	assert_refused("local/paths.d/a.json",
	               HEAD("paths") ",\"data\":\"/a\",\"Data\":\"/b\"}",
	               ".data: stands twice");
}

#define AUTH "local/auth.d/a.json"

test(what_auth_requires_must_be_there_and_good)
{
	static const char *const domains[] = {
		"https://a.org", "a.org/",      "a.org:", "a.org:0",  "a b",
		"u@a.org",       "a.org:70000", ":1",     "a.org:12x"};

	assert_refused(AUTH, HEAD("auth") "}", ".domains: required");
	assert_refused(AUTH, BASIC("", "u"), ".domains: must not be empty");
	assert_refused(AUTH, BASIC("\"a.org\"", ""),
	               ".credentials.user: must not be empty");
	assert_refused(AUTH, BASIC("\"a.org\"", "u:v"),
	               ".credentials.user: must not have a ':'");
	assert_refused(AUTH, BASIC("\"a.org\"", "u\\n"),
	               ".credentials.user: must not have control characters");
	assert_refused(AUTH, HEAD("auth") ",\"domains\":[\"a.org\"],\"type\":\"x\"}",
	               ".type: must be 'basic', 'oauth' or 'aws'");
	assert_refused(AUTH, HEAD("auth") ",\"domains\":[\"a.org\"],\"type\":\"basic\"}",
	               ".credentials: required");
	assert_refused(AUTH,
	               HEAD("auth") ",\"domains\":[\"a.org\"],\"type\":\"basic\","
	                            "\"credentials\":[]}",
	               ".credentials: must be an object");
	assert_refused(AUTH,
	               HEAD("auth") ",\"domains\":[\"a.org\"],\"type\":\"basic\","
	                            "\"credentials\":{\"user\":\"u\"}}",
	               ".credentials.password: required");
	assert_refused(AUTH,
	               HEAD("auth") ",\"domains\":[\"a.org\"],\"type\":\"oauth\","
	                            "\"credentials\":{\"user\":\"u\"}}",
	               ".credentials.token: required");
	assert_refused(AUTH,
	               HEAD("auth") ",\"domains\":[\"a.org\"],\"type\":\"aws\","
	                            "\"credentials\":{\"accessKeyID\":\"u\"}}",
	               ".credentials.secretAccessKey: required");
	for (size_t i = 0; i < sizeof(domains) / sizeof(*domains); i++) {
		autofree char *text = memory_format(BASIC("\"%s\"", "u"), domains[i]);

		assert_refused(AUTH, text,
		               ".domains[0]: must be a host's name, or HOST:PORT");
	}
}

test(what_docker_auth_requires_must_be_there)
{
	assert_refused(AUTH, DOCKER("", "u"), ".registries: must not be empty");
	assert_refused(AUTH, DOCKER("\"quay.io\"", ""),
	               ".credentials.user: must not be empty");
	assert_refused(AUTH, HEAD("dockerAuth") ",\"registries\":[\"quay.io\"]}",
	               ".credentials: required");
}

test(paths_are_absolute)
{
	assert_refused("local/paths.d/a.json", HEAD("paths") ",\"data\":\"a\"}",
	               ".data: must be an absolute path");
	assert_refused("local/paths.d/a.json", HEAD("paths") ",\"stage1-images\":\"a\"}",
	               ".stage1-images: must be an absolute path");
	assert_allowed("local/paths.d/a.json", UNSET_PATHS);
}

test(a_stage1_has_name_and_version_or_neither)
{
	const char *path = "local/stage1.d/a.json";

	assert_refused(path, HEAD("stage1") ",\"name\":\"a.b\"}",
	               ".version: required, as there is a name");
	assert_refused(path, HEAD("stage1") ",\"version\":\"1\"}",
	               ".name: required, as there is a version");
	assert_refused(path, HEAD("stage1") ",\"location\":\"a/b.aci\"}",
	               ".location: must be an absolute path, or a URL with file, docker, "
	               "http or https");
	assert_refused(path, HEAD("stage1") ",\"location\":\"ftp://a/b\"}",
	               ".location: must be an absolute path, or a URL with file, docker, "
	               "http or https");
	assert_allowed(path, HEAD("stage1") ",\"location\":\"https://a/b.aci\"}");
	assert_allowed(path, HEAD("stage1") ",\"location\":\"file:///b.aci\"}");
	assert_allowed(path, HEAD("stage1") ",\"location\":\"docker://b\"}");
	assert_allowed(path, UNSET_STAGE1);
}

test(only_regular_files_with_the_right_end_are_read)
{
	put("elsewhere/bad.json", "bad");
	put("local/auth.d/a.json~", "bad");
	put("local/auth.d/a.conf", "bad");
	put("local/auth.d/.json", "bad");
	put("local/auth.d/dir.json/a.json", "bad");
	put("local/net.d/a.json", "bad");
	put("local/a.json", "bad");
	assert_int_equal(
		symlinkat("../../elsewhere/bad.json", work_fd, "local/auth.d/link.json"),
		0);
	assert_int_equal(mkfifoat(work_fd, "local/auth.d/fifo.json", 0600), 0);
	assert_objects(UNSET);
}

static void assert_unreadable(const char *text)
{
	autoclear(config) config = {0};

	assert_true(config_read(&config, &place, CONFIG_ALL, &err) < 0);
	if (!strstr(err.text, text))
		fail_msg("'%s' not in '%s'", text, err.text);
}

test(a_directory_must_be_one_and_may_be_a_link)
{
	put("elsewhere/paths.d/a.json", HEAD("paths") ",\"data\":\"/a\"}");
	assert_int_equal(symlinkat("../elsewhere/paths.d", work_fd, "local/paths.d"), 0);
	assert_objects(PATHS("/a", ""), UNSET_STAGE1, NULL);
	put("user/paths.d", "");
	assert_unreadable("user/paths.d': Not a directory");
	assert_int_equal(unlinkat(work_fd, "user/paths.d", 0), 0);
	assert_int_equal(rmdir(place.of[CONFIG_USER]), 0);
	put("./user", "");
	assert_unreadable("user': Not a directory");
}

test(files_that_others_can_change_or_that_are_too_large_are_refused)
{
	autofree char *large = memory_zeroed(1, CONFIG_FILE_MAX + 2);

	put("local/paths.d/a.json", UNSET_PATHS);
	assert_int_equal(fchmodat(work_fd, "local/paths.d/a.json", 0666, 0), 0);
	assert_unreadable("a.json' can be changed by others");
	assert_int_equal(fchmodat(work_fd, "local/paths.d/a.json", 0644, 0), 0);
	assert_int_equal(fchmodat(work_fd, "local/paths.d", 0777, 0), 0);
	assert_unreadable("paths.d' can be changed by others");
	assert_int_equal(fchmodat(work_fd, "local/paths.d", 0755, 0), 0);
	memset(large, ' ', CONFIG_FILE_MAX + 1);
	assert_refused("local/paths.d/a.json", large, "is larger than 1048576 bytes");
}

test(only_the_parts_that_are_asked_for_are_read)
{
	autoclear(config) config = {0};

	put("local/auth.d/a.json", "bad");
	put("local/paths.d/a.json", HEAD("paths") ",\"data\":\"/a\"}");
	assert_int_equal(config_read(&config, &place, CONFIG_PATHS, &err), 0);
	assert_string_equal(config.data.text, "/a");
	assert_int_equal(config_read(&config, &place, CONFIG_STAGE1, &err), 0);
	assert_true(config_read(&config, &place, CONFIG_AUTH, &err) < 0);
}

test(secrets_that_all_can_read_are_told_of)
{
	autoclear(config) config = {0};

	put("local/auth.d/a.json", BASIC("\"a.org\"", "u"));
	put("local/auth.d/b.json", BASIC("\"b.org\"", "u"));
	put("local/paths.d/a.json", UNSET_PATHS);
	assert_int_equal(fchmodat(work_fd, "local/auth.d/b.json", 0600, 0), 0);
	read_all(&config);
	assert_int_equal(config.public_secrets.count, 1);
	assert_non_null(strstr(config.public_secrets.items[0], "local/auth.d/a.json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_place(without_files_nothing_is_set),
		unit_with_place(each_domain_and_registry_is_an_object_sorted_by_name),
		unit_with_place(every_type_of_credentials_is_printed_as_it_was_written),
		unit_with_place(secrets_are_hidden_and_names_are_not),
		unit_with_place(a_later_directory_overrides_key_by_key),
		unit_with_place(a_registry_of_a_later_directory_takes_the_place_too),
		unit_with_place(a_key_stands_once_in_a_directory),
		unit_with_place(files_are_read_in_the_order_of_their_names),
		unit_with_place(different_keys_may_stand_in_files_of_one_directory),
		unit_with_place(a_kind_belongs_in_its_directory),
		unit_with_place(kind_and_version_are_required_and_known),
		unit_with_place(what_auth_requires_must_be_there_and_good),
		unit_with_place(what_docker_auth_requires_must_be_there),
		unit_with_place(paths_are_absolute),
		unit_with_place(a_stage1_has_name_and_version_or_neither),
		unit_with_place(only_regular_files_with_the_right_end_are_read),
		unit_with_place(a_directory_must_be_one_and_may_be_a_link),
		unit_with_place(
			files_that_others_can_change_or_that_are_too_large_are_refused),
		unit_with_place(only_the_parts_that_are_asked_for_are_read),
		unit_with_place(secrets_that_all_can_read_are_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
