/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/app_spec.h"

#include <inttypes.h>
#include <string.h>

#include "common/memory.h"
#include "stage1/identity.h"

/* Sets NAME unless it is there already: the app's own environment comes first (rkt 7.9). */
static void set_default(struct strv *environment, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < environment->count; i++)
		if (strncmp(environment->items[i], name, len) == 0 &&
		    environment->items[i][len] == '=')
			return;
	strv_add_format(environment, "%s=%s", name, value);
}

/* The order makes the precedence of ACE-76: what the runtime says of itself cannot be
 * overridden, so it comes first, and the app's own words for it are passed over. */
static void make_environment(const struct pod_plan *pod, const struct app_plan *app,
                             const struct identity *identity, struct strv *environment)
{
	bool root = identity->uid == 0;

	strv_add_format(environment, "AC_APP_NAME=%s", app->name);
	strv_add(environment, "container=gantry");
	for (size_t i = 0; i < app->app->environment.count; i++)
		set_default(environment, app->app->environment.items[i].name,
		            app->app->environment.items[i].value);
	set_default(environment, "PATH",
	            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (pod->interactive)
		set_default(environment, "TERM",
		            getenv("TERM") ? getenv("TERM") : "vt100");
	set_default(environment, "SHELL",
	            identity->shell && *identity->shell ? identity->shell : "/bin/sh");
	set_default(environment, "HOME",
	            identity->home && *identity->home ? identity->home
	            : root                            ? "/root"
	                                              : "/");
	if (!identity->name && !root)
		return;
	set_default(environment, "USER", identity->name ? identity->name : "root");
	set_default(environment, "LOGNAME", identity->name ? identity->name : "root");
}

int app_spec_make(struct app_spec *spec, const struct pod_plan *pod,
                  const struct app_plan *app, int root_fd, struct error *err)
{
	__attribute__((cleanup(identity_clear))) struct identity identity = {0};
	const struct app *from = app->app;

	if (identity_resolve(root_fd, from->user, from->group, &identity, err) < 0)
		return err->code;
	spec->spec = (struct exec_spec){
		.uid = identity.uid,
		.gid = identity.gid,
		.keep_caps = pod->keep_capabilities,
		.capabilities = app->capabilities,
		/* A set-user-ID program must not run under a filter it does not expect. */
		.no_new_privs = app->no_new_privs || (pod->filter && identity.uid != 0),
		.directory = from->working_directory && *from->working_directory
	                             ? from->working_directory
	                             : "/",
		.filter_fd = -1,
		.keep_fd = -1,
		.report_fd = -1,
		.argv = from->exec.items,
	};
	for (size_t i = 0; i < app->limits.count; i++) {
		const struct limit *limit = &app->limits.items[i];

		strv_add_format(&spec->spec.limits, "%s:%d:%" PRIu64 ":%" PRIu64,
		                limit->name, limit->resource, limit->soft, limit->hard);
	}
	for (size_t i = 0; i < from->supplementary_gids.count; i++)
		strv_add_format(&spec->spec.groups, "%lld",
		                (long long)from->supplementary_gids.items[i]);
	make_environment(pod, app, &identity, &spec->environment);
	return 0;
}

void app_spec_clear(struct app_spec *spec)
{
	exec_spec_clear(&spec->spec);
	strv_clear(&spec->environment);
}
