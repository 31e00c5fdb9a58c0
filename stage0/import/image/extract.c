/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/extract.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "common/appc/schema.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/import/image/entry_name.h"
#include "stage0/import/image/inode_set.h"
#include "stage0/import/image/xattr_policy.h"
#include "stage0/store/import_answer.h"

enum attribute { SET_OWNER = 1 << 0, SET_MODE = 1 << 1 };

/* Directories without an entry of their own; each costs memory until it gets one. */
enum { IMPLICIT_MAX = 1000000 };

struct extractor {
	struct aci *aci;
	int top_fd; /* the caller's */

	/* The directory of the last entry. Making something in it changes its times, so they
	 * are set back when it is left; no other record of directories is needed. */
	char *parent;
	int parent_fd;
	struct timespec parent_times[2];
	bool parent_is_roots; /* what is made in it belongs to 0:0 */

	struct inode_set implicit;
	size_t implicit_count;
	struct buf implicit_names; /* each with a NUL; some have got their entry since */
	struct buf *manifest;
	bool has_top;
	bool has_manifest;
	bool has_rootfs;
	int64_t size;
};

static void extractor_clear(struct extractor *x)
{
	if (x->parent_fd >= 0)
		close(x->parent_fd);
	free(x->parent);
	inode_set_clear(&x->implicit);
	buf_clear(&x->implicit_names);
}

static int set_times(int fd, const struct timespec times[2], struct error *err)
{
	if (futimens(fd, times) < 0)
		return error_errno(err, "cannot set its times");
	return 0;
}

static int leave_parent(struct extractor *x, struct error *err)
{
	int r = 0;

	if (x->parent_fd < 0)
		return 0;
	r = set_times(x->parent_fd, x->parent_times, err);
	if (r < 0)
		(void)!error_wrap(err, "'%.200s'", x->parent);
	close(x->parent_fd);
	x->parent_fd = -1;
	return r;
}

static int stay_in(struct extractor *x, const char *dir, int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		close(fd);
		return error_errno(err, "cannot look at '%.200s'", dir);
	}
	free(x->parent);
	x->parent = memory_text(dir);
	x->parent_fd = fd;
	x->parent_times[0] = st.st_atim;
	x->parent_times[1] = st.st_mtim;
	/* Its group comes down if it is set-group-ID, or the file system is mounted so. */
	x->parent_is_roots = geteuid() == 0 && getegid() == 0 && st.st_gid == 0;
	return 0;
}

/* Splits CLEAN, in place, into its directory, "" for the top, and its last part. */
static const char *split(char *clean, const char **dir)
{
	char *slash = strrchr(clean, '/');

	if (!slash) {
		*dir = "";
		return clean;
	}
	*slash = '\0';
	*dir = clean;
	return slash + 1;
}

/* Remembers the directory NAME, which was made for what lies in it: its entry may follow. */
static int mark_implicit(struct extractor *x, const char *name, struct error *err)
{
	static const struct timespec epoch[2];
	struct stat st;
	int r = path_set_times(x->parent_fd, name, epoch, err);

	if (r >= 0)
		r = path_stat(x->parent_fd, name, &st, err);
	if (r < 0)
		return r;
	/* But rootfs itself, which must have one. */
	if (x->parent[0]) {
		buf_format(&x->implicit_names, "%s/%s", x->parent, name);
		buf_char(&x->implicit_names, '\0');
	}
	if (++x->implicit_count > IMPLICIT_MAX ||
	    x->implicit_names.len > IMPORT_IMPLICIT_MAX)
		return error_set(err, -EFBIG,
		                 "more than %d directories have no entry: refused",
		                 IMPLICIT_MAX);
	inode_set_add(&x->implicit, st.st_ino);
	return 0;
}

/* Writes down those that have none to the end: when images are laid over one another, they
 * say nothing of what lies below them (appc 1.8.2). */
static int write_implicit(struct extractor *x, struct error *err)
{
	static const char top[] = "rootfs/";
	const char *name = buf_string(&x->implicit_names);
	const char *end = name + x->implicit_names.len;
	autoclear(buf) list = {0};
	autoclose int fd = -1;
	struct stat st;
	int r = 0;

	for (; r >= 0 && name != end; name += strlen(name) + 1) {
		r = path_stat(x->top_fd, name, &st, err);
		if (r >= 0 && inode_set_remove(&x->implicit, st.st_ino))
			buf_add(&list, name + strlen(top),
			        strlen(name + strlen(top)) + 1);
	}
	if (r < 0 || !list.len)
		return r;
	fd = path_create(x->top_fd, IMPORT_IMPLICIT, 0644, err);
	return fd < 0 ? fd : file_write(fd, list.data, list.len, err);
}

