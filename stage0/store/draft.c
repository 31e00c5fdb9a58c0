/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/draft.h"

#include <fcntl.h>

#include "common/lock.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/uuid.h"

struct draft {
	int parent_fd; /* the caller's */
	char *name;
	int fd;
	bool made;
	bool published;
};

/* Locks the parent, which hides from draft_sweep() what has no lock yet. By a descriptor of
 * its own, which is the caller's: other threads make drafts there too. */
static int lock_parent(int parent_fd, enum lock_kind kind, struct error *err)
{
	autoclose int fd = path_open_dir(parent_fd, ".", err);

	if (fd < 0 || lock_wait(fd, kind, err) < 0)
		return err->code;
	return take_fd(fd);
}

static int make(struct draft *draft, struct error *err)
{
	autoclose int lock = lock_parent(draft->parent_fd, LOCK_SHARED, err);
	int r;

	if (lock < 0)
		return lock;
	r = path_make_dir(draft->parent_fd, draft->name, 0755, err);
	if (r >= 0) {
		draft->made = true;
		r = draft->fd = path_open_dir(draft->parent_fd, draft->name, err);
	}
	if (r >= 0)
		r = lock_wait(draft->fd, LOCK_EXCLUSIVE, err);
	return r;
}

int draft_begin(struct draft **draft, int parent_fd, const char *name, struct error *err)
{
	autoptr(draft) new = memory_zeroed(1, sizeof(*new));
	struct uuid fresh;
	int r;

	new->fd = -1;
	new->parent_fd = parent_fd;
	if (!name) {
		r = uuid_make(&fresh, err);
		if (r < 0)
			return r;
		name = fresh.text;
	}
	new->name = memory_text(name);
	r = make(new, err);
	if (r < 0)
		return r;
	*draft = take(new);
	return 0;
}

int draft_fd(const struct draft *draft)
{
	return draft->fd;
}

int draft_publish(struct draft *draft, int to_fd, const char *name, struct error *err)
{
	int r = path_rename_new(draft->parent_fd, draft->name, to_fd, name, err);

	if (r == -EEXIST)
		return DRAFT_EXISTS;
	if (r < 0)
		return r;
	draft->published = true;
	return DRAFT_PUBLISHED;
}

int draft_exchange(struct draft *draft, int to_fd, const char *name, struct error *err)
{
	return path_exchange(draft->parent_fd, draft->name, to_fd, name, err);
}

void draft_free(struct draft *draft)
{
	struct error ignored;

	if (!draft)
		return;
	if (draft->made && !draft->published)
		(void)!path_remove_tree(draft->parent_fd, draft->name, &ignored);
	if (draft->fd >= 0)
		close(draft->fd);
	free(draft->name);
	free(draft);
}

/* Whether nobody holds the lock of what is called NAME. Once its maker is gone, nobody ever
 * takes it again, but another sweep. *FD is open, and locked, when it is so. */
static int is_dead(int parent_fd, const char *name, int *fd, struct error *err)
{
	int r;

	*fd = path_open(parent_fd, name, PATH_OURS, O_RDONLY | O_NONBLOCK | O_NOCTTY,
	                err);
	if (*fd == -ENOENT)
		return 0;
	if (*fd < 0) /* no directory or file that could be locked */
		return 1;
	r = lock_try(*fd, LOCK_EXCLUSIVE, err);
	return r < 0 ? r : r == LOCK_TAKEN;
}

static int find_dead(int parent_fd, struct strv *dead, struct error *err)
{
	autoclear(strv) names = {0};
	int r = path_list(parent_fd, ".", &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		autoclose int fd = -1;

		r = is_dead(parent_fd, names.items[i], &fd, err);
		if (r > 0)
			strv_add(dead, names.items[i]);
	}
	return r;
}

int draft_sweep(int parent_fd, struct error *err)
{
	autoclear(strv) dead = {0};
	int lock = lock_parent(parent_fd, LOCK_EXCLUSIVE, err);
	int r;

	if (lock < 0)
		return lock;
	r = find_dead(parent_fd, &dead, err);
	close(lock);
	for (size_t i = 0; r >= 0 && i < dead.count; i++) {
		autoclose int fd = -1;

		r = is_dead(parent_fd, dead.items[i], &fd, err);
		if (r > 0)
			r = path_remove_tree(parent_fd, dead.items[i], err);
	}
	return r < 0 ? r : 0;
}
