/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "common/boolean.h"
#include "common/log.h"
#include "common/memory.h"
#include "stage0/command.h"
#include "stage0/host.h"
#include "stage0/listing.h"
#include "stage0/pod/pod_json.h"
#include "stage0/pod/wait.h"
#include "stage0/time_text.h"

/* rkt's for a --uuid-file that cannot be read (rkt 1.5). */
enum { EXIT_NO_UUID_FILE = 1 };

/* Nanoseconds; 0: does not wait. */
static int64_t wait_end, wait_ready;
static const char *uuid_file;
static enum listing_format format;

/* "--wait", "--wait=true": for ever; "--wait=10s": as long; "--wait=false", "--wait=0": not. */
static int option_wait(void *value, const char *arg, struct error *err)
{
	int64_t *time = value;
	bool wanted = true;

	if (!arg || boolean_parse(arg, &wanted, err) == 0)
		*time = wanted ? WAIT_FOREVER : 0;
	else if (option_read_time(arg, time, err) < 0)
		return error_set(err, -EINVAL,
		                 "must be 'true', 'false' or a time like '10s'");
	if (*time < 0)
		*time = WAIT_FOREVER;
	return 0;
}

static const struct option_spec options[] = {
	{.name = "wait",
         .arg = "TIME",
         .help = "wait until the pod has ended; without TIME, for ever",
         .flags = OPTION_OPTIONAL,
         .parse = option_wait,
         .value = &wait_end},
	{.name = "wait-ready",
         .arg = "TIME",
         .help = "wait until the pod is up; without TIME, for ever",
         .flags = OPTION_OPTIONAL,
         .parse = option_wait,
         .value = &wait_ready},
	OPTION_VALUE("uuid-file", "FILE", option_text, &uuid_file,
                     "read the UUID from FILE"),
	OPTION_VALUE("format", "FORMAT", option_format, &format,
                     "'json' or 'json-pretty' instead of lines"),
	{0},
};

/* What is known of a pod in each state (rkt 2.11). */
enum {
	HAS_NETWORKS = 1 << 0,
	HAS_PROCESS = 1 << 1,
	HAS_EXITED = 1 << 2,
	HAS_APPS = 1 << 3 /* and they may have a status */
};
static const unsigned facts[] = {
	[POD_PREPARED] = HAS_APPS,
	[POD_RUNNING] = HAS_NETWORKS | HAS_PROCESS,
	[POD_EXITED] = HAS_NETWORKS | HAS_PROCESS | HAS_EXITED | HAS_APPS,
	[POD_EXITED_DELETING] = HAS_PROCESS | HAS_APPS,
	[POD_EXITED_GARBAGE] = HAS_PROCESS | HAS_EXITED | HAS_APPS,
	[POD_DELETING] = HAS_PROCESS,
	[POD_GARBAGE] = 0,
};

static void add_time(struct buf *text, const char *key, int64_t time)
{
	autofree char *value = time_full(time);

	buf_format(text, "%s=%s\n", key, value);
}

static int add_networks(const struct pod *pod, struct buf *text, struct error *err)
{
	autoclear(pod_networks) networks = {0};

	if (pod_networks_read(pod, &networks, err) < 0)
		return err->code;
	buf_text(text, "networks=");
	pod_networks_text(&networks, text);
	buf_char(text, '\n');
	return 0;
}

static int add_statuses(const struct pod *pod, struct buf *text, struct error *err)
{
	autoclear(pod_manifest) manifest = {0};

	if (pod_read_manifest(pod, &manifest, err) < 0)
		return err->code;
	for (size_t i = 0; i < manifest.apps.count; i++) {
		const char *app = manifest.apps.items[i].name;
		int status = pod_app_status(pod, app);

		if (status >= 0)
			buf_format(text, "app-%s=%d\n", app, status);
	}
	return 0;
}

static int describe(const struct pod *pod, struct buf *text, struct error *err)
{
	enum pod_state state = pod_state(pod);
	int64_t started = pod_started(pod);
	pid_t pid = pod_pid(pod);

	buf_format(text, "state=%s\n", pod_state_name(state));
	add_time(text, "created", pod_created(pod));
	if (started)
		add_time(text, "started", started);
	if ((facts[state] & HAS_NETWORKS) && add_networks(pod, text, err) < 0)
		return err->code;
	if ((facts[state] & HAS_PROCESS) && pid)
		buf_format(text, "pid=%d\n", (int)pid);
	if (facts[state] & HAS_PROCESS)
		buf_format(text, "exited=%s\n",
		           facts[state] & HAS_EXITED ? "true" : "false");
	return facts[state] & HAS_APPS ? add_statuses(pod, text, err) : 0;
}

static int describe_json(const struct pod *pod, struct buf *text, struct error *err)
{
	autoclear(pod_object) object = {0};

	if (pod_object_read(pod, &object, err) < 0)
		return err->code;
	pod_object_encode(&object,
	                  format == LISTING_JSON ? SCHEMA_COMPACT : SCHEMA_PRETTY, text);
	return 0;
}

static int wait_as_asked(struct pod *pod, struct error *err)
{
	if (wait_ready) {
		int r = pod_wait_ready(pod, wait_ready, err);

		if (r == WAIT_TIMED_OUT)
			return error_set(err, -ETIMEDOUT,
			                 "pod \"%s\" was not ready within the time given",
			                 pod_uuid(pod));
		if (r < 0)
			return r;
	}
	if (wait_end) {
		int r = pod_wait_end(pod, wait_end, err);

		if (r == WAIT_TIMED_OUT)
			return error_set(err, -ETIMEDOUT,
			                 "pod \"%s\" did not end within the time given",
			                 pod_uuid(pod));
		if (r < 0)
			return r;
	}
	return 0;
}

static int print_status(struct pod *pod, struct error *err)
{
	autoclear(buf) text = {0};
	int r;

	if (wait_as_asked(pod, err) < 0)
		return err->code;
	r = format == LISTING_TEXT ? describe(pod, &text, err)
	                           : describe_json(pod, &text, err);
	if (r < 0)
		return error_wrap(err, "unable to print status");
	return listing_print(format, &text, err);
}

static int run_status(struct host *host, int argc, char **argv, struct error *err)
{
	autofree char *from_file = NULL;
	autoptr(pod) pod = NULL;
	int data_fd;

	if (argc != (uuid_file ? 0 : 1))
		return error_set(err, USAGE_ERROR, "takes one UUID or --uuid-file");
	if (uuid_file && pods_read_uuid(uuid_file, &from_file, err) < 0) {
		log_warning("unable to resolve UUID from file: %s", err->text);
		return EXIT_NO_UUID_FILE;
	}
	data_fd = host_data_dir(host, false, err);
	if (data_fd < 0 ||
	    pod_open_by(&pod, data_fd, from_file ? from_file : argv[0], NULL, err) < 0)
		return error_wrap(err, "problem retrieving pod");
	return print_status(pod, err);
}

const struct command cmd_status = {
	.name = "status",
	.args = "[OPTIONS] UUID",
	.summary = "tell the state of a pod, or wait for its end",
	.about =
		"Tells the state of the pod that UUID, or a prefix of one, names: lines "
		"of "
		"KEY=VALUE, or an object with --format. With --wait-ready and --wait, it "
		"first waits; a TIME that has passed is a failure.",
	.options = options,
	.run = run_status,
};
