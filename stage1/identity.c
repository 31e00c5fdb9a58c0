/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/identity.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"

/* The image controls these files: a megabyte, and so many lines, is enough for honest ones. */
enum { DATABASE_MAX = 1 << 20, LINES_MAX = 10000, FIELDS_MAX = 7 };

/* What tells a user from a group. */
struct kind {
	const char *what;     /* "user" */
	const char *database; /* relative to the root */
	size_t fields;        /* of a line, at least */
};

static const struct kind user_kind = {"user", "etc/passwd", 7};
static const struct kind group_kind = {"group", "etc/group", 3};

static int parse_number(const struct kind *kind, const char *text, uint32_t *id,
                        struct error *err)
{
	uint64_t value = 0;

	for (const char *p = text; *p && value <= UINT32_MAX; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	/* The last number means "no change" to the kernel. */
	if (value >= UINT32_MAX)
		return error_set(err, -ERANGE, "%s '%s' is larger than 4294967294",
		                 kind->what, text);
	*id = (uint32_t)value;
	return 0;
}

static int read_database(int root_fd, const struct kind *kind, struct buf *text,
                         struct error *err)
{
	autoclose int fd = path_open(root_fd, kind->database, PATH_IMAGE,
	                             O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	struct stat st;

	if (fd < 0)
		return err->code;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "'/%s' of the image is not a regular file",
		                 kind->database);
	if (file_read(fd, DATABASE_MAX, text, err) < 0)
		return error_wrap(err, "'/%s' of the image", kind->database);
	return 0;
}

/* Splits LINE in place; returns how many fields it has, at most FIELDS_MAX. */
static size_t split_line(char *line, char *fields[FIELDS_MAX])
{
	size_t count = 0;
	char *field;

	while (count < FIELDS_MAX && (field = strsep(&line, ":")))
		fields[count++] = field;
	return count;
}

static int find_name(int root_fd, const struct kind *kind, const char *name, uint32_t *id,
                     struct identity *identity, struct error *err)
{
	autoclear(buf) text = {0};
	char *rest, *line, *fields[FIELDS_MAX];

	if (read_database(root_fd, kind, &text, err) < 0 && err->code != -ENOENT)
		return err->code;
	rest = text.data;
	for (int n = 0; n < LINES_MAX && (line = strsep(&rest, "\n")); n++) {
		if (split_line(line, fields) < kind->fields ||
		    strcmp(fields[0], name) != 0)
			continue;
		if (!*fields[2] || strspn(fields[2], "0123456789") != strlen(fields[2]))
			return error_set(err, -EBADMSG, "%s '%s' has no number in '/%s'",
			                 kind->what, name, kind->database);
		if (kind == &user_kind) {
			identity->name = memory_text(name);
			identity->home = memory_text(fields[5]);
			identity->shell = memory_text(fields[6]);
		}
		return parse_number(kind, fields[2], id, err);
	}
	if (strcmp(name, "root") == 0)
		return 0;
	return error_set(err, -ENOENT, "%s '%s' is not in '/%s' of the image", kind->what,
	                 name, kind->database);
}

static int find_owner(int root_fd, const struct kind *kind, const char *path,
                      uint32_t *id, struct error *err)
{
	autoclose int fd = path_open(root_fd, path, PATH_IMAGE, O_PATH | O_NOFOLLOW, err);
	struct stat st;

	if (fd < 0)
		return error_wrap(err, "%s '%s'", kind->what, path);
	if (fstat(fd, &st) < 0)
		return error_errno(err, "%s '%s'", kind->what, path);
	*id = kind == &user_kind ? st.st_uid : st.st_gid;
	return 0;
}

static int resolve(int root_fd, const struct kind *kind, const char *text, uint32_t *id,
                   struct identity *identity, struct error *err)
{
	*id = 0;
	if (!*text)
		return error_set(err, -EINVAL, "the %s is empty", kind->what);
	if (strspn(text, "0123456789") == strlen(text))
		return parse_number(kind, text, id, err);
	if (*text == '/')
		return find_owner(root_fd, kind, text, id, err);
	return find_name(root_fd, kind, text, id, identity, err);
}

int identity_resolve(int root_fd, const char *user, const char *group,
                     struct identity *identity, struct error *err)
{
	uint32_t uid, gid;

	if (resolve(root_fd, &user_kind, user, &uid, identity, err) < 0 ||
	    resolve(root_fd, &group_kind, group, &gid, identity, err) < 0)
		return err->code;
	identity->uid = uid;
	identity->gid = gid;
	return 0;
}

void identity_clear(struct identity *identity)
{
	free(identity->name);
	free(identity->home);
	free(identity->shell);
	*identity = (struct identity){0};
}
