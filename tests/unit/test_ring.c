/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/import/image/ring.h"
#include "tests/unit/unit.h"

enum { COUNT = 1000 };

/* One stage's thread. It passes on LIMIT blocks and fails then, or ends. */
struct worker {
	struct ring *ring;
	enum ring_stage stage;
	size_t limit;
	const char *error; /* NULL: it just ends */
	int outcome;       /* of its last ring_take() */
};

static void work_on(struct worker *worker, struct ring_block *block, size_t number)
{
	if (worker->stage == RING_FILL) {
		struct tar_head head = {.type = '0', .name = memory_text("a")};

		tar_heads_add(&block->heads, &head);
		block->len = (size_t)snprintf(block->data, 20, "%zu", number);
	} else {
		block->data[block->len++] = '!';
	}
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct error err = {0};
	struct ring_block *block;

	for (size_t i = 0; i < worker->limit; i++) {
		worker->outcome = ring_take(worker->ring, worker->stage, &block, &err);
		if (worker->outcome != RING_BLOCK)
			break;
		work_on(worker, block, i);
		ring_pass(worker->ring, worker->stage);
	}
	if (worker->error)
		(void)!error_set(&err, -EBADMSG, "%s", worker->error);
	ring_end(worker->ring, worker->stage, err.code < 0 ? &err : NULL);
	return NULL;
}

static pthread_t start(struct worker *worker)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, work, worker), 0);
	return thread;
}

/* Uses every block; returns how many there were, and sets *OUTCOME to what came then. */
static size_t use(struct ring *ring, int *outcome, struct error *err)
{
	struct ring_block *block;
	struct tar_head head;
	char wanted[20];
	size_t count = 0;

	while ((*outcome = ring_take(ring, RING_USE, &block, err)) == RING_BLOCK) {
		snprintf(wanted, sizeof(wanted), "%zu!", count++);
		assert_int_equal(block->len, strlen(wanted));
		assert_memory_equal(block->data, wanted, block->len);
		assert_true(tar_heads_next(&block->heads, &head));
		tar_head_clear(&head);
		assert_false(tar_heads_next(&block->heads, &head));
		ring_pass(ring, RING_USE);
	}
	return count;
}

/* A filler of FILLED blocks and a checker of CHECKED, with their errors. */
static size_t run(size_t filled, const char *fill_error, size_t checked,
                  const char *check_error, int *outcome, struct error *err)
{
	autoptr(ring) ring = ring_new();
	struct worker filler = {ring, RING_FILL, filled, fill_error, 0};
	struct worker checker = {ring, RING_CHECK, checked, check_error, 0};
	pthread_t first = start(&filler), second = start(&checker);
	size_t count = use(ring, outcome, err);

	ring_stop(ring);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	return count;
}

test(every_block_goes_through_all_stages_in_order)
{
	struct error err = {0};
	int outcome;

	assert_int_equal(run(COUNT, NULL, COUNT + 1, NULL, &outcome, &err), COUNT);
	assert_int_equal(outcome, RING_END);
	assert_int_equal(run(0, NULL, 1, NULL, &outcome, &err), 0);
	assert_int_equal(outcome, RING_END);
}

test(a_stage_that_fails_is_heard_after_all_that_it_passed_on)
{
	for (size_t i = 0; i < 50; i += 7) {
		struct error err = {0};
		int outcome;

		assert_int_equal(run(i, "no more", COUNT, NULL, &outcome, &err), i);
		assert_int_equal(outcome, -EBADMSG);
		assert_string_equal(err.text, "no more");
		assert_int_equal(run(COUNT, NULL, i, "not good", &outcome, &err), i);
		assert_int_equal(outcome, -EBADMSG);
		assert_string_equal(err.text, "not good");
	}
}

test(of_two_errors_the_one_that_lies_first_is_told)
{
	for (size_t i = 0; i < 50; i += 7) {
		struct error err = {0};
		int outcome;

		assert_int_equal(run(i + 1, "later", i, "earlier", &outcome, &err), i);
		assert_string_equal(err.text, "earlier");
	}
}

test(who_waits_when_nothing_more_is_wanted_is_told_so)
{
	for (size_t used = 0; used < 20; used++) {
		autoptr(ring) ring = ring_new();
		struct worker filler = {ring, RING_FILL, SIZE_MAX, NULL, 0};
		struct worker checker = {ring, RING_CHECK, SIZE_MAX, NULL, 0};
		pthread_t first = start(&filler), second = start(&checker);
		struct ring_block *block;
		struct error err = {0};

		for (size_t i = 0; i < used; i++) {
			assert_int_equal(ring_take(ring, RING_USE, &block, &err),
			                 RING_BLOCK);
			tar_heads_clear(&block->heads);
			ring_pass(ring, RING_USE);
		}
		ring_stop(ring);
		pthread_join(first, NULL);
		pthread_join(second, NULL);
		assert_int_equal(filler.outcome, RING_STOPPED);
		assert_int_equal(checker.outcome, RING_STOPPED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_goes_through_all_stages_in_order),
		cmocka_unit_test(a_stage_that_fails_is_heard_after_all_that_it_passed_on),
		cmocka_unit_test(of_two_errors_the_one_that_lies_first_is_told),
		cmocka_unit_test(who_waits_when_nothing_more_is_wanted_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
