/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/pod_plan.h"

#include <sched.h>
#include <string.h>

#include "common/appc/isolator.h"
#include "common/memory.h"
#include "common/pod/pod.h"
#include "stage1/privilege.h"

enum { HOSTNAME_LENGTH_MAX = 64 };

/* The isolators this stage1 enforces. Any other it must not run an app without. */
static const char *const enforced[] = {
	"os/linux/capabilities-remove-set",
	"os/linux/capabilities-retain-set",
	"os/linux/no-new-privileges",
	"os/linux/oom-score-adj",
};

static int check_isolators(const struct isolator *isolators, size_t count,
                           struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		bool known = !isolator_is_known(isolators[i].name);

		for (size_t e = 0; e < sizeof(enforced) / sizeof(*enforced); e++)
			known |= strcmp(enforced[e], isolators[i].name) == 0;
		if (!known)
			return error_set(err, -ENOTSUP, "isolator '%s' is not served yet",
			                 isolators[i].name);
	}
	return 0;
}

static int plan_isolators(struct app_plan *plan, struct error *err)
{
	const struct isolator *items = plan->app->isolators.items;
	size_t count = plan->app->isolators.count;
	const struct isolator *isolator;

	if (check_isolators(items, count, err) < 0 ||
	    privilege_bounding_set(items, count, &plan->capabilities, err) < 0)
		return err->code;
	isolator = isolator_find(items, count, "os/linux/no-new-privileges");
	plan->no_new_privs = isolator && isolator_bool(isolator);
	isolator = isolator_find(items, count, "os/linux/oom-score-adj");
	plan->has_oom_score_adj = isolator != NULL;
	plan->oom_score_adj = isolator ? (int)isolator_int(isolator) : 0;
	return 0;
}

static int plan_limits(struct app_plan *plan, const struct pod_app *pod_app,
                       struct error *err)
{
	const char *text = name_value_find(pod_app->annotations.items,
	                                   pod_app->annotations.count, POD_APP_ULIMIT);

	return text ? limits_parse(&plan->limits, text, err) : 0;
}

static int plan_app(struct app_plan *plan, const struct pod_manifest *pod, size_t at,
                    const struct mount_request *mounts, struct error *err)
{
	const struct pod_app *pod_app = &pod->apps.items[at];
	struct mount_request request = *mounts;

	plan->name = pod_app->name;
	plan->app = pod_app->app;
	plan->root = memory_format(POD_APP_ROOT, pod_app->name);
	if (plan->app->exec.count == 0)
		return error_set(err, -EINVAL, "nothing to execute (try --exec=BINARY)");
	if (plan->app->event_handlers.count)
		return error_set(err, -ENOTSUP, "event handlers are not served yet");
	if (plan_isolators(plan, err) < 0 || plan_limits(plan, pod_app, err) < 0 ||
	    volume_plan_make(&plan->mounts.volumes, pod, at, request.masks, err) < 0)
		return err->code;
	request.read_only_root = pod_app->read_only_rootfs;
	request.volumes = plan->mounts.volumes.mounts.count > 0;
	mount_plan_make(&plan->mounts, &request);
	return 0;
}

/* The namespaces of the pod (ACE-3), by --net and --ipc. */
static int plan_namespaces(struct pod_plan *plan, const struct stage1_run *args,
                           struct error *err)
{
	const char *net = args->net ? args->net : "default";
	const char *ipc = args->ipc ? args->ipc : "";

	plan->namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (strcmp(net, "none") == 0)
		plan->own_network = true;
	else if (strcmp(net, "host") != 0)
		return error_set(
			err, -ENOTSUP,
			"network '%s' is not served yet: use --net=none or --net=host",
			net);
	if (plan->own_network)
		plan->namespaces |= CLONE_NEWNET;
	if (strcmp(ipc, "parent") != 0)
		plan->namespaces |= CLONE_NEWIPC;
	if (*ipc && strcmp(ipc, "parent") != 0 && strcmp(ipc, "private") != 0 &&
	    strcmp(ipc, "auto") != 0)
		return error_set(err, -EINVAL, "--ipc must be auto, private or parent");
	return 0;
}

/* Arguments we know, and do not serve yet. */
static int check_args(const struct stage1_run *args, struct error *err)
{
	const struct {
		bool given;
		const char *name;
	} unserved[] = {
		{args->private_users != NULL, "--private-users"},
		{args->mds_token != NULL, "--mds-token"},
		{args->dns_conf_mode != NULL, "--dns-conf-mode"},
		{args->mutable_pod, "--mutable"},
	};

	for (size_t i = 0; i < sizeof(unserved) / sizeof(*unserved); i++)
		if (unserved[i].given)
			return error_set(err, -ENOTSUP, "%s is not served yet",
			                 unserved[i].name);
	if (args->hostname && strlen(args->hostname) > HOSTNAME_LENGTH_MAX)
		return error_set(err, -EINVAL,
		                 "the host name is longer than %d characters",
		                 HOSTNAME_LENGTH_MAX);
	return 0;
}

int pod_plan_make(struct pod_plan *plan, const struct pod_manifest *pod,
                  const struct stage1_run *args, struct error *err)
{
	struct mount_request mounts = {
		.masks = !args->disable_paths,
		.several_apps = pod->apps.count > 1,
	};

	if (pod->apps.count == 0)
		return error_set(err, -EINVAL,
		                 "pod must contain at least one application");
	if (args->interactive && pod->apps.count > 1)
		return error_set(err, -EINVAL,
		                 "interactive option only supports one image");
	if (check_args(args, err) < 0 || plan_namespaces(plan, args, err) < 0 ||
	    check_isolators(pod->isolators.items, pod->isolators.count, err) < 0)
		return err->code;
	plan->hostname = args->hostname ? memory_text(args->hostname)
	                                : memory_format("gantry-%s", args->uuid);
	plan->interactive = args->interactive;
	plan->keep_capabilities = args->disable_capabilities;
	plan->filter = !args->disable_seccomp;
	plan->apps.items = memory_zeroed(pod->apps.count, sizeof(*plan->apps.items));
	plan->apps.count = pod->apps.count;
	for (size_t i = 0; i < pod->apps.count; i++)
		if (plan_app(&plan->apps.items[i], pod, i, &mounts, err) < 0)
			return error_wrap(err, "app '%s'", pod->apps.items[i].name);
	return 0;
}

void pod_plan_print(const struct pod_plan *plan, struct buf *out)
{
	buf_format(out, "host name %s\nnetwork %s\n", plan->hostname,
	           plan->own_network ? "none" : "host");
	for (size_t i = 0; i < plan->apps.count; i++) {
		const struct app_plan *app = &plan->apps.items[i];

		buf_format(out, "app %s\ncapabilities %llx\nlimits ", app->name,
		           (unsigned long long)app->capabilities);
		limits_format(&app->limits, out);
		buf_char(out, '\n');
		mount_plan_print(&app->mounts, out);
	}
}

void pod_plan_clear(struct pod_plan *plan)
{
	for (size_t i = 0; i < plan->apps.count; i++) {
		free(plan->apps.items[i].root);
		limits_clear(&plan->apps.items[i].limits);
		volume_plan_clear(&plan->apps.items[i].mounts.volumes);
	}
	free(plan->apps.items);
	free(plan->hostname);
	*plan = (struct pod_plan){0};
}
