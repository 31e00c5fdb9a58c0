/* SPDX-License-Identifier: Apache-2.0 */
#include "common/exec_spec.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"

enum kind { KIND_ID, KIND_FD, KIND_HEX, KIND_FLAG, KIND_TEXT, KIND_LIST };

/* One record: its name, what it holds, and where that lies in the spec. */
struct row {
	const char *name;
	enum kind kind;
	size_t offset;
};

static const struct row rows[] = {
	{"limits", KIND_LIST, offsetof(struct exec_spec, limits)},
	{"uid", KIND_ID, offsetof(struct exec_spec, uid)},
	{"gid", KIND_ID, offsetof(struct exec_spec, gid)},
	{"groups", KIND_LIST, offsetof(struct exec_spec, groups)},
	{"keep-caps", KIND_FLAG, offsetof(struct exec_spec, keep_caps)},
	{"caps", KIND_HEX, offsetof(struct exec_spec, capabilities)},
	{"no-new-privs", KIND_FLAG, offsetof(struct exec_spec, no_new_privs)},
	{"dir", KIND_TEXT, offsetof(struct exec_spec, directory)},
	{"filter", KIND_FD, offsetof(struct exec_spec, filter_fd)},
	{"keep", KIND_FD, offsetof(struct exec_spec, keep_fd)},
	{"report", KIND_FD, offsetof(struct exec_spec, report_fd)},
	{"app", KIND_FD, offsetof(struct exec_spec, app)},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(*rows) };

static void encode_list(const char *name, const struct strv *list, struct strv *argv)
{
	struct buf text = {0};

	if (list->count == 0)
		return;
	buf_format(&text, "%s=", name);
	for (size_t i = 0; i < list->count; i++)
		buf_format(&text, "%s%s", i ? "," : "", list->items[i]);
	strv_take(argv, buf_take(&text));
}

void exec_spec_encode(const struct exec_spec *spec, struct strv *argv)
{
	strv_add(argv, "stage2");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *row = &rows[i];
		const void *at = (const char *)spec + row->offset;
		const char *text = row->kind == KIND_TEXT ? *(const char *const *)at
		                                          : NULL;

		if (row->kind == KIND_ID)
			strv_add_format(argv, "%s=%u", row->name, *(const unsigned *)at);
		else if (row->kind == KIND_FD && *(const int *)at >= 0)
			strv_add_format(argv, "%s=%d", row->name, *(const int *)at);
		else if (row->kind == KIND_HEX)
			strv_add_format(argv, "%s=%llx", row->name,
			                *(const unsigned long long *)at);
		else if (row->kind == KIND_FLAG && *(const bool *)at)
			strv_add(argv, row->name);
		else if (row->kind == KIND_LIST)
			encode_list(row->name, at, argv);
		else if (text)
			strv_add_format(argv, "%s=%s", row->name, text);
	}
	strv_add(argv, "--");
	for (char *const *arg = spec->argv; *arg; arg++)
		strv_add(argv, *arg);
}

static int decode_row(const struct row *row, char *value, struct exec_spec *spec,
                      struct error *err)
{
	void *at = (char *)spec + row->offset;
	char *end = value;

	switch (row->kind) {
	case KIND_ID:
	case KIND_FD:
		*(unsigned *)at = (unsigned)strtoul(value, &end, 10);
		break;
	case KIND_HEX:
		*(uint64_t *)at = strtoull(value, &end, 16);
		break;
	case KIND_FLAG:
		*(bool *)at = true;
		return 0;
	case KIND_TEXT:
		*(const char **)at = value;
		return 0;
	case KIND_LIST:
		if (*value)
			strv_split(at, value, ',');
		return 0;
	}
	if (end == value || *end)
		return error_set(err, -EINVAL, "'%s=%s' is not a number", row->name,
		                 value);
	return 0;
}

int exec_spec_decode(char **argv, struct exec_spec *spec, struct error *err)
{
	spec->filter_fd = -1;
	spec->keep_fd = -1;
	spec->report_fd = -1;
	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		size_t len = strcspn(*argv, "=");
		const struct row *row = NULL;

		for (size_t i = 0; i < ROW_COUNT; i++)
			if (strlen(rows[i].name) == len &&
			    strncmp(rows[i].name, *argv, len) == 0)
				row = &rows[i];
		if (!row || (!(*argv)[len] && row->kind != KIND_FLAG))
			return error_set(err, -EINVAL, "unknown record '%s'", *argv);
		if (decode_row(row, *argv + len + 1, spec, err) < 0)
			return err->code;
	}
	if (!*argv || !argv[1])
		return error_set(err, -EINVAL, "nothing to execute");
	spec->argv = argv + 1;
	return 0;
}

void exec_spec_clear(struct exec_spec *spec)
{
	strv_clear(&spec->limits);
	strv_clear(&spec->groups);
	*spec = (struct exec_spec){0};
}
