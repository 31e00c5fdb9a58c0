/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/remote.h"

#include <ctype.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/inner.h"

/* As in the index of names: longer names go on in a directory below, marked with '+', which
 * no encoded URL has. */
enum { PIECE_LENGTH = 200, PLACE_MAX = 3000, RECORD_MAX = 64 << 10 };

#define TOP     "cas/remote"
#define RECORD  "record"
#define PARTIAL "partial"
#define INFO    "partial.info"

struct remote {
	struct store *store;
	char *place; /* relative to the data directory */
	int fd;
};

static const struct field record_fields[] = {
	{"url", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct remote_record, url)},
	{"etag", FIELD_TEXT, 0, offsetof(struct remote_record, etag)},
	{"lastModified", FIELD_TEXT, 0, offsetof(struct remote_record, last_modified)},
	{"maxAge", FIELD_INT, FIELD_KEEP, offsetof(struct remote_record, max_age)},
	{"asked", FIELD_INT, FIELD_KEEP, offsetof(struct remote_record, asked)},
	{"written", FIELD_INT, FIELD_KEEP, offsetof(struct remote_record, written)},
	{"image", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct remote_record, image),
         name_check_image_id},
	{"signature", FIELD_TEXT, 0, offsetof(struct remote_record, signature)},
	{"signedBy", FIELD_TEXT, 0, offsetof(struct remote_record, signed_by)},
	{NULL},
};

static const struct schema record_schema = {
	.size = sizeof(struct remote_record),
	.fields = record_fields,
};

static const struct field partial_fields[] = {
	{"etag", FIELD_TEXT, 0, offsetof(struct remote_partial, etag)},
	{"lastModified", FIELD_TEXT, 0, offsetof(struct remote_partial, last_modified)},
	{"total", FIELD_INT, FIELD_KEEP, offsetof(struct remote_partial, total), NULL,
         NULL, -1, INT64_MAX},
	{"synced", FIELD_INT, FIELD_KEEP, offsetof(struct remote_partial, synced), NULL,
         NULL, 0, INT64_MAX},
	{"boot", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct remote_partial, boot)},
	{NULL},
};

static const struct schema partial_schema = {
	.size = sizeof(struct remote_partial),
	.fields = partial_fields,
};

void remote_record_clear(struct remote_record *record)
{
	schema_clear(&record_schema, record);
}

void remote_partial_clear(struct remote_partial *partial)
{
	schema_clear(&partial_schema, partial);
}

/* The directory of URL: no byte of it means anything to a file system. */
static char *place_of(const char *url)
{
	autoclear(buf) name = {0}, path = {0};

	for (const char *c = url; *c; c++)
		if (isalnum((unsigned char)*c) || strchr("-._~", *c))
			buf_char(&name, *c);
		else
			buf_format(&name, "%%%02X", (unsigned char)*c);
	buf_text(&path, TOP "/");
	for (size_t i = 0; i < name.len; i++) {
		if (i && i % PIECE_LENGTH == 0)
			buf_text(&path, "/+");
		buf_char(&path, name.data[i]);
	}
	return buf_take(&path);
}

/* Makes and opens it; who sweeps may remove it in between. */
static int open_place(struct remote *remote, struct error *err)
{
	int data_fd = remote->store->data_fd;
	int fd, r;

	do {
		r = path_make_dirs(data_fd, remote->place, 0700, err);
		fd = r < 0 ? r : path_open_dir(data_fd, remote->place, err);
	} while (fd == -ENOENT);
	if (fd < 0)
		return fd;
	if (remote->fd >= 0)
		close(remote->fd);
	remote->fd = fd;
	return 0;
}

int remote_open(struct store *store, const char *url, struct remote **remote,
                struct error *err)
{
	autoptr(remote) new = memory_zeroed(1, sizeof(*new));

	new->store = store;
	new->fd = -1;
	new->place = place_of(url);
	if (strlen(new->place) > PLACE_MAX)
		return error_set(err, -ENAMETOOLONG, "the URL is too long");
	if (open_place(new, err) < 0)
		return error_wrap(err, "image store");
	*remote = take(new);
	return 0;
}

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	if (remote->fd >= 0)
		close(remote->fd);
	free(remote->place);
	free(remote);
}

