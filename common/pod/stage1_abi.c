/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pod/stage1_abi.h"

#include <string.h>

#include "common/boolean.h"
enum kind {
	KIND_FLAG, /* --name, --name=BOOL */
	KIND_TEXT, /* --name=VALUE */
};

/* One argument, in rkt's order: where its value lies, and the version it came in. */
struct row {
	const char *name;
	enum kind kind;
	size_t offset;
	int since;
};

#define RUN(field) offsetof(struct stage1_run, field)

static const struct row run_rows[] = {
	{"debug", KIND_FLAG, RUN(debug), 1},
	{"net", KIND_TEXT, RUN(net), 1},
	{"interactive", KIND_FLAG, RUN(interactive), 1},
	{"private-users", KIND_TEXT, RUN(private_users), 1},
	{"mds-token", KIND_TEXT, RUN(mds_token), 1},
	{"local-config", KIND_TEXT, RUN(local_config), 1},
	{"hostname", KIND_TEXT, RUN(hostname), 2},
	{"dns-conf-mode", KIND_TEXT, RUN(dns_conf_mode), 4},
	{"disable-capabilities-restriction", KIND_FLAG, RUN(disable_capabilities), 3},
	{"disable-paths", KIND_FLAG, RUN(disable_paths), 3},
	{"disable-seccomp", KIND_FLAG, RUN(disable_seccomp), 3},
	{"mutable", KIND_FLAG, RUN(mutable_pod), 1},
	{"ipc", KIND_TEXT, RUN(ipc), 6},
	{0},
};

static const struct row enter_rows[] = {
	{"pid", KIND_TEXT, offsetof(struct stage1_enter, pid), 1},
	{"appname", KIND_TEXT, offsetof(struct stage1_enter, app), 1},
	{0},
};

static const struct row gc_rows[] = {
	{"debug", KIND_FLAG, offsetof(struct stage1_gc, debug), 1},
	{"local-config", KIND_TEXT, offsetof(struct stage1_gc, local_config), 5},
	{0},
};

static const struct row stop_rows[] = {
	{"force", KIND_FLAG, offsetof(struct stage1_stop, force), 1},
	{0},
};

int stage1_version(const struct image_manifest *stage1, struct error *err)
{
	const char *text = image_manifest_annotation(stage1, STAGE1_ANNOTATION_VERSION);
	char *end;
	long version;

	if (!text)
		return STAGE1_VERSION_MIN;
	version = strtol(text, &end, 10);
	if (end == text || *end || version < STAGE1_VERSION_MIN ||
	    version > STAGE1_VERSION_MAX)
		return error_set(
			err, -ENOTSUP,
			"stage1 '%s' speaks interface version '%s', gantry %d to %d",
			stage1->name, text, STAGE1_VERSION_MIN, STAGE1_VERSION_MAX);
	return (int)version;
}

static void encode(const struct row *rows, const void *args, int version,
                   struct strv *argv, struct strv *dropped)
{
	for (const struct row *row = rows; row->name; row++) {
		const void *at = (const char *)args + row->offset;
		const char *text = row->kind == KIND_TEXT ? *(const char *const *)at
		                                          : NULL;

		if (!(row->kind == KIND_FLAG ? *(const bool *)at : text != NULL))
			continue;
		if (row->since > version) {
			if (dropped)
				strv_add_format(dropped, "--%s", row->name);
			continue;
		}
		if (text)
			strv_add_format(argv, "--%s=%s", row->name, text);
		else
			strv_add_format(argv, "--%s", row->name);
	}
}

void stage1_run_encode(const struct stage1_run *args, int version, struct strv *argv,
                       struct strv *dropped)
{
	encode(run_rows, args, version, argv, dropped);
	strv_add(argv, args->uuid);
}

void stage1_enter_encode(const struct stage1_enter *args, struct strv *argv)
{
	encode(enter_rows, args, STAGE1_VERSION_MAX, argv, NULL);
	strv_add(argv, "--");
	for (char **word = args->command; *word; word++)
		strv_add(argv, *word);
}

void stage1_gc_encode(const struct stage1_gc *args, int version, struct strv *argv)
{
	encode(gc_rows, args, version, argv, NULL);
	strv_add(argv, args->uuid);
}

void stage1_stop_encode(const struct stage1_stop *args, struct strv *argv)
{
	encode(stop_rows, args, STAGE1_VERSION_MAX, argv, NULL);
	strv_add(argv, args->uuid);
}

static const struct row *find(const struct row *rows, const char *name, size_t len)
{
	for (const struct row *row = rows; row->name; row++)
		if (strlen(row->name) == len && strncmp(row->name, name, len) == 0)
			return row;
	return NULL;
}

/* Reads the flags and leaves *ARGV at the first word that is none; "--" is passed over. */
static int decode(const struct row *rows, char ***argv, void *args, struct error *err)
{
	for (; **argv && strncmp(**argv, "--", 2) == 0; (*argv)++) {
		const char *name = **argv + 2;
		size_t len = strcspn(name, "=");
		const char *value = name[len] ? name + len + 1 : NULL;
		const struct row *row = find(rows, name, len);

		if (!*name) {
			(*argv)++;
			return 0;
		}
		if (!row)
			return error_set(err, -EINVAL, "unknown argument '%s'", **argv);
		if (row->kind == KIND_TEXT && !value)
			return error_set(err, -EINVAL, "argument '%s' needs a value",
			                 **argv);
		if (row->kind == KIND_TEXT)
			*(const char **)((char *)args + row->offset) = value;
		else if (boolean_parse(value ? value : "true",
		                       (bool *)((char *)args + row->offset), err) < 0)
			return error_wrap(err, "argument '%s'", **argv);
	}
	return 0;
}

static int decode_uuid(const struct row *rows, char **argv, void *args, const char **uuid,
                       struct error *err)
{
	if (decode(rows, &argv, args, err) < 0)
		return err->code;
	if (!argv[0] || argv[1])
		return error_set(err, -EINVAL, "exactly one UUID is needed");
	*uuid = argv[0];
	return 0;
}

int stage1_run_decode(char **argv, struct stage1_run *args, struct error *err)
{
	return decode_uuid(run_rows, argv, args, &args->uuid, err);
}

int stage1_gc_decode(char **argv, struct stage1_gc *args, struct error *err)
{
	return decode_uuid(gc_rows, argv, args, &args->uuid, err);
}

int stage1_stop_decode(char **argv, struct stage1_stop *args, struct error *err)
{
	return decode_uuid(stop_rows, argv, args, &args->uuid, err);
}

int stage1_enter_decode(char **argv, struct stage1_enter *args, struct error *err)
{
	if (decode(enter_rows, &argv, args, err) < 0)
		return err->code;
	if (!args->pid)
		return error_set(err, -EINVAL, "argument '--pid' is needed");
	if (!argv[0])
		return error_set(err, -EINVAL, "a command is needed");
	args->command = argv;
	return 0;
}
