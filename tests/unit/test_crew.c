/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/crew.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "tests/unit/unit.h"

/* What the pieces of work did, in their turns. */
struct journal {
	struct crew *crew;
	size_t done[64];
	size_t count;
	size_t resting, most_resting;
	size_t wait_for; /* so many have to rest at once before one goes on */
	size_t add;      /* so many pieces are added by the first */
	size_t fail_at;  /* the number of the piece that fails; SIZE_MAX: none */
	size_t left, stopped;
	pthread_t thread;
	bool other_thread;
	pthread_mutex_t lock;
	pthread_cond_t met;
};

static int work(void *context, size_t index, size_t slot, struct error *err)
{
	struct journal *j = context;

	assert_true(slot < CREW_MAX);
	j->other_thread |= !pthread_equal(j->thread, pthread_self());
	j->done[j->count++] = index;
	for (size_t i = 0; index == 0 && i < j->add; i++)
		crew_add(j->crew);
	if (index == j->fail_at)
		return error_set(err, -EIO, "piece %zu failed", index);
	crew_rest(j->crew);
	pthread_mutex_lock(&j->lock);
	j->resting++;
	if (j->resting > j->most_resting)
		j->most_resting = j->resting;
	pthread_cond_broadcast(&j->met);
	while (j->most_resting < j->wait_for)
		pthread_cond_wait(&j->met, &j->lock);
	j->resting--;
	pthread_mutex_unlock(&j->lock);
	crew_resume(j->crew);
	return 0;
}

/* The last piece of several fails while the others wait until they are stopped. */
static int wait_or_fail(void *context, size_t index, size_t slot, struct error *err)
{
	struct journal *j = context;
	struct pollfd stop = {.events = POLLIN};

	(void)slot;
	if (index == j->fail_at)
		return error_set(err, -EIO, "piece %zu failed", index);
	stop.fd = crew_stop_fd(j->crew);
	crew_rest(j->crew);
	(void)!poll(&stop, 1, -1);
	crew_resume(j->crew);
	return error_set(err, -ECANCELED, "stopped");
}

static void leave(void *context, size_t slot)
{
	(void)slot;
	((struct journal *)context)->left++;
}

static void stop(void *context)
{
	((struct journal *)context)->stopped++;
}

static const struct crew_duties duties = {work, leave, stop};
static const struct crew_duties waiting = {wait_or_fail, leave, stop};

static int run(struct journal *j, const struct crew_duties *d, size_t count,
               struct error *err)
{
	int r;

	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->met, NULL);
	j->thread = pthread_self();
	j->crew = crew_new(d, j);
	for (size_t i = 0; i < count; i++)
		crew_add(j->crew);
	r = crew_run(j->crew, err);
	crew_free(j->crew);
	return r;
}

test(one_piece_needs_no_thread)
{
	struct journal j = {.fail_at = SIZE_MAX};
	struct error err;

	assert_int_equal(run(&j, &duties, 1, &err), 0);
	assert_int_equal(j.count, 1);
	assert_false(j.other_thread);
	assert_int_equal(j.left, 1);
}

test(one_piece_after_the_other_needs_no_thread)
{
	struct journal j = {.fail_at = SIZE_MAX, .add = 1};
	struct error err;

	assert_int_equal(run(&j, &duties, 1, &err), 0);
	assert_int_equal(j.count, 2);
	assert_false(j.other_thread);
}

test(several_pieces_are_done_at_once)
{
	struct journal j = {.fail_at = SIZE_MAX, .wait_for = 3};
	struct error err;

	assert_int_equal(run(&j, &duties, 3, &err), 0);
	assert_int_equal(j.count, 3);
	assert_int_equal(j.left, 3);
}

test(there_are_no_more_threads_than_that)
{
	struct journal j = {.fail_at = SIZE_MAX, .wait_for = CREW_MAX};
	struct error err;

	assert_int_equal(run(&j, &duties, 20, &err), 0);
	assert_int_equal(j.count, 20);
	assert_int_equal(j.most_resting, CREW_MAX);
	assert_int_equal(j.left, CREW_MAX);
}

test(pieces_that_come_later_are_done_at_once_too)
{
	struct journal j = {.fail_at = SIZE_MAX, .add = 8, .wait_for = 3};
	struct error err;

	assert_int_equal(run(&j, &duties, 1, &err), 0);
	assert_int_equal(j.count, 9);
}

test(pieces_are_begun_in_their_order)
{
	struct journal j = {.fail_at = SIZE_MAX};
	struct error err;

	assert_int_equal(run(&j, &duties, 20, &err), 0);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(j.done[i], i);
}

test(after_a_failure_nothing_is_begun)
{
	struct journal j = {.fail_at = 0, .add = 3};
	struct error err;

	assert_int_equal(run(&j, &duties, 1, &err), -EIO);
	assert_string_equal(err.text, "piece 0 failed");
	assert_int_equal(j.count, 1);
	assert_int_equal(j.stopped, 1);
}

test(the_first_failure_stops_the_others_and_is_the_result)
{
	struct journal j = {.fail_at = 3};
	struct error err;

	assert_int_equal(run(&j, &waiting, 4, &err), -EIO);
	assert_string_equal(err.text, "piece 3 failed");
	assert_int_equal(j.stopped, 1);
	assert_int_equal(j.left, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_piece_needs_no_thread),
		cmocka_unit_test(one_piece_after_the_other_needs_no_thread),
		cmocka_unit_test(several_pieces_are_done_at_once),
		cmocka_unit_test(there_are_no_more_threads_than_that),
		cmocka_unit_test(pieces_that_come_later_are_done_at_once_too),
		cmocka_unit_test(pieces_are_begun_in_their_order),
		cmocka_unit_test(after_a_failure_nothing_is_begun),
		cmocka_unit_test(the_first_failure_stops_the_others_and_is_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
