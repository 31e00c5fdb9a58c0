/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/aci.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <malloc.h>
#include <sys/sysmacros.h>

#include "common/memory.h"
#include "stage0/import/digest.h"
#include "stage0/import/image/stream.h"

/*
 * libarchive sees the plain stream and knows only tar. A reader of our own has seen the same
 * bytes before it: names, types and sizes are its, and libarchive must agree.
 */
struct aci {
	struct stream *stream;
	struct archive *archive;
	struct archive_entry *entry;
	struct tar_heads heads; /* of the entries that have begun in the bytes so far */
	struct tar_head head;
	int64_t entries;

	struct error
		failure; /* of a callback, which libarchive would put in other words */
};

/* What failed: in our words if it was ours, else in libarchive's. */
static int fail(struct aci *aci, const char *what, struct error *err)
{
	const char *text = archive_error_string(aci->archive);

	if (aci->failure.code < 0)
		return error_set(err, aci->failure.code, "%s", aci->failure.text);
	return error_set(err, -EBADMSG, "%s: %s", what,
	                 text ? text : "damaged or cut short");
}

/* The uncompressed bytes, for libarchive. */
static la_ssize_t read_stream(struct archive *archive, void *data, const void **bytes)
{
	struct aci *aci = data;
	size_t len = 0;
	int r = stream_next(aci->stream, bytes, &len, &aci->heads, &aci->failure);

	(void)archive;
	return r < 0 ? -1 : (la_ssize_t)len;
}

int aci_prepare(struct error *err)
{
	/* Names are UTF-8, whatever the user's language: else libarchive finds them strange. */
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	if (!locale)
		return error_errno(err, "cannot have the locale 'C.UTF-8'");
	uselocale(locale);
	/* Each thread's own heap would take much of the address space that is allowed. */
	mallopt(M_ARENA_MAX, 1);
	return digest_prepare(err);
}

int aci_open(struct aci **aci, int fd, int copy_fd, struct error *err)
{
	autoptr(aci) new = memory_zeroed(1, sizeof(*new));

	if (stream_open(&new->stream, fd, copy_fd, err) < 0)
		return err->code;
	new->archive = archive_read_new();
	archive_read_support_format_tar(new->archive);
	if (archive_read_open(new->archive, new, NULL, read_stream, NULL) != ARCHIVE_OK)
		return fail(new, "not a tar archive", err);
	*aci = take(new);
	return 0;
}

void aci_free(struct aci *aci)
{
	if (!aci)
		return;
	archive_read_free(aci->archive);
	stream_free(aci->stream);
	tar_heads_clear(&aci->heads);
	tar_head_clear(&aci->head);
	free(aci);
}

static int disagree(struct error *err)
{
	return error_set(err, -EBADMSG, "an archive that can be read in two ways");
}

/* After the last entry: the rest of the stream is read like all before, and the archive must
 * end with it. */
static int finish(struct aci *aci, struct error *err)
{
	const void *bytes;
	la_ssize_t n;

	do {
		n = read_stream(aci->archive, aci, &bytes);
	} while (n > 0);
	if (n < 0)
		return fail(aci, "cannot read", err);
	return tar_heads_next(&aci->heads, &aci->head) ? disagree(err) : ACI_END;
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
	if (!tar_heads_next(&aci->heads, head))
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

/* What an extended header says comes first: libarchive takes what is no number for one, and
 * times before 1970 for others. */
static void read_times(const struct aci *aci, struct aci_entry *entry)
{
	struct archive_entry *from = aci->entry;
	const struct tar_head *head = &aci->head;
	struct timespec *times = entry->times;

	times[1] = head->mtime.time;
	if (!head->mtime.is_set) {
		times[1].tv_sec = archive_entry_mtime(from);
		times[1].tv_nsec = archive_entry_mtime_nsec(from);
	}
	times[0] = head->atime.is_set ? head->atime.time : times[1];
	if (!head->atime.is_set && archive_entry_atime_is_set(from)) {
		times[0].tv_sec = archive_entry_atime(from);
		times[0].tv_nsec = archive_entry_atime_nsec(from);
	}
}

static int read_entry(struct aci *aci, struct aci_entry *entry, struct error *err)
{
	struct archive_entry *from = aci->entry;
	int64_t uid, gid;
	int r = read_head(aci, entry, err);

	if (r < 0)
		return r;
	uid = aci->head.uid < 0 ? archive_entry_uid(from) : aci->head.uid;
	gid = aci->head.gid < 0 ? archive_entry_gid(from) : aci->head.gid;
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
	read_times(aci, entry);
	archive_entry_xattr_reset(from);
	return 0;
}

int aci_next(struct aci *aci, struct aci_entry *entry, struct error *err)
{
	int r = archive_read_next_header(aci->archive, &aci->entry);

	if (r == ARCHIVE_EOF)
		return finish(aci, err);
	if (r != ARCHIVE_OK) {
		const char *name = r == ARCHIVE_FATAL
		                           ? NULL
		                           : archive_entry_pathname(aci->entry);

		r = fail(aci, "cannot read an entry", err);
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
	int r = archive_read_data_block(aci->archive, data, len, &at);

	*offset = at;
	if (r == ARCHIVE_EOF)
		return ACI_END;
	if (r != ARCHIVE_OK)
		return fail(aci, "cannot read", err);
	return ACI_ENTRY;
}

bool aci_next_xattr(struct aci *aci, const char **name, const void **value, size_t *len)
{
	return archive_entry_xattr_next(aci->entry, name, value, len) == ARCHIVE_OK;
}

int64_t aci_size(const struct aci *aci)
{
	return stream_size(aci->stream);
}

const char *aci_digest(const struct aci *aci)
{
	return stream_digest(aci->stream);
}