/* Makes DIR the parent of what comes, and makes it and its own parents if need be. */
static int enter_parent(struct extractor *x, const char *dir, struct error *err)
{
	autofree char *copy = NULL;
	const char *up, *name;
	int fd, r;

	if (x->parent_fd >= 0 && strcmp(x->parent, dir) == 0)
		return 0;
	r = leave_parent(x, err);
	if (r < 0)
		return r;
	fd = path_open_dir(x->top_fd, dir[0] ? dir : ".", err);
	if (fd == -ELOOP || fd == -ENOTDIR)
		return error_set(err, fd,
		                 "'%.200s' leads through a link or a file of the same "
		                 "archive",
		                 dir);
	if (fd >= 0)
		return stay_in(x, dir, fd, err);
	if (fd != -ENOENT)
		return fd;
	copy = memory_text(dir);
	name = split(copy, &up);
	r = enter_parent(x, up, err);
	if (r >= 0)
		r = path_make_dir(x->parent_fd, name, 0755, err);
	if (r >= 0)
		r = path_set_owner(x->parent_fd, name, 0, 0, err);
	if (r >= 0)
		r = mark_implicit(x, name, err);
	return r < 0 ? r : enter_parent(x, dir, err);
}

static int twice(struct error *err)
{
	return error_set(err, -EEXIST, "twice in the archive");
}

/* Sets or checks the extended attributes; FD is -1 for what cannot have any. */
static int set_xattrs(struct extractor *x, int fd, struct error *err)
{
	const char *name;
	const void *value;
	size_t len, total = 0;

	while (aci_next_xattr(x->aci, &name, &value, &len)) {
		int r = xattr_policy(name, fd >= 0, err);

		if (r < 0)
			return r;
		total += strlen(name) + len;
		if (total > ACI_XATTRS_MAX)
			return error_set(err, -EFBIG,
			                 "its extended attributes are more than %d "
			                 "bytes: refused",
			                 ACI_XATTRS_MAX);
		if (r == XATTR_RESTORE && fsetxattr(fd, name, value, len, 0) < 0)
			return error_errno(
				err, "cannot set its extended attribute '%.100s'", name);
	}
	return 0;
}

/* Owner before mode and capabilities, which a change of owner takes away; times last. What is
 * so already is not SET. */
static int set_attributes(struct extractor *x, int fd, const struct aci_entry *entry,
                          unsigned set, struct error *err)
{
	int r;

	if (set & SET_OWNER && fchown(fd, entry->uid, entry->gid) < 0)
		return error_errno(err, "cannot set its owner");
	if (set & SET_MODE && fchmod(fd, entry->mode) < 0)
		return error_errno(err, "cannot set its mode");
	r = set_xattrs(x, fd, err);
	return r < 0 ? r : set_times(fd, entry->times, err);
}

/* Writes one part of a file where it belongs. */
static int write_part(int fd, const char *data, size_t len, int64_t offset,
                      struct error *err)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write");
		data += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

