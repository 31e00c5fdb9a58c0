/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/gc.h"

#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "stage0/command.h"
#include "stage0/store/store.h"
#include "stage0/time_text.h"

static uint64_t grace_period = 30 * UINT64_C(60000000000);
static uint64_t expire_prepared = 24 * UINT64_C(3600000000000);
static bool mark_only;

static const struct option_spec options[] = {
	OPTION_INITIAL("grace-period", "TIME", "30m0s", option_time, &grace_period,
                       "how long an exited pod is kept"),
	OPTION_INITIAL("expire-prepared", "TIME", "24h0m0s", option_time,
                       &expire_prepared, "how long a prepared pod is kept"),
	OPTION_FLAG("mark-only", &mark_only,
                    "mark the pods that have exited, and remove nothing"),
	{0},
};

static int mark(struct pod *pod, struct error *err)
{
	log_warning("moving %s \"%s\" to garbage", gc_kind(pod_state(pod)),
	            pod_uuid(pod));
	return gc_mark(pod, err);
}

typedef int act_on_pod(struct pod *pod, struct host *host, struct error *err);

static int mark_exited(struct pod *pod, struct host *host, struct error *err)
{
	(void)host;
	return pod_state(pod) == POD_EXITED ? mark(pod, err) : 0;
}

static int mark_aborted(struct pod *pod, struct host *host, struct error *err)
{
	(void)host;
	return pod_state(pod) == POD_ABORTED_PREPARE ? mark(pod, err) : 0;
}

/* Whether the pod has lain where it is for TIME. */
static int is_due(const struct pod *pod, uint64_t time, struct error *err)
{
	int64_t age;

	if (gc_age(pod, &age, err) < 0)
		return err->code;
	return age >= 0 && (uint64_t)age >= time;
}

static int mark_expired(struct pod *pod, struct host *host, struct error *err)
{
	int r = is_due(pod, expire_prepared, err);

	(void)host;
	return r > 0 && pod_state(pod) == POD_PREPARED ? mark(pod, err) : r;
}

/* Waits for whoever is deleting it already, and then has nothing to do. */
static int collect(struct pod *pod, struct host *host, struct error *err)
{
	int r = pod_lock(pod, true, err);

	if (r < 0 || pod_state(pod) == POD_GONE)
		return r;
	printf("Garbage collecting pod \"%s\"\n", pod_uuid(pod));
	fflush(stdout);
	return gc_delete(pod, host, err);
}

static int collect_exited(struct pod *pod, struct host *host, struct error *err)
{
	int r = is_due(pod, grace_period, err);

	if (r < 0)
		return r;
	if (r == 0) {
		autofree char *grace = time_length((int64_t)grace_period);

		log_warning("pod \"%s\" not removed: still within grace period (%s)",
		            pod_uuid(pod), grace);
		return 0;
	}
	return collect(pod, host, err);
}

/* In this order (rkt 2.14): the grace period begins with the mark. */
static const struct {
	const char *place;
	act_on_pod *act;
	bool marks;
} steps[] = {
	{"run", mark_exited, true},        {"prepare", mark_aborted, true},
	{"prepared", mark_expired, false}, {"exited-garbage", collect_exited, false},
	{"garbage", collect, false},
};

/* What fails for one pod is said, and hinders no other; -ENOENT is that it went meanwhile. */
static int act_on_all(const char *place, act_on_pod *act, struct host *host,
                      struct error *err)
{
	int data_fd = host_data_dir(host, false, err);
	autoclear(strv) uuids = {0};

	if (pods_list_in(data_fd, place, &uuids, err) < 0)
		return err->code;
	for (size_t i = 0; i < uuids.count; i++) {
		autoptr(pod) pod = NULL;
		struct error failure;
		int r = pod_open(&pod, data_fd, uuids.items[i], &failure);

		if (r >= 0)
			r = act(pod, host, &failure);
		if (r < 0 && r != -ENOENT)
			log_warning("%s", failure.text);
	}
	return 0;
}

static int run_gc(struct host *host, int argc, char **argv, struct error *err)
{
	int data_fd = host_data_dir(host, false, err);
	struct store *store;

	(void)argv;
	if (argc)
		return error_set(err, USAGE_ERROR, "takes no arguments");
	if (data_fd == -ENOENT)
		return 0;
	if (data_fd < 0)
		return data_fd;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if ((steps[i].marks || !mark_only) &&
		    act_on_all(steps[i].place, steps[i].act, host, err) < 0)
			return err->code;
	if (mark_only)
		return 0;
	return host_store(host, &store, err) < 0 ? err->code : store_sweep(store, err);
}

const struct command cmd_gc = {
	.name = "gc",
	.args = "[OPTIONS]",
	.summary = "remove pods that have exited",
	.about = "Marks the pods that have exited, and removes those that were marked "
		 "longer than the grace period ago, with pods whose preparation was cut "
		 "short, prepared pods that nobody ran, and what else a killed command "
		 "left.",
	.options = options,
	.needs = NEEDS_ROOT,
	.run = run_gc,
};
