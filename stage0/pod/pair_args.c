/* SPDX-License-Identifier: Apache-2.0 */
/* Options that say NAME=VALUE: variables, annotations, labels. */
#include <fcntl.h>
#include <string.h>

#include "common/appc/pod_manifest.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/pod/app_flags.h"

enum { ENVIRONMENT_FILE_MAX = 1 << 20 };

struct pairs {
	struct name_value *items;
	size_t count;
};

static const char *check_not_empty(const char *text)
{
	return *text ? NULL : "must not be empty";
}

static int add_pair(void *value, const char *arg, field_check *check, struct error *err)
{
	struct pairs *pairs = value;
	const char *equals = strchr(arg, '=');
	autofree char *name = NULL;
	struct name_value *pair;
	const char *wrong;

	if (!equals)
		return error_set(err, -EINVAL, "must be NAME=VALUE");
	name = memory_bytes(arg, (size_t)(equals - arg));
	wrong = check(name);
	if (wrong)
		return error_set(err, -EINVAL, "name '%s' %s", name, wrong);
	wrong = schema_check_text(arg);
	if (wrong)
		return error_set(err, -EINVAL, "%s", wrong);
	for (size_t i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->items[i].name, name))
			return error_set(err, -EEXIST, "'%s' has been set already", name);
	pair = list_add(pairs);
	pair->name = take(name);
	pair->value = memory_text(equals + 1);
	return 0;
}

int flag_environment(void *value, const char *arg, struct error *err)
{
	return add_pair(value, arg, name_check_environment, err);
}

int flag_annotation(void *value, const char *arg, struct error *err)
{
	struct pairs *pairs = value;

	if (add_pair(value, arg, name_check_identifier, err) < 0)
		return err->code;
	/* Some names have a type. */
	return pod_app_annotation_schema.check(&pairs->items[pairs->count - 1], err);
}

int flag_user_pair(void *value, const char *arg, struct error *err)
{
	return add_pair(value, arg, check_not_empty, err);
}

static bool says_nothing(const char *line)
{
	return *line == '#' || *line == ';' || !line[strspn(line, " \t\r")];
}

int flag_environment_file(void *value, const char *arg, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, arg, PATH_HOST, O_RDONLY | O_NOCTTY, err);
	autoclear(buf) text = {0};
	autoclear(strv) lines = {0};

	if (fd < 0)
		return err->code;
	if (file_read(fd, ENVIRONMENT_FILE_MAX, &text, err) < 0)
		return error_wrap(err, "'%s'", arg);
	if (strlen(buf_string(&text)) != text.len)
		return error_set(err, -EINVAL, "'%s': must be text without NUL", arg);
	strv_split(&lines, buf_string(&text), '\n');
	for (size_t i = 0; i < lines.count; i++) {
		if (says_nothing(lines.items[i]))
			continue;
		if (flag_environment(value, lines.items[i], err) < 0)
			return error_wrap(err, "'%s' line %zu", arg, i + 1);
	}
	return 0;
}