static int write_content(struct extractor *x, int fd, int64_t size, struct error *err)
{
	int64_t offset, end = 0;
	const void *data;
	size_t len;
	int r;

	x->size += size;
	if (size > ACI_SIZE_MAX || x->size > ACI_SIZE_MAX)
		return error_set(err, -EFBIG, "the files are more than %lld GiB: refused",
		                 (long long)(ACI_SIZE_MAX >> 30));
	while ((r = aci_read(x->aci, &data, &len, &offset, err)) == ACI_ENTRY) {
		if (offset < end || len > (uint64_t)size || offset > size - (int64_t)len)
			return error_set(err, -EBADMSG, "its parts do not fit its size");
		end = offset + (int64_t)len;
		r = write_part(fd, data, len, offset, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (end < size && ftruncate(fd, size) < 0)
		return error_errno(err, "cannot set its size");
	return 0;
}

static int put_file(struct extractor *x, const char *name, const struct aci_entry *entry,
                    struct error *err)
{
	/* Most files need no change once they are there. No one else can reach it yet. */
	bool is_plain = !(entry->mode & (S_ISUID | S_ISGID | S_ISVTX));
	bool is_roots = x->parent_is_roots && entry->uid == 0 && entry->gid == 0;
	unsigned set = (is_roots ? 0 : SET_OWNER) | (is_plain ? 0 : SET_MODE);
	autoclose int fd = path_create(x->parent_fd, name, is_plain ? entry->mode : 0600,
	                               err);
	int r;

	if (fd == -EEXIST)
		return twice(err);
	if (fd < 0)
		return fd;
	r = write_content(x, fd, entry->size, err);
	return r < 0 ? r : set_attributes(x, fd, entry, set, err);
}

static int put_directory(struct extractor *x, const char *name,
                         const struct aci_entry *entry, struct error *err)
{
	autoclose int fd = -1;
	struct stat st;
	int r = path_make_dir(x->parent_fd, name, 0700, err);

	if (r == -EEXIST) {
		r = path_stat(x->parent_fd, name, &st, err);
		if (r >= 0 && !inode_set_remove(&x->implicit, st.st_ino))
			return twice(err);
	}
	if (r < 0)
		return r;
	fd = path_open_dir(x->parent_fd, name, err);
	return fd < 0 ? fd : set_attributes(x, fd, entry, SET_OWNER | SET_MODE, err);
}

static int put_symlink(struct extractor *x, const char *name,
                       const struct aci_entry *entry, struct error *err)
{
	int r;

	if (!entry->target[0] || strlen(entry->target) >= ACI_NAME_MAX)
		return error_set(err, -EBADMSG, "a link to nowhere, or too far");
	r = path_make_symlink(entry->target, x->parent_fd, name, err);
	if (r == -EEXIST)
		return twice(err);
	if (r >= 0)
		r = path_set_owner(x->parent_fd, name, entry->uid, entry->gid, err);
	if (r >= 0)
		r = set_xattrs(x, -1, err);
	return r < 0 ? r : path_set_times(x->parent_fd, name, entry->times, err);
}

/* Opens the directory of the file TARGET, an earlier one, and sets *NAME, in TARGET, to the
 * rest. */
static int open_target(struct extractor *x, char *target, const char **name, int *dir_fd,
                       struct error *err)
{
	struct stat st;
	const char *dir;
	int r;

	if (strncmp(target, "rootfs/", 7) != 0)
		return error_set(err, -EBADMSG, "a hard link to what is not in 'rootfs'");
	*name = split(target, &dir);
	r = *dir_fd = path_open_dir(x->top_fd, dir, err);
	if (r >= 0)
		r = path_stat(*dir_fd, *name, &st, err);
	if (r < 0 || !S_ISREG(st.st_mode))
		return error_set(err, -EBADMSG,
		                 "a hard link to '%.200s/%.200s', which is no file that "
		                 "came before",
		                 dir, *name);
	return 0;
}

static int put_hard_link(struct extractor *x, const char *name,
                         const struct aci_entry *entry, struct error *err)
{
	autofree char *target = NULL;
	autoclose int dir_fd = -1;
	const char *target_name = NULL;
	int r = entry_name_clean(entry->target, &target, err);

	if (r < 0)
		return error_wrap(err, "a hard link");
	if (entry->size > 0)
		return error_set(err, -EBADMSG, "a hard link with content");
	r = open_target(x, target, &target_name, &dir_fd, err);
	if (r >= 0)
		r = path_make_link(dir_fd, target_name, x->parent_fd, name, err);
	return r == -EEXIST ? twice(err) : r;
}

static int put_node(struct extractor *x, const char *name, const struct aci_entry *entry,
                    struct error *err)
{
	static const mode_t kinds[] = {
		[ACI_CHARACTER_DEVICE] = S_IFCHR,
		[ACI_BLOCK_DEVICE] = S_IFBLK,
		[ACI_FIFO] = S_IFIFO,
	};
	dev_t device = entry->type == ACI_FIFO ? 0 : entry->device;
	int r = path_make_node(x->parent_fd, name, kinds[entry->type] | 0600, device,
	                       err);

	if (r == -EEXIST)
		return twice(err);
	if (r >= 0)
		r = path_set_owner(x->parent_fd, name, entry->uid, entry->gid, err);
	if (r >= 0)
		r = path_set_mode(x->parent_fd, name, entry->mode, err);
	if (r >= 0)
		r = set_xattrs(x, -1, err);
	return r < 0 ? r : path_set_times(x->parent_fd, name, entry->times, err);
}

static int (*const makers[])(struct extractor *x, const char *name,
                             const struct aci_entry *entry, struct error *err) = {
	[ACI_FILE] = put_file,
	[ACI_DIRECTORY] = put_directory,
	[ACI_SYMLINK] = put_symlink,
	[ACI_HARD_LINK] = put_hard_link,
	[ACI_CHARACTER_DEVICE] = put_node,
	[ACI_BLOCK_DEVICE] = put_node,
	[ACI_FIFO] = put_node,
};

static int read_manifest(struct extractor *x, const struct aci_entry *entry,
                         struct error *err)
{
	int64_t offset;
	const void *data;
	size_t len;
	int r;

	if (x->has_manifest)
		return twice(err);
	x->has_manifest = true;
	if (entry->type != ACI_FILE)
		return error_set(err, -EBADMSG, "not a regular file");
	if (entry->size > SCHEMA_DOCUMENT_MAX)
		return error_set(err, -EFBIG, "larger than %d bytes: refused",
		                 SCHEMA_DOCUMENT_MAX);
	while ((r = aci_read(x->aci, &data, &len, &offset, err)) == ACI_ENTRY) {
		if (offset != (int64_t)x->manifest->len)
			return error_set(err, -EBADMSG, "a file with holes");
		buf_add(x->manifest, data, len);
	}
	if (r >= 0 && (int64_t)x->manifest->len != entry->size)
		return error_set(err, -EBADMSG, "a file with holes");
	return r < 0 ? r : 0;
}

/* Judges where the name stands (appc 1.2), and makes what it names. */
static int put(struct extractor *x, char *clean, const struct aci_entry *entry,
               struct error *err)
{
	const char *dir, *name;
	bool *seen = clean[0] ? &x->has_rootfs : &x->has_top;
	int r;

	if (strcmp(clean, "manifest") == 0)
		return read_manifest(x, entry, err);
	if (clean[0] == '\0' || strcmp(clean, "rootfs") == 0) {
		if (entry->type != ACI_DIRECTORY)
			return error_set(err, -EBADMSG, "not a directory");
		if (*seen)
			return twice(err);
		*seen = true;
		if (clean[0] == '\0')
			return 0;
	} else if (strncmp(clean, "rootfs/", 7) != 0) {
		return error_set(err, -EBADMSG, "neither the manifest nor in 'rootfs'");
	}
	name = split(clean, &dir);
	r = enter_parent(x, dir, err);
	return r < 0 ? r : makers[entry->type](x, name, entry, err);
}

static int extract_entry(struct extractor *x, const struct aci_entry *entry,
                         struct error *err)
{
	autofree char *clean = NULL;
	int r = entry_name_clean(entry->name, &clean, err);

	if (r < 0)
		return r;
	if (entry->type == ACI_FILE && entry->name[strlen(entry->name) - 1] == '/')
		return error_set(err, -EBADMSG, "'%.200s': a file named like a directory",
		                 entry->name);
	r = put(x, clean, entry, err);
	return r < 0 ? error_wrap(err, "'%.200s'", entry->name) : 0;
}

/* What the administrator has files inherit is not for an image's. */
static int drop_default_acl(int dir_fd, struct error *err)
{
	if (fremovexattr(dir_fd, "system.posix_acl_default") < 0 && errno != ENODATA &&
	    errno != EOPNOTSUPP)
		return error_errno(err, "cannot remove the default access list");
	return 0;
}

int extract_image(struct aci *aci, int dir_fd, struct buf *manifest, int64_t *size,
                  struct error *err)
{
	autoclear(extractor) x = {
		.aci = aci,
		.top_fd = dir_fd,
		.parent_fd = -1,
		.manifest = manifest,
	};
	struct aci_entry entry;
	int r = drop_default_acl(dir_fd, err);

	if (r < 0)
		return r;
	while ((r = aci_next(aci, &entry, err)) == ACI_ENTRY) {
		r = extract_entry(&x, &entry, err);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = leave_parent(&x, err);
	if (r < 0)
		return r;
	if (!x.has_manifest)
		return error_set(err, -EBADMSG, "no 'manifest' in the archive");
	if (!x.has_rootfs)
		return error_set(err, -EBADMSG, "no entry for the directory 'rootfs'");
	*size = x.size;
	return write_implicit(&x, err);
}
