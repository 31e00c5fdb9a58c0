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
#include "stage0/import/image/gzip_sum.h"
#include "stage0/import/image/tar_reader.h"

enum { READ_SIZE = 128 << 10 };

/*
 * Two libarchive readers: OUTER takes the compression off and knows no format, INNER sees
 * the plain stream and knows only tar. Between them pass all bytes that the image ID covers,
 * and a reader of our own sees them too: names, types and sizes are its, and INNER must agree.
 */
struct aci {
	int fd;
	int copy_fd;
	char *buffer;   /* what was read last */
	size_t begun;   /* bytes in BUFFER that were read to tell the format */
	int64_t taken;  /* bytes of the archive read */
	bool taken_all; /* and there are no more */

	enum format format;
	struct gzip_sum sum;
	struct archive *outer;
	struct archive *inner;
	struct archive_entry *entry;
	struct tar_reader *reader; /* what we make of the stream ourselves */
	struct tar_head head;
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
	return error_set(err, -EBADMSG, "%s: %s", what,
	                 text ? text : "damaged or cut short");
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
	gzip_sum_in(&aci->sum, to, (size_t)n);
	aci->taken += n;
	aci->taken_all = n == 0;
	return n;
}

/* Reads what the format is told by. */
static int take_head(struct aci *aci, struct error *err)
{
	while (aci->begun < FORMAT_HEAD && !aci->taken_all) {
		ssize_t n = take_bytes(aci, aci->buffer + aci->begun,
		                       READ_SIZE - aci->begun);

		if (n < 0) {
			*err = aci->failure;
			return err->code;
		}
		aci->begun += (size_t)n;
	}
	return 0;
}

/* The archive's bytes, for OUTER. */
static la_ssize_t read_archive(struct archive *archive, void *data, const void **bytes)
{
	struct aci *aci = data;
	ssize_t n = (ssize_t)aci->begun;

	(void)archive;
	aci->begun = 0;
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
		struct error err;

		(void)!fail(aci, aci->outer, "cannot inflate", &err);
		aci->failure = err;
		return -1;
	}
	digest_add(aci->digest, *bytes, len);
	if (aci->format == FORMAT_GZIP)
		gzip_sum_out(&aci->sum, *bytes, len);
	aci->size += (int64_t)len;
	if (check_size(aci) < 0 ||
	    tar_reader_add(aci->reader, *bytes, len, &aci->failure) < 0)
		return -1;
	return (la_ssize_t)len;
}

static int open_outer(struct aci *aci, struct error *err)
{
	int (*filter)(struct archive *) = filters[aci->format];
	struct archive_entry *entry;

	aci->outer = archive_read_new();
	/* A warning here means that libarchive would start a program instead. */
	if (filter && filter(aci->outer) != ARCHIVE_OK)
		return error_set(err, -ENOTSUP,
		                 "compressed in a way this build cannot read");
	archive_read_support_format_raw(aci->outer);
	if (archive_read_open(aci->outer, aci, NULL, read_archive, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(aci->outer, &entry) != ARCHIVE_OK)
		return fail(aci, aci->outer, "cannot inflate", err);
	if (archive_filter_count(aci->outer) > (filter ? 2 : 1))
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

	new->fd = fd;
	new->copy_fd = copy_fd;
	new->buffer = memory_zeroed(READ_SIZE, 1);
	new->digest = digest_new();
	new->reader = tar_reader_new();
	if (take_head(new, err) < 0 ||
	    format_tell(new->buffer, new->begun, &new->format, err) < 0 ||
	    open_outer(new, err) < 0 || open_inner(new, err) < 0)
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
	tar_reader_free(aci->reader);
	tar_head_clear(&aci->head);
	digest_free(aci->digest);
	free(aci->buffer);
	free(aci);
}

static int disagree(struct error *err)
{
	return error_set(err, -EBADMSG, "an archive that can be read in two ways");
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
	if (tar_reader_end(aci->reader, err) < 0)
		return err->code;
	if (tar_reader_next(aci->reader, &aci->head))
		return disagree(err);
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
	if (aci->format == FORMAT_GZIP && gzip_sum_check(&aci->sum, err) < 0)
		return err->code;
	memcpy(aci->id, "sha512-", sizeof("sha512-"));
	digest_end(aci->digest, aci->id + sizeof("sha512-") - 1);
	return ACI_END;
}

/* The types as POSIX has them, as libarchive, and ours. */
static const struct {
	char posix;
	unsigned theirs;
	enum aci_type ours;
} types[] = {
	{'0', AE_IFREG, ACI_FILE},         {'1', 0, ACI_HARD_LINK},
	{'2', AE_IFLNK, ACI_SYMLINK},      {'3', AE_IFCHR, ACI_CHARACTER_DEVICE},
	{'4', AE_IFBLK, ACI_BLOCK_DEVICE}, {'5', AE_IFDIR, ACI_DIRECTORY},
	{'6', AE_IFIFO, ACI_FIFO},
};

/* What the two readers must agree about. */
static int read_head(struct aci *aci, struct aci_entry *entry, struct error *err)
{
	struct tar_head *head = &aci->head;
	size_t i = 0;

	tar_head_clear(head);
	if (!tar_reader_next(aci->reader, head))
		return disagree(err);
	while (types[i].posix != head->type)
		i++;
	if (!archive_entry_hardlink(aci->entry) != (head->type != '1') ||
	    (types[i].theirs && types[i].theirs != archive_entry_filetype(aci->entry)) ||
	    archive_entry_size(aci->entry) != head->size)
		return disagree(err);
	*entry = (struct aci_entry){
		.type = types[i].ours,
		.name = head->name,
		.target = head->target,
		.size = head->size,
	};
	return 0;
}

static int read_entry(struct aci *aci, struct aci_entry *entry, struct error *err)
{
	struct archive_entry *from = aci->entry;
	int64_t uid = archive_entry_uid(from), gid = archive_entry_gid(from);
	int r = read_head(aci, entry, err);

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
	entry->device = makedev((unsigned)archive_entry_rdevmajor(from),
	                        (unsigned)archive_entry_rdevminor(from));
	entry->times[1].tv_sec = archive_entry_mtime(from);
	entry->times[1].tv_nsec = archive_entry_mtime_nsec(from);
	entry->times[0] = entry->times[1];
	if (archive_entry_atime_is_set(from)) {
		entry->times[0].tv_sec = archive_entry_atime(from);
		entry->times[0].tv_nsec = archive_entry_atime_nsec(from);
	}
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
	return read_entry(aci, entry, err);
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
