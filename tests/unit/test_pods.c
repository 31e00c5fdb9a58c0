/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pod_place.h"

static const char *state_of(const char *uuid)
{
	autoptr(pod) pod = NULL;

	assert_int_equal(pod_open(&pod, data_fd, uuid, &err), 0);
	return pod_state_name(pod_state(pod));
}

static void assert_state(const char *place, const char *free_name,
                         const char *locked_name)
{
	autoclose int fd = make_pod(place, UUID_A);

	assert_string_equal(state_of(UUID_A), free_name);
	assert_int_equal(lock_try(fd, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
	assert_string_equal(state_of(UUID_A), locked_name);
}

test(the_place_and_the_lock_are_the_state)
{
	assert_state("prepare", "aborted prepare", "preparing");
	move_pod(UUID_A, "prepare", "garbage");
	assert_string_equal(state_of(UUID_A), "garbage");
}

test(a_prepared_pod_is_prepared_even_when_locked)
{
	assert_state("prepared", "prepared", "prepared");
}

test(a_pod_that_ran_is_running_while_locked)
{
	assert_state("run", "exited", "running");
}

test(a_marked_pod_is_being_deleted_while_locked)
{
	assert_state("exited-garbage", "exited garbage", "exited deleting");
}

test(garbage_is_being_deleted_while_locked)
{
	assert_state("garbage", "garbage", "deleting");
}

test(an_unlocked_draft_is_not_dead_while_any_pod_is_being_born)
{
	autoclose int fd = make_pod("prepare", UUID_A);
	autoclose int birth = path_open_dir(data_fd, "pods/prepare", &err);

	assert_int_equal(lock_wait(birth, LOCK_SHARED, &err), 0);
	assert_string_equal(state_of(UUID_A), "preparing");
	lock_drop(birth);
	assert_string_equal(state_of(UUID_A), "aborted prepare");
}

test(looking_leaves_no_lock)
{
	autoclose int fd = make_pod("run", UUID_A);

	assert_string_equal(state_of(UUID_A), "exited");
	assert_int_equal(lock_try(fd, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
}

test(a_pod_is_found_again_after_it_moved)
{
	autoclose int fd = make_pod("prepare", UUID_A);
	autoptr(pod) pod = NULL;

	assert_int_equal(lock_try(fd, LOCK_EXCLUSIVE, &err), LOCK_TAKEN);
	assert_int_equal(pod_open(&pod, data_fd, UUID_A, &err), 0);
	assert_int_equal(pod_state(pod), POD_PREPARING);
	move_pod(UUID_A, "prepare", "run");
	assert_int_equal(pod_refresh(pod, &err), 0);
	assert_int_equal(pod_state(pod), POD_RUNNING);
	lock_drop(fd);
	move_pod(UUID_A, "run", "garbage");
	assert_int_equal(pod_refresh(pod, &err), 0);
	assert_int_equal(pod_state(pod), POD_GARBAGE);
	assert_int_equal(path_remove_tree(data_fd, "pods/garbage/" UUID_A, &err), 0);
	assert_int_equal(pod_refresh(pod, &err), 0);
	assert_int_equal(pod_state(pod), POD_GONE);
}

test(another_directory_of_the_same_name_is_not_the_pod)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoclose int other = -1;
	autoptr(pod) pod = NULL;

	assert_int_equal(pod_open(&pod, data_fd, UUID_A, &err), 0);
	move_pod(UUID_A, "run", "garbage");
	other = make_pod("exited-garbage", UUID_A);
	assert_int_equal(pod_refresh(pod, &err), 0);
	assert_int_equal(pod_state(pod), POD_GARBAGE);
}

test(a_move_that_someone_else_made_first_fails_and_harms_nothing)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = NULL;

	assert_int_equal(pod_open(&pod, data_fd, UUID_A, &err), 0);
	move_pod(UUID_A, "run", "exited-garbage");
	assert_int_equal(pod_move(pod, "exited-garbage", &err), -ENOENT);
	assert_string_equal(state_of(UUID_A), "exited garbage");
}

test(a_move_is_seen_at_once)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = NULL;

	assert_int_equal(pod_open(&pod, data_fd, UUID_A, &err), 0);
	assert_int_equal(pod_move(pod, "exited-garbage", &err), 0);
	assert_int_equal(pod_state(pod), POD_EXITED_GARBAGE);
	assert_string_equal(state_of(UUID_A), "exited garbage");
}

test(our_own_lock_does_not_make_a_pod_run)
{
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) other = NULL;
	autoptr(pod) pod = NULL;

	assert_int_equal(pod_open(&pod, data_fd, UUID_A, &err), 0);
	assert_int_equal(pod_open(&other, data_fd, UUID_A, &err), 0);
	assert_int_equal(pod_lock(pod, false, &err), 0);
	assert_int_equal(pod_state(pod), POD_EXITED);
	assert_int_equal(pod_lock(other, false, &err), LOCK_BUSY);
	assert_string_equal(state_of(UUID_A), "running");
	pod_free(take(pod));
	assert_string_equal(state_of(UUID_A), "exited");
}

static void assert_unresolved(const char *text, const char *message)
{
	struct uuid uuid;

	assert_true(pods_resolve(data_fd, text, &uuid, &err) < 0);
	assert_string_equal(err.text, message);
}

