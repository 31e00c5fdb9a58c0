/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/tree_compare.h"

#include <fcntl.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/inode_map.h"
#include "stage0/store/tree_xattrs.h"

struct comparison {
	int wanted_fd, found_fd; /* the tops */
	struct strv dirs;        /* below the tops, in both; each before what is in it */
	struct inode_map names;  /* of files with several names: the other's inode ... */
	struct inode_map others; /* ... and the same the other way round */
	struct buf difference;
};

static void comparison_clear(struct comparison *c)
{
	strv_clear(&c->dirs);
	inode_map_clear(&c->names);
	inode_map_clear(&c->others);
	buf_clear(&c->difference);
}

#define DIFFERENT(c, ...) (buf_format(&(c)->difference, __VA_ARGS__), TREE_DIFFERENT)

static const char *type_name(mode_t mode)
{
	static const char *const names[] = {
		[S_IFIFO >> 12] = "FIFO",         [S_IFCHR >> 12] = "character device",
		[S_IFDIR >> 12] = "directory",    [S_IFBLK >> 12] = "block device",
		[S_IFREG >> 12] = "regular file", [S_IFLNK >> 12] = "symbolic link",
		[S_IFSOCK >> 12] = "socket",
	};
	size_t at = (mode & S_IFMT) >> 12;

	return at < sizeof(names) / sizeof(*names) && names[at] ? names[at] : "?";
}

static int compare_stat(struct comparison *c, const struct stat *wanted,
                        const struct stat *found)
{
	if ((wanted->st_mode & S_IFMT) != (found->st_mode & S_IFMT))
		return DIFFERENT(c, "is a %s, not a %s", type_name(found->st_mode),
		                 type_name(wanted->st_mode));
	if (wanted->st_mode != found->st_mode)
		return DIFFERENT(c, "its mode is %04o, not %04o", found->st_mode & 07777,
		                 wanted->st_mode & 07777);
	if (wanted->st_uid != found->st_uid || wanted->st_gid != found->st_gid)
		return DIFFERENT(c, "its owner is %u:%u, not %u:%u", found->st_uid,
		                 found->st_gid, wanted->st_uid, wanted->st_gid);
	if (wanted->st_rdev != found->st_rdev)
		return DIFFERENT(c, "is another device");
	if (S_ISREG(wanted->st_mode) && wanted->st_size != found->st_size)
		return DIFFERENT(c, "has %lld bytes, not %lld", (long long)found->st_size,
		                 (long long)wanted->st_size);
	if (wanted->st_mtim.tv_sec != found->st_mtim.tv_sec ||
	    wanted->st_mtim.tv_nsec != found->st_mtim.tv_nsec)
		return DIFFERENT(c, "was modified at another time");
	return TREE_SAME;
}

/* What are names of one file here must be that there. */
static int compare_names(struct comparison *c, const struct stat *wanted,
                         const struct stat *found)
{
	bool is_new, is_other_new;
	uint64_t *there, *here;

	if (S_ISDIR(wanted->st_mode) || (wanted->st_nlink == 1 && found->st_nlink == 1))
		return TREE_SAME;
	there = inode_map_at(&c->names, wanted->st_ino, &is_new);
	here = inode_map_at(&c->others, found->st_ino, &is_other_new);
	if (is_new && is_other_new) {
		*there = found->st_ino;
		*here = wanted->st_ino;
	}
	if (*there != found->st_ino || *here != wanted->st_ino)
		return DIFFERENT(c, "is not the same file as under another name");
	return TREE_SAME;
}

/* The lists are sorted: at the first place where they are not the same, one has a name that
 * the other has not. */
static int compare_lists_of_xattrs(struct comparison *c, const struct tree_xattrs *wanted,
                                   const struct tree_xattrs *found)
{
	size_t i;

	for (i = 0; i < wanted->count && i < found->count; i++) {
		const struct tree_xattr *a = &wanted->items[i], *b = &found->items[i];
		int order = strcmp(a->name, b->name);

		if (order)
			return order < 0 ? DIFFERENT(c, "its attribute '%s' is missing",
			                             a->name)
			                 : DIFFERENT(c, "has an attribute '%s' too many",
			                             b->name);
		if (a->value.len != b->value.len ||
		    (a->value.len &&
		     memcmp(a->value.data, b->value.data, a->value.len) != 0))
			return DIFFERENT(c, "its attribute '%s' has another value",
			                 a->name);
	}
	if (i < wanted->count)
		return DIFFERENT(c, "its attribute '%s' is missing",
		                 wanted->items[i].name);
	if (i < found->count)
		return DIFFERENT(c, "has an attribute '%s' too many",
		                 found->items[i].name);
	return TREE_SAME;
}

static int compare_xattrs(struct comparison *c, int wanted, int found, struct error *err)
{
	autoclear(tree_xattrs) a = {0}, b = {0};
	int r = tree_xattrs_read(wanted, true, &a, err);

	if (r >= 0)
		r = tree_xattrs_read(found, true, &b, err);
	return r < 0 ? r : compare_lists_of_xattrs(c, &a, &b);
}

static int compare_content(struct comparison *c, int wanted, int found, struct error *err)
{
	int r = file_is_same(wanted, found, err);

	return r == 0 ? DIFFERENT(c, "has other content") : r < 0 ? r : TREE_SAME;
}

