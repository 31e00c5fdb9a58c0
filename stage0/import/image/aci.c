/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/aci.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "common/file.h"
#include "common/memory.h"
#include "stage0/import/image/digest.h"
#include "stage0/import/image/format.h"

enum { READ_SIZE = 128 << 10 };

/*
 * Two libarchive readers: OUTER takes the compression off and knows no format, INNER sees
 * the plain stream and knows only tar. Between them pass all bytes that the image ID covers.
 */
struct aci {
	int fd;
	int copy_fd;
	char *buffer;   /* what was read last */
	size_t head;    /* bytes in BUFFER that were read to tell the format */
	int64_t taken;  /* bytes of the archive read */
	bool taken_all; /* and there are no more */

	struct archive *outer;
	struct archive *inner;
	struct archive_entry *entry;
	int64_t entries;

	struct digest *digest;
	int64_t size;
	char id[sizeof("sha512-") + DIGEST_DIGITS];

	struct error
		failure; /* of a callback, which libarchive would put in other words */
};

/* The formats as libarchive calls them; none for a plain tar. */
static int (*const filters[])(struct archive *) = {
	[FORMAT_GZIP] = archive_read_support_filter_gzip,
	[FORMAT_BZIP2] = archive_read_support_filter_bzip2,
	[FORMAT_XZ] = archive_read_support_filter_xz,
	[FORMAT_ZSTD] = archive_read_support_filter_zstd,
};

/* What failed: in our words if it was ours, else in libarchive's. */
static int fail(struct aci *aci, struct archive *archive, const char *what,
                struct error *err)
{
	const char *text = archive_error_string(archive);

	if (aci->failure.code < 0)
		return error_set(err, aci->failure.code, "%s", aci->failure.text);
	return error_set(err, -EBADMSG, "%s: %s", what, text ? text : "unknown error");
}

