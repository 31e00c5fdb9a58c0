/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/served.h"

#include <string.h>

#include "common/appc/isolator.h"
#include "common/log.h"
#include "common/memory.h"

/* Isolators of an app that stage1 enforces. */
static const char *const app_isolators[] = {
	"os/linux/capabilities-remove-set",
	"os/linux/capabilities-retain-set",
	"os/linux/no-new-privileges",
	"os/linux/oom-score-adj",
	NULL,
};

/* And of the pod as a whole. */
static const char *const pod_isolators[] = {NULL};

/* Networks, the one that wins over the others first (rkt 8.1). */
static const char *const networks[] = {"host", "none", NULL};

/* Switches of the command line that stage1 has nothing for. */
static const struct {
	const char *name;
	size_t offset; /* of its bool */
} switches[] = {
	{"--private-users", offsetof(struct pod_request, private_users)},
	{"--no-overlay", offsetof(struct pod_request, no_overlay)},
	{"--mds-register", offsetof(struct pod_request, mds_register)},
};

static bool has_event_handlers(const struct pod_app *self, const struct app *app)
{
	(void)self;
	return app->event_handlers.count > 0;
}

static bool has_activated_sockets(const struct pod_app *self, const struct app *app)
{
	(void)self;
	for (size_t i = 0; i < app->ports.count; i++)
		if (app->ports.items[i].socket_activated)
			return true;
	return false;
}

/* Fields of an app that stage1 has nothing for. */
static const struct {
	const char *what;
	bool (*is_asked)(const struct pod_app *self, const struct app *app);
} app_fields[] = {
	{"running event handlers", has_event_handlers},
	{"socket activation", has_activated_sockets},
};

static bool is_one_of(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* The specification lets an executor pass over what it has never heard of, if it says so
 * (ACE-100, ACE-101). */
static int check_isolators(const char *whose, const struct isolator *items, size_t count,
                           const char *const *served, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (is_one_of(served, items[i].name))
			continue;
		if (isolator_is_known(items[i].name))
			return error_set(err, -EOPNOTSUPP,
			                 "%s: isolator '%s' is not served yet", whose,
			                 items[i].name);
		log_warning("%s: isolator '%s' is unknown: nothing enforces it", whose,
		            items[i].name);
	}
	return 0;
}

static int check_app(const struct pod_app *self, const struct app *app, struct error *err)
{
	autofree char *whose = memory_format("app '%s'", self->name);

	for (size_t i = 0; i < sizeof(app_fields) / sizeof(*app_fields); i++)
		if (app_fields[i].is_asked(self, app))
			return error_set(err, -EOPNOTSUPP, "%s: %s is not served yet",
			                 whose, app_fields[i].what);
	return check_isolators(whose, app->isolators.items, app->isolators.count,
	                       app_isolators, err);
}

int served_pod(const struct pod_manifest *pod, const struct found_image *images,
               struct error *err)
{
	if (pod->ports.count)
		return error_set(err, -EOPNOTSUPP,
		                 "port '%s': ports of the host are not served yet",
		                 pod->ports.items[0].name);
	if (check_isolators("pod", pod->isolators.items, pod->isolators.count,
	                    pod_isolators, err) < 0)
		return err->code;
	for (size_t i = 0; i < pod->apps.count; i++) {
		const struct app *app = images ? manifest_app(pod, images, i)
		                               : pod->apps.items[i].app;

		if (app && check_app(&pod->apps.items[i], app, err) < 0)
			return err->code;
	}
	return 0;
}

int served_request(const struct pod_request *request, struct error *err)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
		if (*(const bool *)((const char *)request + switches[i].offset))
			return error_set(err, -EOPNOTSUPP, "%s is not served yet",
			                 switches[i].name);
	return 0;
}

int served_net(const struct strv *nets, const char **net, struct error *err)
{
	const char *name;

	for (size_t i = 0; networks[i]; i++)
		if (strv_has(nets, networks[i])) {
			*net = networks[i];
			return 0;
		}
	name = nets->count ? nets->items[0] : "default";
	return error_set(err, -EOPNOTSUPP,
	                 "network '%.*s' is not served yet: use --net=none or --net=host",
	                 (int)strcspn(name, ":"), name);
}
