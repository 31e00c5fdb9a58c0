/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/keystore.h"

#include <unistd.h>

#include "tests/unit/config_place.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define LONG                               \
	"0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"

#define SYSTEM "system/trustedkeys/"
#define LOCAL  "local/trustedkeys/"
#define USER   "user/trustedkeys/"

/* "PATH BELOW THE TEST'S DIRECTORY=TEXT" of each key, in their order. */
static void assert_keys(const struct trusted_keys *keys, const char *expected)
{
	autoclear(buf) text = {0};

	for (size_t i = 0; i < keys->count; i++)
		buf_format(&text, "%s%s=%s", i ? " " : "",
		           keys->items[i].path + strlen(work) + 1, keys->items[i].text);
	assert_string_equal(buf_string(&text), expected);
}

static void assert_for_name(const char *name, const char *expected)
{
	autoptr(keystore) keystore = keystore_new(&place);
	autoclear(trusted_keys) keys = {0};

	if (keystore_for_name(keystore, name, &keys, &err) < 0)
		fail_msg("%s", err.text);
	assert_keys(&keys, expected);
}

static void assert_covers(const char *name, const char *fingerprint, int expected)
{
	autoptr(keystore) keystore = keystore_new(&place);

	assert_int_equal(keystore_covers(keystore, name, fingerprint, &err), expected);
}

static void assert_fails(const char *name, const char *text)
{
	autoptr(keystore) keystore = keystore_new(&place);
	autoclear(trusted_keys) keys = {0};

	assert_true(keystore_for_name(keystore, name, &keys, &err) < 0);
	if (!strstr(err.text, text))
		fail_msg("'%s' not in '%s'", text, err.text);
}

test(directories_that_are_not_there_hold_no_key)
{
	autofree char *gone = memory_format("%s/gone", work);

	assert_for_name("example.com/app", "");
	place.of[CONFIG_SYSTEM] = gone;
	place.of[CONFIG_USER] = NULL;
	assert_for_name("example.com/app", "");
}

test(a_root_key_may_sign_anything)
{
	put(SYSTEM "root.d/" A, "a");
	assert_for_name("example.com/app", SYSTEM "root.d/" A "=a");
	assert_for_name("", SYSTEM "root.d/" A "=a");
	assert_covers("other.org", A, 1);
	assert_covers("other.org", B, 0);
}

test(a_prefix_key_may_sign_its_prefix_and_what_lies_below)
{
	put(LOCAL "prefix.d/example.com/foo/" A, "a");
	assert_covers("example.com/foo", A, 1);
	assert_covers("example.com/foo/bar", A, 1);
	assert_covers("example.com", A, 0);
	assert_covers("example.com/other", A, 0);
	assert_covers("", A, 0);
}

test(a_prefix_is_whole_parts_of_a_name)
{
	put(LOCAL "prefix.d/example.com/foo/" A, "a");
	assert_covers("example.com/foobar", A, 0);
	assert_covers("example.com/fo", A, 0);
	assert_covers("example.community/foo", A, 0);
}

test(a_later_directory_takes_the_place_of_an_earlier_one)
{
	put(SYSTEM "root.d/" A, "vendor");
	put(LOCAL "root.d/" A, "administrator");
	assert_for_name("a.b", LOCAL "root.d/" A "=administrator");
	put(USER "root.d/" A, "user");
	assert_for_name("a.b", USER "root.d/" A "=user");
}

test(a_prefix_key_takes_the_place_of_a_root_key_of_any_directory)
{
	put(USER "root.d/" A, "root");
	put(SYSTEM "prefix.d/a.b/" A, "prefix");
	assert_for_name("a.b/c", SYSTEM "prefix.d/a.b/" A "=prefix");
	assert_for_name("d.e", USER "root.d/" A "=root");
}