test(a_uuid_resolves_by_any_unambiguous_prefix_in_any_case)
{
	autoclose int a = make_pod("run", UUID_A), b = make_pod("prepared", UUID_B);
	autoclose int c = make_pod("exited-garbage", UUID_C);
	struct uuid uuid;

	assert_int_equal(pods_resolve(data_fd, "3", &uuid, &err), 0);
	assert_string_equal(uuid.text, UUID_C);
	assert_int_equal(pods_resolve(data_fd, "0F746094-9", &uuid, &err), 0);
	assert_string_equal(uuid.text, UUID_B);
	assert_int_equal(pods_resolve(data_fd, "0F746094-3438-42BC-AB37-3CF85F132E60",
	                              &uuid, &err),
	                 0);
	assert_string_equal(uuid.text, UUID_A);
	assert_unresolved("0f", "ambiguous uuid, 2 matches");
	assert_unresolved("1234", "no matches found for \"1234\"");
	assert_unresolved("", "UUID cannot be empty");
	assert_unresolved("../run/" UUID_A, "no matches found for \"../run/" UUID_A "\"");
}

test(garbage_is_no_match)
{
	autoclose int fd = make_pod("garbage", UUID_A);

	assert_unresolved(UUID_A, "no matches found for \"" UUID_A "\"");
	assert_unresolved("0f", "no matches found for \"0f\"");
}

test(a_data_directory_without_pods_has_no_matches)
{
	autoclear(strv) uuids = {0};

	assert_int_equal(path_remove_tree(data_fd, "pods", &err), 0);
	assert_unresolved("0f", "no matches found for \"0f\"");
	assert_unresolved(UUID_A, "no matches found for \"" UUID_A "\"");
	assert_int_equal(pods_list(data_fd, &uuids, &err), 0);
	assert_int_equal(uuids.count, 0);
}

test(the_list_is_sorted_and_names_a_moving_pod_once)
{
	autoclose int c = make_pod("prepare", UUID_C), b = make_pod("run", UUID_B);
	autoclose int a = make_pod("exited-garbage", UUID_A);
	autoclose int twice = make_pod("run", UUID_A);
	autoclear(strv) uuids = {0};

	assert_int_equal(pods_list(data_fd, &uuids, &err), 0);
	assert_int_equal(uuids.count, 3);
	assert_string_equal(uuids.items[0], UUID_A);
	assert_string_equal(uuids.items[1], UUID_B);
	assert_string_equal(uuids.items[2], UUID_C);
	assert_null(uuids.items[3]);
}

test(what_is_no_pod_is_told_apart)
{
	autoclear(strv) uuids = {0}, foreign = {0};
	autoptr(pod) pod = NULL;

	assert_int_equal(file_create_at(data_fd, "pods/run/README", 0644, "", &err), 0);
	assert_int_equal(file_create_at(data_fd, "pods/run/" UUID_A, 0644, "", &err), 0);
	assert_int_equal(path_make_symlink("/", data_fd, "pods/run/" UUID_B, &err), 0);
	assert_int_equal(pods_list(data_fd, &uuids, &err), 0);
	assert_int_equal(uuids.count, 2);
	assert_int_equal(pods_list_foreign(data_fd, &foreign, &err), 0);
	assert_int_equal(foreign.count, 1);
	assert_string_equal(foreign.items[0], "pods/run/README");
	assert_int_equal(pod_open(&pod, data_fd, UUID_A, &err), -ENOTDIR);
	assert_int_equal(pod_open(&pod, data_fd, UUID_B, &err), -ELOOP);
}

test(a_uuid_file_is_trimmed)
{
	autofree char *path = NULL, *text = NULL;
	autoclose int fd = make_pod("run", UUID_A);
	autoptr(pod) pod = NULL;

	assert_true(asprintf(&path, "%s/uuid", data) > 0);
	assert_int_equal(
		file_create_at(data_fd, "uuid", 0644, "\n\t " UUID_A " \n\n", &err), 0);
	assert_int_equal(pods_read_uuid(path, &text, &err), 0);
	assert_string_equal(text, UUID_A);
	assert_int_equal(pod_open_by(&pod, data_fd, NULL, path, &err), 0);
	assert_string_equal(pod_uuid(pod), UUID_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_data(the_place_and_the_lock_are_the_state),
		unit_with_data(a_prepared_pod_is_prepared_even_when_locked),
		unit_with_data(a_pod_that_ran_is_running_while_locked),
		unit_with_data(a_marked_pod_is_being_deleted_while_locked),
		unit_with_data(garbage_is_being_deleted_while_locked),
		unit_with_data(an_unlocked_draft_is_not_dead_while_any_pod_is_being_born),
		unit_with_data(looking_leaves_no_lock),
		unit_with_data(a_pod_is_found_again_after_it_moved),
		unit_with_data(another_directory_of_the_same_name_is_not_the_pod),
		unit_with_data(
			a_move_that_someone_else_made_first_fails_and_harms_nothing),
		unit_with_data(a_move_is_seen_at_once),
		unit_with_data(our_own_lock_does_not_make_a_pod_run),
		unit_with_data(a_uuid_resolves_by_any_unambiguous_prefix_in_any_case),
		unit_with_data(garbage_is_no_match),
		unit_with_data(a_data_directory_without_pods_has_no_matches),
		unit_with_data(the_list_is_sorted_and_names_a_moving_pod_once),
		unit_with_data(what_is_no_pod_is_told_apart),
		unit_with_data(a_uuid_file_is_trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
