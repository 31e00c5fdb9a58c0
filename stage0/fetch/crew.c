/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/crew.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/memory.h"

/* What a libc gives a thread may be less than errors and lines of text need. */
enum { STACK_SIZE = 2 << 20 };

struct member {
	struct crew *crew;
	size_t slot;
	pthread_t thread;
};

struct crew {
	const struct crew_duties *duties;
	void *context;

	pthread_mutex_t turn;
	pthread_cond_t changed; /* there is more work, or none any more */
	bool running;
	int stop_fds[2]; /* a pipe, whose writing end is closed to stop */
	size_t count;
	size_t next;
	size_t busy; /* threads at work */
	size_t idle; /* threads that wait for some */
	struct member members[CREW_MAX];
	size_t member_count; /* the caller's thread included */
	struct error first;  /* code 0: none failed */
};

struct crew *crew_new(const struct crew_duties *duties, void *context)
{
	struct crew *crew = memory_zeroed(1, sizeof(*crew));

	crew->duties = duties;
	crew->context = context;
	pthread_mutex_init(&crew->turn, NULL);
	pthread_cond_init(&crew->changed, NULL);
	crew->stop_fds[0] = crew->stop_fds[1] = -1;
	crew->member_count = 1;
	return crew;
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	for (size_t i = 0; i < 2; i++)
		if (crew->stop_fds[i] >= 0)
			close(crew->stop_fds[i]);
	pthread_cond_destroy(&crew->changed);
	pthread_mutex_destroy(&crew->turn);
	free(crew);
}

void crew_rest(struct crew *crew)
{
	if (crew->running)
		pthread_mutex_unlock(&crew->turn);
}

void crew_resume(struct crew *crew)
{
	if (crew->running)
		pthread_mutex_lock(&crew->turn);
}

int crew_stop_fd(const struct crew *crew)
{
	return crew->stop_fds[0];
}

static void fail(struct crew *crew, const struct error *err)
{
	if (crew->first.code < 0)
		return;
	crew->first = *err;
	if (crew->stop_fds[1] >= 0)
		close(crew->stop_fds[1]);
	crew->stop_fds[1] = -1;
	crew->duties->stop(crew->context);
}

/* Takes the next piece and does it; false if there is none for now. */
static bool work_once(struct crew *crew, size_t slot)
{
	struct error err;

	if (crew->next == crew->count || crew->first.code < 0)
		return false;
	crew->busy++;
	if (crew->duties->work(crew->context, crew->next++, slot, &err) < 0)
		fail(crew, &err);
	crew->busy--;
	pthread_cond_broadcast(&crew->changed);
	return true;
}

/* As long as anybody is at work, there may come more. */
static void work_on(struct crew *crew, size_t slot)
{
	while (work_once(crew, slot) || crew->busy) {
		if (crew->next < crew->count && crew->first.code == 0)
			continue;
		if (!crew->busy)
			break;
		crew->idle++;
		pthread_cond_wait(&crew->changed, &crew->turn);
		crew->idle--;
	}
	crew->duties->leave(crew->context, slot);
}

static void *member_main(void *arg)
{
	struct member *member = arg;

	pthread_mutex_lock(&member->crew->turn);
	work_on(member->crew, member->slot);
	pthread_mutex_unlock(&member->crew->turn);
	return NULL;
}

/* That another thread cannot be had is no failure: those there are do the work. */
static void start_member(struct crew *crew)
{
	struct member *member = &crew->members[crew->member_count];
	pthread_attr_t attr;

	if (crew->stop_fds[0] < 0 && pipe2(crew->stop_fds, O_CLOEXEC) < 0)
		return;
	*member = (struct member){.crew = crew, .slot = crew->member_count};
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (pthread_create(&member->thread, &attr, member_main, member) == 0)
		crew->member_count++;
	pthread_attr_destroy(&attr);
}

/* Whoever adds a piece has ended with its own soon, and takes one of those that wait. */
static void call_for_help(struct crew *crew)
{
	size_t waiting = crew->count - crew->next;

	if (!crew->running)
		return;
	pthread_cond_broadcast(&crew->changed);
	if (waiting > crew->idle + 1 && crew->member_count < CREW_MAX)
		start_member(crew);
}

void crew_add(struct crew *crew)
{
	crew->count++;
	call_for_help(crew);
}

int crew_run(struct crew *crew, struct error *err)
{
	pthread_mutex_lock(&crew->turn);
	crew->running = true;
	for (size_t i = 1; i < CREW_MAX && i < crew->count; i++)
		start_member(crew);
	work_on(crew, 0);
	pthread_mutex_unlock(&crew->turn);
	for (size_t i = 1; i < crew->member_count; i++)
		pthread_join(crew->members[i].thread, NULL);
	crew->running = false;
	if (crew->first.code < 0)
		*err = crew->first;
	return crew->first.code;
}
