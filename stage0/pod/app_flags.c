/* SPDX-License-Identifier: Apache-2.0 */
/* The options of run, prepare and run-prepared: groups of rows that the commands share. */
#include "stage0/pod/app_flags.h"

#include <ctype.h>
#include <string.h>

#include "common/boolean.h"
#include "common/number.h"
#include "stage0/pod/app_args.h"

enum { HOSTNAME_MAX = 64 };

struct pod_request pod_asked;

static int set_checked(void *value, const char *arg, field_check *check,
                       struct error *err)
{
	const char *wrong = check(arg);

	if (!wrong)
		wrong = schema_check_text(arg);
	if (wrong)
		return error_set(err, -EINVAL, "%s", wrong);
	*(const char **)value = arg;
	return 0;
}

static const char *check_not_empty(const char *text)
{
	return *text ? NULL : "must not be empty";
}

static const char *check_hostname(const char *text)
{
	size_t len = strlen(text);

	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return "must be of letters, digits, '-', '.' and '_'";
	return len == 0 || len > HOSTNAME_MAX ? "must be 1 to 64 characters long" : NULL;
}

static const char *check_ipc(const char *text)
{
	if (!strcmp(text, "auto") || !strcmp(text, "private") || !strcmp(text, "parent"))
		return NULL;
	return "must be 'auto', 'private' or 'parent'";
}

static int flag_not_empty(void *value, const char *arg, struct error *err)
{
	return set_checked(value, arg, check_not_empty, err);
}

static int flag_hostname(void *value, const char *arg, struct error *err)
{
	return set_checked(value, arg, check_hostname, err);
}

static int flag_ipc(void *value, const char *arg, struct error *err)
{
	return set_checked(value, arg, check_ipc, err);
}

static int flag_name(void *value, const char *arg, struct error *err)
{
	return set_checked(value, arg, name_check_name, err);
}

static int flag_directory(void *value, const char *arg, struct error *err)
{
	return set_checked(value, arg, name_check_absolute, err);
}

static int flag_once(void *value, const char *arg, struct error *err)
{
	if (*(const char **)value)
		return error_set(err, -EEXIST, "stands twice for the same image");
	return flag_not_empty(value, arg, err);
}

/* A file's name goes into no manifest: any bytes will do. */
static int flag_file(void *value, const char *arg, struct error *err)
{
	if (!*arg)
		return error_set(err, -EINVAL, "must not be empty");
	*(const char **)value = arg;
	return 0;
}

static int flag_choice(void *value, const char *arg, struct error *err)
{
	bool yes;

	if (boolean_parse(arg, &yes, err) < 0)
		return err->code;
	*(enum choice *)value = yes ? CHOICE_YES : CHOICE_NO;
	return 0;
}

static int flag_ulimit(void *value, const char *arg, struct error *err)
{
	return limits_add(value, arg, err);
}

/* Replaces what was said before. VALUE is the app's request. */
static int flag_gids(void *value, const char *arg, struct error *err)
{
	struct app_request *app = value;
	autoclear(strv) words = {0};

	strv_split(&words, arg, ',');
	app->has_supplementary_gids = true;
	app->supplementary_gids.count = 0;
	for (size_t i = 0; i < words.count; i++)
		if (number_parse(words.items[i], 0, UINT32_MAX - 1,
		                 list_add(&app->supplementary_gids), err) < 0)
			return error_wrap(err, "'%s'", words.items[i]);
	return 0;
}

// clang-format off
#define ROW(name, arg, help, initial, flags, parse, field) \
	{0, name, arg, help, initial, flags, parse, &pod_asked.field, NULL, NULL}
#define POD(name, arg, help, parse, field) ROW(name, arg, help, NULL, 0, parse, field)
#define PODS(name, arg, help, parse, field) \
	ROW(name, arg, help, NULL, OPTION_REPEATED, parse, field)
#define APP(name, arg, help, parse, field) \
	ROW(name, arg, help, NULL, OPTION_APP, parse, app.field)