static int compare_files(struct comparison *c, int wanted_dir, int found_dir,
                         const char *name, struct error *err)
{
	const int flags = O_RDONLY | O_NONBLOCK;
	autoclose int wanted = path_open(wanted_dir, name, PATH_OURS, flags, err);
	autoclose int found = -1;
	int r;

	if (wanted < 0)
		return wanted;
	found = path_open(found_dir, name, PATH_OURS, flags, err);
	if (found < 0)
		return found;
	r = compare_xattrs(c, wanted, found, err);
	return r == TREE_SAME ? compare_content(c, wanted, found, err) : r;
}

static int compare_links(struct comparison *c, int wanted_dir, int found_dir,
                         const char *name, struct error *err)
{
	autofree char *wanted = NULL, *found = NULL;
	int r = path_read_link(wanted_dir, name, &wanted, err);

	if (r >= 0)
		r = path_read_link(found_dir, name, &found, err);
	if (r < 0)
		return r;
	return strcmp(wanted, found) == 0 ? TREE_SAME
	                                  : DIFFERENT(c, "leads somewhere else");
}

/* An entry that is in both. What a directory has besides its entries is compared when it is
 * its turn. */
static int compare_entry(struct comparison *c, int wanted_dir, int found_dir,
                         const char *name, const char *path, struct error *err)
{
	struct stat wanted, found;
	int r = path_stat(wanted_dir, name, &wanted, err);

	if (r >= 0)
		r = path_stat(found_dir, name, &found, err);
	if (r >= 0)
		r = compare_stat(c, &wanted, &found);
	if (r == TREE_SAME)
		r = compare_names(c, &wanted, &found);
	if (r != TREE_SAME)
		return r;
	if (S_ISDIR(wanted.st_mode))
		strv_add(&c->dirs, path);
	/* A composed tree has names of the layers' very files. */
	if (wanted.st_dev == found.st_dev && wanted.st_ino == found.st_ino)
		return TREE_SAME;
	if (S_ISREG(wanted.st_mode))
		return compare_files(c, wanted_dir, found_dir, name, err);
	if (S_ISLNK(wanted.st_mode))
		return compare_links(c, wanted_dir, found_dir, name, err);
	return TREE_SAME;
}

static int tell(struct comparison *c, const char *path, int r, struct error *err)
{
	autofree char *what = memory_text(buf_string(&c->difference));

	if (r < 0)
		return error_wrap(err, "'%s'", path);
	if (r == TREE_DIFFERENT) {
		buf_clear(&c->difference);
		buf_format(&c->difference, "'%s': %s", path, what);
	}
	return r;
}

static char *join(const char *dir, const char *name)
{
	return strcmp(dir, ".") == 0 ? memory_text(name)
	                             : memory_format("%s/%s", dir, name);
}

/* What only one of the sorted lists has is a difference; what both have is compared. */
static int compare_lists(struct comparison *c, const char *dir, int wanted_dir,
                         const struct strv *wanted, int found_dir,
                         const struct strv *found, struct error *err)
{
	size_t i = 0, k = 0;
	int r = TREE_SAME;

	while (r == TREE_SAME && (i < wanted->count || k < found->count)) {
		const char *a = i < wanted->count ? wanted->items[i] : NULL;
		const char *b = k < found->count ? found->items[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a, b);
		autofree char *path = join(dir, order > 0 ? b : a);

		if (order < 0)
			r = DIFFERENT(c, "is missing");
		else if (order > 0)
			r = DIFFERENT(c, "should not be there");
		else
			r = compare_entry(c, wanted_dir, found_dir, a, path, err);
		r = tell(c, path, r, err);
		i++;
		k++;
	}
	return r;
}

static int compare_dir(struct comparison *c, const char *dir, struct error *err)
{
	autoclear(strv) a = {0}, b = {0};
	autoclose int wanted = path_open_dir(c->wanted_fd, dir, err), found = -1;
	int r = wanted;

	if (r >= 0)
		r = found = path_open_dir(c->found_fd, dir, err);
	if (r >= 0)
		r = compare_xattrs(c, wanted, found, err);
	r = tell(c, dir, r < 0 || r == TREE_DIFFERENT ? r : TREE_SAME, err);
	if (r == TREE_SAME)
		r = path_list(wanted, ".", &a, err);
	if (r == TREE_SAME)
		r = path_list(found, ".", &b, err);
	if (r != TREE_SAME)
		return r;
	strv_sort(&a);
	strv_sort(&b);
	return compare_lists(c, dir, wanted, &a, found, &b, err);
}

int tree_compare(int wanted_fd, int found_fd, char **difference, struct error *err)
{
	autoclear(comparison) c = {.wanted_fd = wanted_fd, .found_fd = found_fd};
	int r = compare_entry(&c, wanted_fd, found_fd, ".", ".", err);

	r = tell(&c, ".", r, err);
	for (size_t i = 0; r == TREE_SAME && i < c.dirs.count; i++) {
		autofree char *dir = memory_text(c.dirs.items[i]);

		r = compare_dir(&c, dir, err);
	}
	if (r == TREE_DIFFERENT)
		*difference = memory_text(buf_string(&c.difference));
	return r;
}