test(a_longer_prefix_counts_more_only_in_its_own_directory)
{
	put(SYSTEM "prefix.d/a.b/" A, "short");
	put(SYSTEM "prefix.d/a.b/c/" A, "long");
	assert_for_name("a.b/c", SYSTEM "prefix.d/a.b/c/" A "=long");
	put(LOCAL "prefix.d/a.b/" A, "local");
	assert_for_name("a.b/c", LOCAL "prefix.d/a.b/" A "=local");
}

test(an_empty_file_masks_a_key_of_an_earlier_directory)
{
	put(SYSTEM "root.d/" A, "a");
	put(SYSTEM "root.d/" B, "b");
	put(LOCAL "root.d/" A, "");
	assert_for_name("a.b", SYSTEM "root.d/" B "=b");
	put(USER "root.d/" B, "");
	assert_for_name("a.b", "");
}

test(an_empty_file_of_a_prefix_masks_a_root_key_for_it_alone)
{
	put(SYSTEM "root.d/" A, "a");
	put(LOCAL "prefix.d/example.com/" A, "");
	assert_covers("example.com/app", A, 0);
	assert_covers("example.com", A, 0);
	assert_covers("example.org", A, 1);
}

test(a_key_below_a_masked_prefix_may_be_trusted_again)
{
	put(SYSTEM "root.d/" A, "a");
	put(LOCAL "prefix.d/a.b/" A, "");
	put(LOCAL "prefix.d/a.b/c/" A, "again");
	assert_covers("a.b", A, 0);
	assert_covers("a.b/c/d", A, 1);
}

test(names_that_would_lead_elsewhere_lead_nowhere)
{
	put(LOCAL "prefix.d/a.b/" A, "a");
	put(LOCAL "root.d/" B, "b");
	assert_for_name("x/../a.b", LOCAL "root.d/" B "=b");
	assert_for_name("../root.d", LOCAL "root.d/" B "=b");
	assert_for_name("a.b/../../root.d",
	                LOCAL "root.d/" B "=b " LOCAL "prefix.d/a.b/" A "=a");
	assert_for_name("/a.b", LOCAL "root.d/" B "=b");
	assert_for_name("a.b//c", LOCAL "root.d/" B "=b " LOCAL "prefix.d/a.b/" A "=a");
}