#define APPS(name, arg, help, parse, field) \
	ROW(name, arg, help, NULL, OPTION_APP | OPTION_REPEATED, parse, app.field)
#define OLD(name, arg, flags, parse, field, instead) \
	{0, name, arg, NULL, NULL, OPTION_HIDDEN | (flags), parse, &pod_asked.field, NULL, instead}
#define UNSERVED(name, arg, help, flags, why) \
	{0, name, arg, help, NULL, flags, NULL, NULL, why, NULL}

/* Where the pod runs: run and run-prepared. */
#define ROWS_RUNNING                                                                        \
	ROW("net", "LIST", "networks to join: none, host, or names of configured ones",     \
	    "default", OPTION_OPTIONAL | OPTION_REPEATED, flag_net, net),                   \
	POD("interactive", NULL, "give the terminal to the app", option_flag, interactive), \
	POD("mds-register", NULL, "register at the metadata service", option_flag,          \
	    mds_register),                                                                  \
	POD("hostname", "NAME", "the pod's host name", flag_hostname, hostname),            \
	POD("ipc", "MODE", "IPC namespace: auto, private, parent", flag_ipc, ipc),          \
	UNSERVED("dns", "IP", "name server", OPTION_REPEATED, DNS_UNSERVED),                \
	UNSERVED("dns-search", "DOMAIN", "domain to search", OPTION_REPEATED, DNS_UNSERVED), \
	UNSERVED("dns-opt", "OPTION", "resolver option", OPTION_REPEATED, DNS_UNSERVED),    \
	UNSERVED("dns-domain", "DOMAIN", "local domain", 0, DNS_UNSERVED),                  \
	UNSERVED("hosts-entry", "IP=NAME", "line of /etc/hosts", OPTION_REPEATED,           \
	         "entries of /etc/hosts are not served yet")

#define DNS_UNSERVED "the pod's resolver configuration is not served yet"

/* What the pod is made of: run and prepare. */
#define ROWS_PREPARING                                                                      \
	PODS("port", "NAME:[IP:]PORT", "reach the app's port NAME by the host's PORT",      \
	     flag_port, ports),                                                             \
	POD("inherit-env", NULL, "give the apps the caller's environment", option_flag,     \
	    inherit_environment),                                                           \
	POD("no-overlay", NULL, "copy the images' trees", option_flag, no_overlay),         \
	POD("private-users", NULL, "run in a user namespace", option_flag, private_users),  \
	PODS("set-env", "NAME=VALUE", "set a variable for all apps", flag_environment,      \
	     set_environment),                                                              \
	PODS("set-env-file", "FILE", "set the variables in FILE, one a line",               \
	     flag_environment_file, file_environment),                                      \
	ROW("pull-policy", "POLICY", "when to fetch: never, new, update", "new", 0,         \
	    pull_policy_parse, pull_policy),                                                 \
	PROGRESS_OPTION(&pod_asked.progress),                                               \
	OLD("store-only", NULL, 0, option_flag, store_only, "--pull-policy=never"),         \
	OLD("no-store", NULL, 0, option_flag, no_store, "--pull-policy=update"),            \
	POD("pod-manifest", "FILE", "run this pod manifest in place of images",             \
	    flag_file, pod_manifest),                                                  \
	PODS("volume", "SPEC", "NAME,kind=host,source=PATH or NAME,kind=empty",             \
	     flag_volume, volumes)

#define ROWS_STAGE1                                                                         \
	POD("stage1-name", "NAME", "stage1 image by its name", flag_stage1_name, stage1),   \
	POD("stage1-path", "FILE", "stage1 image in a file", flag_stage1_path, stage1),     \
	POD("stage1-from-dir", "FILE", "stage1 image of the installation",                  \
	    flag_stage1_from_dir, stage1),                                                  \
	POD("stage1-hash", "ID", "stage1 image by its ID", flag_stage1_hash, stage1),       \
	POD("stage1-url", "URL", "stage1 image to be fetched", flag_stage1_url, stage1)