static ssize_t take_bytes(struct aci *aci, char *to, size_t room)
{
	ssize_t n;

	do {
		n = read(aci->fd, to, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(&aci->failure, "cannot read");
	if (n > 0 && aci->copy_fd >= 0 &&
	    file_write(aci->copy_fd, to, (size_t)n, &aci->failure) < 0)
		return error_wrap(&aci->failure, "cannot keep a copy");
	aci->taken += n;
	aci->taken_all = n == 0;
	return n;
}

/* Reads what the format is told by. */
static int take_head(struct aci *aci, struct error *err)
{
	while (aci->head < FORMAT_HEAD && !aci->taken_all) {
		ssize_t n = take_bytes(aci, aci->buffer + aci->head,
		                       READ_SIZE - aci->head);

		if (n < 0) {
			*err = aci->failure;
			return err->code;
		}
		aci->head += (size_t)n;
	}
	return 0;
}

/* The archive's bytes, for OUTER. */
static la_ssize_t read_archive(struct archive *archive, void *data, const void **bytes)
{
	struct aci *aci = data;
	ssize_t n = (ssize_t)aci->head;

	(void)archive;
	aci->head = 0;
	*bytes = aci->buffer;
	if (n == 0)
		n = take_bytes(aci, aci->buffer, READ_SIZE);
	return n < 0 ? -1 : n;
}

/* Judges what came out of the compression so far. */
static int check_size(struct aci *aci)
{
	if (aci->size > ACI_SIZE_MAX)
		return error_set(&aci->failure, -EFBIG, "more than %lld GiB: refused",
		                 (long long)(ACI_SIZE_MAX >> 30));
	if (aci->size > ACI_RATIO_FLOOR && aci->size / ACI_RATIO_MAX > aci->taken)
		return error_set(&aci->failure, -EFBIG,
		                 "more than %d times larger than its archive: refused",
		                 ACI_RATIO_MAX);
	return 0;
}

/* The uncompressed bytes, for INNER. */
static la_ssize_t read_stream(struct archive *archive, void *data, const void **bytes)
{
	struct aci *aci = data;
	la_int64_t offset;
	size_t len = 0;
	int r;

	(void)archive;
	do {
		r = archive_read_data_block(aci->outer, bytes, &len, &offset);
	} while (r == ARCHIVE_OK && len == 0);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		(void)!fail(aci, aci->outer, "cannot inflate", &aci->failure);
		return -1;
	}
	digest_add(aci->digest, *bytes, len);
	aci->size += (int64_t)len;
	return check_size(aci) < 0 ? -1 : (la_ssize_t)len;
}

static int open_outer(struct aci *aci, enum format format, struct error *err)
{
	struct archive_entry *entry;

	aci->outer = archive_read_new();
	/* A warning here means that libarchive would start a program instead. */
	if (filters[format] && filters[format](aci->outer) != ARCHIVE_OK)
		return error_set(err, -ENOTSUP,
		                 "compressed in a way this build cannot read");
	archive_read_support_format_raw(aci->outer);
	if (archive_read_open(aci->outer, aci, NULL, read_archive, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(aci->outer, &entry) != ARCHIVE_OK)
		return fail(aci, aci->outer, "cannot inflate", err);
	if (archive_filter_count(aci->outer) > (filters[format] ? 2 : 1))
		return error_set(err, -EBADMSG, "compressed twice");
	return 0;
}

static int open_inner(struct aci *aci, struct error *err)
{
	aci->inner = archive_read_new();
	archive_read_support_format_tar(aci->inner);
	if (archive_read_open(aci->inner, aci, NULL, read_stream, NULL) != ARCHIVE_OK)
		return fail(aci, aci->inner, "not a tar archive", err);
	return 0;
}

int aci_prepare(struct error *err)
{
	/* Names are UTF-8, whatever the user's language: else libarchive finds them strange. */
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	if (!locale)
		return error_errno(err, "cannot have the locale 'C.UTF-8'");
	uselocale(locale);
	return digest_prepare(err);
}

int aci_open(struct aci **aci, int fd, int copy_fd, struct error *err)
{
	autoptr(aci) new = memory_zeroed(1, sizeof(*new));
	enum format format;

	new->fd = fd;
	new->copy_fd = copy_fd;
	new->buffer = memory_zeroed(READ_SIZE, 1);
	new->digest = digest_new();
	if (take_head(new, err) < 0 ||
	    format_tell(new->buffer, new->head, &format, err) < 0 ||
	    open_outer(new, format, err) < 0 || open_inner(new, err) < 0)
		return err->code;
	*aci = take(new);
	return 0;
}

void aci_free(struct aci *aci)
{
	if (!aci)
		return;
	archive_read_free(aci->inner);
	archive_read_free(aci->outer);
	digest_free(aci->digest);
	free(aci->buffer);
	free(aci);
}

/* After the last entry: the rest of the stream is hashed like all before, and the archive
 * must end with it. */
static int finish(struct aci *aci, struct error *err)
{
	const void *bytes;
	la_ssize_t n;

	while ((n = read_stream(aci->inner, aci, &bytes)) > 0)
		;
	if (n < 0)
		return fail(aci, aci->inner, "cannot read", err);
	if (archive_filter_bytes(aci->outer, -1) != aci->taken)
		return error_set(err, -EBADMSG,
		                 "data after the end of the compressed stream");
	while (!aci->taken_all) {
		n = take_bytes(aci, aci->buffer, READ_SIZE);
		if (n < 0)
			return fail(aci, aci->outer, "cannot read", err);
		if (n > 0)
			return error_set(err, -EBADMSG,
			                 "data after the end of the compressed stream");
	}
	memcpy(aci->id, "sha512-", sizeof("sha512-"));
	digest_end(aci->digest, aci->id + sizeof("sha512-") - 1);
	return ACI_END;
}

/* libarchive's types, and ours. */
static const struct {
	unsigned theirs;
	enum aci_type ours;
} types[] = {
	{AE_IFREG, ACI_FILE},         {AE_IFDIR, ACI_DIRECTORY},
	{AE_IFLNK, ACI_SYMLINK},      {AE_IFCHR, ACI_CHARACTER_DEVICE},
	{AE_IFBLK, ACI_BLOCK_DEVICE}, {AE_IFIFO, ACI_FIFO},
};

static int read_type(struct archive_entry *from, struct aci_entry *entry,
                     struct error *err)
{
	if (archive_entry_hardlink(from)) {
		entry->type = ACI_HARD_LINK;
		entry->target = archive_entry_hardlink(from);
		return 0;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (types[i].theirs != archive_entry_filetype(from))
			continue;
		entry->type = types[i].ours;
		if (entry->type == ACI_SYMLINK)
			entry->target = archive_entry_symlink(from);
		if (entry->type == ACI_SYMLINK && !entry->target)
			return error_set(err, -EBADMSG,
			                 "'%.200s': a link whose target is not UTF-8",
			                 entry->name);
		return 0;
	}
	return error_set(err, -EBADMSG, "'%.200s': of an unknown type", entry->name);
}

static int read_entry(struct archive_entry *from, struct aci_entry *entry,
                      struct error *err)
{
	int64_t uid = archive_entry_uid(from), gid = archive_entry_gid(from);
	int r;

	*entry = (struct aci_entry){.name = archive_entry_pathname(from)};
	if (!entry->name)
		return error_set(err, -EBADMSG, "an entry whose name is not UTF-8");
	r = read_type(from, entry, err);
	if (r < 0)
		return r;
	/* The last number means "no change" to chown(2). */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return error_set(err, -EBADMSG,
		                 "'%.200s': owner %lld:%lld is out of range", entry->name,
		                 (long long)uid, (long long)gid);
	entry->uid = (uid_t)uid;
	entry->gid = (gid_t)gid;
	entry->mode = archive_entry_perm(from);
	entry->size = archive_entry_size(from);
	entry->device = makedev((unsigned)archive_entry_rdevmajor(from),
	                        (unsigned)archive_entry_rdevminor(from));
	entry->times[1].tv_sec = archive_entry_mtime(from);
	entry->times[1].tv_nsec = archive_entry_mtime_nsec(from);
	entry->times[0] = entry->times[1];
	if (archive_entry_atime_is_set(from)) {
		entry->times[0].tv_sec = archive_entry_atime(from);
		entry->times[0].tv_nsec = archive_entry_atime_nsec(from);
	}
	if (entry->size < 0)
		return error_set(err, -EBADMSG, "'%.200s': its size is negative",
		                 entry->name);
	archive_entry_xattr_reset(from);
	return 0;
}

int aci_next(struct aci *aci, struct aci_entry *entry, struct error *err)
{
	int r = archive_read_next_header(aci->inner, &aci->entry);

	if (r == ARCHIVE_EOF)
		return finish(aci, err);
	if (r != ARCHIVE_OK) {
		const char *name = r == ARCHIVE_FATAL
		                           ? NULL
		                           : archive_entry_pathname(aci->entry);

		r = fail(aci, aci->inner, "cannot read an entry", err);
		return name ? error_wrap(err, "'%.200s'", name) : r;
	}
	if (++aci->entries > ACI_ENTRIES_MAX)
		return error_set(err, -EFBIG, "more than %d entries: refused",
		                 ACI_ENTRIES_MAX);
	return read_entry(aci->entry, entry, err);
}

int aci_read(struct aci *aci, const void **data, size_t *len, int64_t *offset,
             struct error *err)
{
	la_int64_t at = 0;
	int r = archive_read_data_block(aci->inner, data, len, &at);

	*offset = at;
	if (r == ARCHIVE_EOF)
		return ACI_END;
	if (r != ARCHIVE_OK)
		return fail(aci, aci->inner, "cannot read", err);
	return ACI_ENTRY;
}

bool aci_next_xattr(struct aci *aci, const char **name, const void **value, size_t *len)
{
	return archive_entry_xattr_next(aci->entry, name, value, len) == ARCHIVE_OK;
}

int64_t aci_size(const struct aci *aci)
{
	return aci->size;
}

const char *aci_digest(const struct aci *aci)
{
	return aci->id;
}