test(fingerprints_are_40_or_64_lower_case_digits)
{
	assert_true(keystore_is_fingerprint(A));
	assert_true(keystore_is_fingerprint(LONG));
	assert_false(keystore_is_fingerprint(A "a"));
	assert_false(keystore_is_fingerprint("AAAAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	assert_false(
		keystore_is_fingerprint("../aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	put(LOCAL "root.d/" LONG, "l");
	put(LOCAL "root.d/key.asc", "k");
	put(LOCAL "root.d/." A ".12", "draft");
	assert_for_name("a.b", LOCAL "root.d/" LONG "=l");
}

test(a_key_may_be_a_link_and_must_be_a_file)
{
	put("elsewhere/key", "k");
	put(LOCAL "root.d/" B, "b");
	assert_int_equal(symlinkat("../../../elsewhere/key", work_fd, LOCAL "root.d/" A),
	                 0);
	assert_covers("a.b", A, 1);
	assert_int_equal(unlinkat(work_fd, LOCAL "root.d/" A, 0), 0);
	assert_int_equal(mkfifoat(work_fd, LOCAL "root.d/" A, 0600), 0);
	assert_fails("a.b", "root.d/" A "' is no file");
	assert_int_equal(unlinkat(work_fd, LOCAL "root.d/" A, 0), 0);
	assert_int_equal(symlinkat("nowhere", work_fd, LOCAL "root.d/" A), 0);
	assert_fails("a.b", "root.d/" A "' is no file");
	assert_int_equal(unlinkat(work_fd, LOCAL "root.d/" A, 0), 0);
	assert_int_equal(symlinkat("/dev/null", work_fd, LOCAL "root.d/" A), 0);
	assert_fails("a.b", "root.d/" A "' is no file");
}

test(a_directory_may_have_a_name_like_a_fingerprint)
{
	put(LOCAL "prefix.d/a.b/" A "/" B, "b");
	assert_covers("a.b/" A "/c", B, 1);
	assert_covers("a.b/c", B, 0);
}

test(a_prefix_directory_must_not_be_a_link)
{
	put(LOCAL "prefix.d/a.b/" A, "a");
	assert_int_equal(symlinkat("a.b", work_fd, LOCAL "prefix.d/c.d"), 0);
	assert_fails("c.d/e", "prefix.d/c.d'");
	assert_covers("a.b", A, 1);
}

test(keys_that_others_can_change_are_refused)
{
	put(LOCAL "root.d/" A, "a");
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d/" A, 0646, 0), 0);
	assert_fails("a.b", "chmod go-w '");
	assert_fails("a.b", "root.d/" A "' can be changed by others");
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d/" A, 0644, 0), 0);
	assert_covers("a.b", A, 1);
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d", 0757, 0), 0);
	assert_fails("a.b", "root.d' can be changed by others");
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d", 0755, 0), 0);
	assert_int_equal(fchmodat(work_fd, LOCAL, 0777, 0), 0);
	assert_fails("a.b", "trustedkeys' can be changed by others");
	assert_int_equal(fchmodat(work_fd, LOCAL, 0755, 0), 0);
	assert_int_equal(fchmodat(work_fd, "local", 01777, 0), 0);
	assert_fails("a.b", "local' can be changed by others");
}

test(keys_of_another_user_are_refused)
{
	if (geteuid() != 0)
		skip();
	put(LOCAL "root.d/" A, "a");
	assert_int_equal(fchownat(work_fd, LOCAL "root.d/" A, 12345, 0, 0), 0);
	assert_fails("a.b", "' belongs to user 12345");
	assert_fails("a.b", "chown root '");
	assert_int_equal(fchownat(work_fd, LOCAL "root.d/" A, 0, 12345, 0), 0);
	assert_covers("a.b", A, 1);
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d/" A, 0664, 0), 0);
	assert_fails("a.b", "can be changed by others");
}

test(who_may_write_the_directory_may_write_what_is_in_it)
{
	if (geteuid() != 0)
		skip();
	put(LOCAL "root.d/" A, "a");
	assert_int_equal(fchownat(work_fd, LOCAL "root.d/" A, 12345, 500, 0), 0);
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d/" A, 0664, 0), 0);
	assert_fails("a.b", "belongs to user 12345");
	assert_int_equal(fchownat(work_fd, "local", 0, 500, 0), 0);
	assert_fails("a.b", "belongs to user 12345");
	assert_int_equal(fchmodat(work_fd, "local", 02775, 0), 0);
	assert_covers("a.b", A, 1);
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d/" A, 0666, 0), 0);
	assert_fails("a.b", "can be changed by others");
	assert_int_equal(fchmodat(work_fd, LOCAL "root.d/" A, 0644, 0), 0);
	assert_int_equal(fchownat(work_fd, "local", 12345, 0, 0), 0);
	assert_int_equal(fchmodat(work_fd, "local", 0755, 0), 0);
	assert_covers("a.b", A, 1);
}

test(a_file_that_is_too_large_is_refused)
{
	autofree char *large = memory_zeroed(1, CONFIG_FILE_MAX + 2);

	memset(large, 'x', CONFIG_FILE_MAX + 1);
	put(LOCAL "root.d/" A, large);
	assert_fails("a.b", "root.d/" A "': is larger than 1048576 bytes");
}

test(all_keys_are_those_that_may_sign_some_name)
{
	autoptr(keystore) keystore = keystore_new(&place);
	autoclear(trusted_keys) keys = {0};

	put(SYSTEM "root.d/" A, "a");
	put(LOCAL "root.d/" A, "");
	put(SYSTEM "prefix.d/a.b/c/" B, "b");
	put(LOCAL "prefix.d/d.e/" B, "");
	put(USER "prefix.d/d.e/f/" LONG, "l");
	assert_int_equal(keystore_all(keystore, &keys, &err), 0);
	assert_keys(&keys,
	            SYSTEM "prefix.d/a.b/c/" B "=b " USER "prefix.d/d.e/f/" LONG "=l");
	put(LOCAL "prefix.d/a.b/c/" B, "");
	trusted_keys_clear(&keys);
	assert_int_equal(keystore_all(keystore, &keys, &err), 0);
	assert_keys(&keys, USER "prefix.d/d.e/f/" LONG "=l");
	put(SYSTEM "prefix.d/a.b/cd/" B, "neighbour");
	trusted_keys_clear(&keys);
	assert_int_equal(keystore_all(keystore, &keys, &err), 0);
	assert_keys(&keys, SYSTEM "prefix.d/a.b/cd/" B "=neighbour " USER
	                          "prefix.d/d.e/f/" LONG "=l");
	assert_int_equal(unlinkat(work_fd, SYSTEM "prefix.d/a.b/cd/" B, 0), 0);
	put(LOCAL "prefix.d/x.y/" A, "again");
	trusted_keys_clear(&keys);
	assert_int_equal(keystore_all(keystore, &keys, &err), 0);
	assert_int_equal(keys.count, 2);
}

test(a_prefix_has_a_key_also_when_it_is_masked_but_not_a_root_key)
{
	autoptr(keystore) keystore = keystore_new(&place);

	put(SYSTEM "root.d/" A, "a");
	assert_int_equal(keystore_has_prefix_key(keystore, "a.b/c", &err), 0);
	put(LOCAL "prefix.d/a.b/" A, "");
	assert_int_equal(keystore_has_prefix_key(keystore, "a.b/c", &err), 0);
	assert_int_equal(keystore_is_masked(keystore, "a.b/c", A, &err), 1);
	assert_int_equal(keystore_is_masked(keystore, "d.e", A, &err), 0);
	assert_int_equal(keystore_is_masked(keystore, "", A, &err), 0);
	put(SYSTEM "prefix.d/a.b/" A, "a");
	assert_int_equal(keystore_has_prefix_key(keystore, "a.b/c", &err), 1);
	assert_int_equal(keystore_has_prefix_key(keystore, "a.b", &err), 1);
	assert_int_equal(keystore_has_prefix_key(keystore, "a.bc", &err), 0);
}

test(the_list_says_what_hides_a_key)
{
	autoptr(keystore) keystore = keystore_new(&place);
	autofree char *mask = memory_format("%s/" LOCAL "root.d/" A, work);
	autoclear(trusted_keys) keys = {0};

	put(SYSTEM "root.d/" A, "a");
	put(LOCAL "root.d/" A, "");
	put(SYSTEM "prefix.d/a.b/" B, "b");
	assert_int_equal(keystore_list(keystore, &keys, &err), 0);
	assert_keys(&keys, SYSTEM "root.d/" A "=a " LOCAL "root.d/" A "= " SYSTEM
	                          "prefix.d/a.b/" B "=b");
	assert_string_equal(keys.items[0].hidden_by, mask);
	assert_null(keys.items[1].hidden_by);
	assert_null(keys.items[2].hidden_by);
	assert_string_equal(keys.items[2].prefix, "a.b");
	assert_int_equal(keys.items[2].layer, CONFIG_SYSTEM);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(fstatat(work_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void add(const char *prefix, const char *fingerprint, const char *text,
                int expected)
{
	autoptr(keystore) keystore = keystore_new(&place);
	autofree char *path = NULL;
	int r = keystore_add(keystore, prefix, fingerprint, text, &path, &err);

	if (r < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r, expected);
	assert_non_null(strstr(path, fingerprint));
}

test(a_key_is_added_to_the_local_directory_for_all_to_read)
{
	mode_t mask = umask(077);

	assert_int_equal(rmdir(place.of[CONFIG_LOCAL]), 0);
	assert_int_equal(mkdir(place.of[CONFIG_LOCAL], 02755), 0);
	assert_int_equal(chmod(place.of[CONFIG_LOCAL], 02755), 0);
	add("a.b/c", A, "a", 0);
	add("", B, "b", 0);
	umask(mask);
	assert_for_name("a.b/c/d",
	                LOCAL "root.d/" B "=b " LOCAL "prefix.d/a.b/c/" A "=a");
	assert_mode(LOCAL "prefix.d/a.b/c/" A, 0644);
	assert_mode(LOCAL "prefix.d/a.b/c", 02755);
	assert_mode("local/trustedkeys", 02755);
}

test(a_local_directory_that_is_not_there_is_made)
{
	assert_int_equal(rmdir(place.of[CONFIG_LOCAL]), 0);
	add("a.b", A, "a", 0);
	assert_covers("a.b", A, 1);
}

test(the_same_key_again_is_there_already)
{
	put(SYSTEM "prefix.d/a.b/" A, "a");
	add("a.b", A, "a", KEYSTORE_THERE);
	add("a.b/c", A, "a", 0);
	add("a.b", A, "newer", 0);
	add("a.b", A, "newer", KEYSTORE_THERE);
	add("", A, "a", 0);
	assert_for_name("a.b", LOCAL "prefix.d/a.b/" A "=newer");
	assert_for_name("c.d", LOCAL "root.d/" A "=a");
}

test(adding_takes_the_place_of_a_mask)
{
	put(SYSTEM "root.d/" A, "a");
	put(LOCAL "root.d/" A, "");
	add("", A, "a", 0);
	assert_covers("a.b", A, 1);
}

test(what_is_added_leaves_no_draft)
{
	autoclear(strv) names = {0};

	add("a.b", A, "a", 0);
	assert_true(path_list(work_fd, LOCAL "prefix.d/a.b", &names, &err) >= 0);
	assert_int_equal(names.count, 1);
}

test(words_that_would_lead_elsewhere_are_refused)
{
	static const char *const prefixes[] = {"../a", "a/../b", "/a",  "a/",
	                                       "a//b", "a/./b",  "A.b", "a b"};
	autoptr(keystore) keystore = keystore_new(&place);
	autofree char *path = NULL;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		assert_true(keystore_add(keystore, prefixes[i], A, "a", &path, &err) < 0);
		assert_true(keystore_remove(keystore, prefixes[i], A, &path, &err) < 0);
	}
	assert_true(keystore_add(keystore, "a.b", "../x", "a", &path, &err) < 0);
	assert_true(keystore_remove(keystore, "a.b", "../x", &path, &err) < 0);
}

static void take_away(const char *prefix, const char *fingerprint, int expected)
{
	autoptr(keystore) keystore = keystore_new(&place);
	autofree char *path = NULL;
	int r = keystore_remove(keystore, prefix, fingerprint, &path, &err);

	if (r < 0 && expected >= 0)
		fail_msg("%s", err.text);
	assert_int_equal(r, expected);
}

test(removing_a_local_key_leaves_nothing_of_it)
{
	struct stat st;

	add("a.b/c", A, "a", 0);
	take_away("a.b/c", A, 0);
	assert_covers("a.b/c", A, 0);
	assert_true(fstatat(work_fd, LOCAL "prefix.d/a.b", &st, 0) < 0);
	assert_int_equal(fstatat(work_fd, LOCAL "prefix.d", &st, 0), 0);
}

test(removing_a_key_of_the_vendor_masks_it)
{
	put(SYSTEM "root.d/" A, "a");
	put(LOCAL "root.d/" A, "newer");
	take_away("", A, KEYSTORE_MASKED);
	assert_covers("a.b", A, 0);
	take_away("", A, -ENOENT);
	assert_mode(LOCAL "root.d/" A, 0644);
}

test(removing_for_a_prefix_masks_what_a_shorter_one_or_root_trusts)
{
	put(LOCAL "root.d/" A, "a");
	put(LOCAL "prefix.d/a.b/" B, "b");
	take_away("a.b", A, KEYSTORE_MASKED);
	take_away("a.b/c", B, KEYSTORE_MASKED);
	assert_covers("a.b", A, 0);
	assert_covers("d.e", A, 1);
	assert_covers("a.b/c", B, 0);
	assert_covers("a.b", B, 1);
}

test(a_key_of_the_user_cannot_be_removed_but_masked_for_a_prefix)
{
	put(USER "root.d/" A, "a");
	put(USER "prefix.d/a.b/" B, "b");
	take_away("", A, -EPERM);
	assert_non_null(strstr(err.text, USER "root.d/" A));
	take_away("a.b", B, -EPERM);
	take_away("a.b", A, KEYSTORE_MASKED);
	assert_covers("a.b", A, 0);
}

test(removing_what_is_not_trusted_fails)
{
	take_away("", A, -ENOENT);
	take_away("a.b", A, -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_place(directories_that_are_not_there_hold_no_key),
		unit_with_place(a_root_key_may_sign_anything),
		unit_with_place(a_prefix_key_may_sign_its_prefix_and_what_lies_below),
		unit_with_place(a_prefix_is_whole_parts_of_a_name),
		unit_with_place(a_later_directory_takes_the_place_of_an_earlier_one),
		unit_with_place(
			a_prefix_key_takes_the_place_of_a_root_key_of_any_directory),
		unit_with_place(a_longer_prefix_counts_more_only_in_its_own_directory),
		unit_with_place(an_empty_file_masks_a_key_of_an_earlier_directory),
		unit_with_place(an_empty_file_of_a_prefix_masks_a_root_key_for_it_alone),
		unit_with_place(a_key_below_a_masked_prefix_may_be_trusted_again),
		unit_with_place(names_that_would_lead_elsewhere_lead_nowhere),
		unit_with_place(fingerprints_are_40_or_64_lower_case_digits),
		unit_with_place(a_key_may_be_a_link_and_must_be_a_file),
		unit_with_place(a_directory_may_have_a_name_like_a_fingerprint),
		unit_with_place(a_prefix_directory_must_not_be_a_link),
		unit_with_place(keys_that_others_can_change_are_refused),
		unit_with_place(keys_of_another_user_are_refused),
		unit_with_place(who_may_write_the_directory_may_write_what_is_in_it),
		unit_with_place(a_file_that_is_too_large_is_refused),
		unit_with_place(all_keys_are_those_that_may_sign_some_name),
		unit_with_place(
			a_prefix_has_a_key_also_when_it_is_masked_but_not_a_root_key),
		unit_with_place(the_list_says_what_hides_a_key),
		unit_with_place(a_key_is_added_to_the_local_directory_for_all_to_read),
		unit_with_place(a_local_directory_that_is_not_there_is_made),
		unit_with_place(the_same_key_again_is_there_already),
		unit_with_place(adding_takes_the_place_of_a_mask),
		unit_with_place(what_is_added_leaves_no_draft),
		unit_with_place(words_that_would_lead_elsewhere_are_refused),
		unit_with_place(removing_a_local_key_leaves_nothing_of_it),
		unit_with_place(removing_a_key_of_the_vendor_masks_it),
		unit_with_place(
			removing_for_a_prefix_masks_what_a_shorter_one_or_root_trusts),
		unit_with_place(
			a_key_of_the_user_cannot_be_removed_but_masked_for_a_prefix),
		unit_with_place(removing_what_is_not_trusted_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