/* Whether the directory, locked now, was removed before; then another one is open. */
static int was_swept(struct remote *remote, struct error *err)
{
	struct stat st;

	if (fstat(remote->fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", remote->place);
	if (st.st_nlink > 0)
		return false;
	return open_place(remote, err) < 0 ? err->code : true;
}

static int lock(struct remote *remote, bool wait, struct error *err)
{
	int r, swept = 0;

	do {
		r = wait ? lock_wait(remote->fd, LOCK_EXCLUSIVE, err)
		         : lock_try(remote->fd, LOCK_EXCLUSIVE, err);
		if (r == LOCK_TAKEN)
			swept = was_swept(remote, err);
	} while (r == LOCK_TAKEN && swept > 0);
	return r == LOCK_TAKEN && swept < 0 ? swept : r;
}

int remote_try_lock(struct remote *remote, struct error *err)
{
	return lock(remote, false, err);
}

int remote_wait_lock(struct remote *remote, struct error *err)
{
	return lock(remote, true, err);
}

int remote_read(struct remote *remote, struct remote_record *record, struct image_id *id,
                struct error *err)
{
	autoclear(buf) text = {0};
	struct error unusable;
	struct stat st;
	int r = file_read_at(remote->fd, RECORD, RECORD_MAX, &text, err);

	if (r == -ENOENT)
		return STORE_MISSING;
	if (r < 0)
		return error_wrap(err, "image store");
	/* One that cannot be read is as good as none: it is written anew. */
	if (schema_decode(&record_schema, buf_string(&text), text.len, record,
	                  &unusable) < 0)
		return STORE_MISSING;
	if (image_id_parse(record->image, id, &unusable) < 0 ||
	    path_stat(remote->store->images_fd, id->text, &st, &unusable) < 0) {
		remote_record_clear(record);
		return STORE_MISSING;
	}
	return STORE_OK;
}

int remote_write(struct remote *remote, const struct remote_record *record,
                 struct error *err)
{
	struct remote_record now = *record;
	autoclear(buf) text = {0};
	int r;

	now.written = (int64_t)time(NULL);
	schema_encode(&record_schema, &now, SCHEMA_COMPACT, &text);
	buf_char(&text, '\n');
	do
		r = file_replace_at(remote->fd, RECORD, 0600, buf_string(&text), err);
	/* Who sweeps may come in between where nothing is locked. */
	while (r == -ENOENT && open_place(remote, err) >= 0);
	return r < 0 ? err->code : 0;
}

static int write_info(struct remote *remote, const struct remote_partial *partial,
                      struct error *err)
{
	autoclear(buf) text = {0};

	schema_encode(&partial_schema, partial, SCHEMA_COMPACT, &text);
	buf_char(&text, '\n');
	return file_replace_at(remote->fd, INFO, 0600, buf_string(&text), err);
}

/* Tells one start of the machine from another. */
static int read_boot(char **boot, struct error *err)
{
	autoclear(buf) text = {0};
	autoclose int fd = path_open(AT_FDCWD, "/proc/sys/kernel/random/boot_id",
	                             PATH_HOST, O_RDONLY, err);

	if (fd < 0 || file_read(fd, 256, &text, err) < 0)
		return err->code;
	*boot = memory_bytes(buf_string(&text), strcspn(buf_string(&text), "\n"));
	return 0;
}

static int read_info(struct remote *remote, struct remote_partial *partial,
                     struct error *err)
{
	autoclear(buf) text = {0};
	struct error unusable;
	int r = file_read_at(remote->fd, INFO, RECORD_MAX, &text, err);

	if (r == -ENOENT)
		return STORE_MISSING;
	if (r < 0)
		return r;
	r = schema_decode(&partial_schema, buf_string(&text), text.len, partial,
	                  &unusable);
	return r < 0 ? STORE_MISSING : STORE_OK;
}

/* How many of the bytes of FD are what was received; what is beyond them is cut off. */
static int keep_received(struct remote_partial *partial, int fd, int64_t *have,
                         struct error *err)
{
	autofree char *boot = NULL;
	struct stat st;

	if (read_boot(&boot, err) < 0)
		return err->code;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at '" PARTIAL "'");
	*have = st.st_size;
	if (strcmp(boot, partial->boot) != 0 && *have > partial->synced)
		*have = partial->synced;
	if (partial->total >= 0 && *have > partial->total)
		*have = 0;
	if (*have < st.st_size && ftruncate(fd, *have) < 0)
		return error_errno(err, "cannot shorten '" PARTIAL "'");
	free(partial->boot);
	partial->boot = take(boot);
	return 0;
}

static int resume(struct remote *remote, struct remote_partial *partial, int *fd,
                  int64_t *have, struct error *err)
{
	autoclose int opened = -1;
	int r = read_info(remote, partial, err);

	if (r != STORE_OK)
		return r;
	opened = path_open(remote->fd, PARTIAL, PATH_OURS, O_RDWR | O_NOFOLLOW, err);
	if (opened == -ENOENT)
		return STORE_MISSING;
	if (opened < 0 || keep_received(partial, opened, have, err) < 0)
		return err->code;
	if (*have == 0)
		return STORE_MISSING;
	*fd = take_fd(opened);
	return STORE_OK;
}

int remote_resume(struct remote *remote, struct remote_partial *partial, int *fd,
                  int64_t *have, struct error *err)
{
	int r = resume(remote, partial, fd, have, err);

	if (r != STORE_OK)
		remote_partial_clear(partial);
	return r < 0 ? error_wrap(err, "image store") : r;
}

int remote_drop(struct remote *remote, struct error *err)
{
	int r = path_remove(remote->fd, PARTIAL, err);

	if (r >= 0 || r == -ENOENT)
		r = path_remove(remote->fd, INFO, err);
	return r == -ENOENT ? 0 : r;
}

static int begin(struct remote *remote, const struct remote_partial *partial, int *fd,
                 struct error *err)
{
	struct remote_partial first = *partial;
	autofree char *boot = NULL;
	struct error ignored;
	struct stat st;
	bool was_one = path_stat(remote->fd, PARTIAL, &st, &ignored) >= 0;
	int r = remote_drop(remote, err);

	if (r >= 0)
		r = read_boot(&boot, err);
	first.boot = boot;
	first.synced = 0;
	if (r >= 0)
		r = write_info(remote, &first, err);
	/* So that after a reboot the old partial.info does not stand beside new bytes. */
	if (r >= 0 && was_one && fsync(remote->fd) < 0)
		r = error_errno(err, "cannot write to the disk");
	if (r >= 0)
		r = *fd = path_create_readable(remote->fd, PARTIAL, 0644, err);
	return r < 0 ? r : 0;
}

int remote_begin(struct remote *remote, const struct remote_partial *partial, int *fd,
                 struct error *err)
{
	int r = begin(remote, partial, fd, err);

	return r < 0 ? error_wrap(err, "image store") : r;
}

int remote_sync(struct remote *remote, struct remote_partial *partial, int fd,
                int64_t size, struct error *err)
{
	int r;

	if (fdatasync(fd) < 0)
		return error_errno(err, "cannot write to the disk");
	r = 0;
	if (!partial->boot)
		r = read_boot(&partial->boot, err);
	partial->synced = size;
	if (r >= 0)
		r = write_info(remote, partial, err);
	return r < 0 ? error_wrap(err, "image store") : 0;
}

int remote_take(struct remote *remote, int to_fd, const char *name, struct error *err)
{
	int r = path_rename(remote->fd, PARTIAL, to_fd, name, err);

	if (r >= 0)
		r = path_remove(remote->fd, INFO, err);
	return r < 0 && r != -ENOENT ? error_wrap(err, "image store") : 0;
}

/* Whether the record in the directory FD says nothing any more. */
static bool is_stale_record(struct store *store, int fd)
{
	struct remote here = {.store = store, .fd = fd};
	autoclear(remote_record) record = {0};
	struct image_id id;
	struct error err;

	return remote_read(&here, &record, &id, &err) == STORE_MISSING;
}

static bool is_old(int fd, const char *name, int64_t before)
{
	struct error err;
	struct stat st;
	int r = path_stat(fd, name, &st, &err);

	return r == -ENOENT || (r >= 0 && st.st_mtim.tv_sec < before);
}

/* Whether the directory FD is locked now, and is still the one of its name. */
static int take_place(int fd, struct error *err)
{
	int r = lock_try(fd, LOCK_EXCLUSIVE, err);
	struct stat st;

	if (r != LOCK_TAKEN)
		return r < 0 ? r : false;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at what is known of a URL");
	return st.st_nlink > 0;
}

/* Removes what is worth nothing in the directory FD, which is locked. */
static int sweep_place(struct store *store, int fd, int64_t before, struct error *err)
{
	struct remote here = {.fd = fd};
	autoclear(strv) names = {0};
	int r = 0;

	if (is_old(fd, PARTIAL, before) && is_old(fd, INFO, before))
		r = remote_drop(&here, err);
	if (r >= 0 && is_stale_record(store, fd))
		r = path_remove(fd, RECORD, err);
	if (r >= 0 || r == -ENOENT)
		r = path_list(fd, ".", &names, err);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (strncmp(names.items[i], RECORD ".", strlen(RECORD ".")) == 0 ||
		    strncmp(names.items[i], INFO ".", strlen(INFO ".")) == 0)
			r = path_remove(fd, names.items[i], err);
	return r;
}

/* Below PATH, and then that itself if nothing remains in it and nobody is at work there. */
static int sweep(struct store *store, const char *path, int64_t before, struct error *err)
{
	autoclear(strv) names = {0};
	autoclose int fd = path_open_dir(store->data_fd, path, err);
	int r = fd < 0 ? fd : path_list(fd, ".", &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (names.items[i][0] == '+') {
			autofree char *below = memory_format("%s/%s", path,
			                                     names.items[i]);

			r = sweep(store, below, before, err);
		}
	if (r >= 0)
		r = take_place(fd, err);
	if (r > 0)
		r = sweep_place(store, fd, before, err) < 0
		            ? err->code
		            : path_remove_dir(store->data_fd, path, err);
	return r == -ENOENT || r == -ENOTEMPTY ? 0 : r;
}

int remote_sweep(struct store *store, int64_t grace, struct error *err)
{
	int64_t before = (int64_t)time(NULL) - grace;
	autoclear(strv) names = {0};
	int r = path_list(store->data_fd, TOP, &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		autofree char *path = memory_format(TOP "/%s", names.items[i]);

		r = sweep(store, path, before, err);
	}
	return r < 0 && r != -ENOENT ? error_wrap(err, "image store") : 0;
}