/* Of one app: these follow its image. */
#define ROWS_APP                                                                            \
	APP("name", "NAME", "the app's name", flag_name, name),                             \
	APP("exec", "PATH", "program in place of the image's", flag_once, exec),            \
	APP("working-dir", "DIR", "working directory", flag_directory, working_directory),  \
	APP("readonly-rootfs", "BOOL", "mount the root file system read-only", flag_choice, \
	    read_only_rootfs),                                                              \
	APP("user", "USER", "user: a name, a number, or a path", flag_not_empty, user),     \
	APP("group", "GROUP", "group: a name, a number, or a path", flag_not_empty, group), \
	ROW("supplementary-gids", "GID,...", "further groups", NULL, OPTION_APP, flag_gids, \
	    app),                                                                           \
	PODS("mount", "volume=NAME,target=PATH", "where to mount a volume; before the "     \
	     "first image: in every app", flag_mount, app.mounts),                          \
	PODS("ulimit", "NAME=SOFT[:HARD]", "resource limit, as nofile=1024:4096; before "   \
	     "the first image: for every app", flag_ulimit, app.limits),                    \
	APPS("annotation", "NAME=VALUE", "annotate the app", flag_annotation, annotations), \
	APPS("user-annotation", "NAME=VALUE", "annotate the app, for people",               \
	     flag_user_pair, user_annotations),                                             \
	APPS("user-label", "NAME=VALUE", "label the app, for people", flag_user_pair,       \
	     user_labels),                                                                  \
	APPS("environment", "NAME=VALUE", "set a variable", flag_environment, environment), \
	APP("memory", "BYTES", "limit memory, as in 64Mi", flag_memory, isolators),         \
	APP("cpu", "CORES", "limit processor time, as in 500m", flag_cpu, isolators),       \
	APP("cpu-shares", "N", "relative processor time", flag_cpu_shares, isolators),      \
	APP("caps-retain", "CAP,...", "capabilities to keep", flag_caps_retain, isolators), \
	APP("caps-remove", "CAP,...", "capabilities to take away", flag_caps_remove,        \
	    isolators),                                                                     \
	OLD("cap-retain", "CAP,...", OPTION_APP, flag_caps_retain, app.isolators,           \
	    "--caps-retain"),                                                               \
	OLD("cap-remove", "CAP,...", OPTION_APP, flag_caps_remove, app.isolators,           \
	    "--caps-remove"),                                                               \
	APP("seccomp", "mode=MODE,CALL,...", "system calls to retain or remove",            \
	    flag_seccomp, isolators),                                                       \
	APP("oom-score-adj", "N", "how soon to be killed when memory is short",             \
	    flag_oom_score_adj, isolators),                                                 \
	APP("signature", "FILE", "the image's detached signature", flag_once, signature),   \
	UNSERVED("stdin", "MODE", NULL, OPTION_HIDDEN | OPTION_APP, ATTACH_UNSERVED),       \
	UNSERVED("stdout", "MODE", NULL, OPTION_HIDDEN | OPTION_APP, ATTACH_UNSERVED),      \
	UNSERVED("stderr", "MODE", NULL, OPTION_HIDDEN | OPTION_APP, ATTACH_UNSERVED)

#define ATTACH_UNSERVED "attaching to an app is not served yet"

const struct option_spec run_options[] = {
	ROWS_RUNNING,
	ROWS_PREPARING,
	ROWS_STAGE1,
	POD("uuid-file-save", "FILE", "write the pod's UUID to FILE", flag_file,
	    uuid_file_save),
	ROWS_APP,
	{0},
};

const struct option_spec prepare_options[] = {
	ROWS_PREPARING,
	ROWS_STAGE1,
	POD("quiet", NULL, "print nothing but the UUID", option_flag, quiet),
	ROWS_APP,
	{0},
};

const struct option_spec run_prepared_options[] = {
	ROWS_RUNNING,
	{0},
};
// clang-format on
