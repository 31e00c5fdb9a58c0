/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/render.h"

#include <string.h>

#include "common/appc/whitelist.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/import_answer.h"
#include "stage0/store/inode_map.h"
#include "stage0/store/tree_entry.h"

/* A directory that has been made, and is to be filled. */
struct task {
	char *path;     /* below the root; "" for that itself */
	size_t *visits; /* that have it as a directory, by their place in the plan */
	size_t count;
	size_t attributes; /* the visit whose attributes it has */
};

/* A name in the directory that is being filled, as one visit has it. */
struct entry {
	char *name;
	size_t visit;
	struct stat st;
};

struct renderer {
	const struct render_plan *plan;
	const struct render_layer *layers;
	size_t layer_count;
	int root_fd;

	struct task *tasks; /* those left, the next one last */
	size_t task_count;

	/* Of the directory that is being filled. */
	const struct task *task;
	int *fds; /* for each layer, or -1 */
	int fd;
	struct entry *entries;
	size_t entry_count;
	struct render_candidate *candidates;

	struct inode_map counted; /* files of several names */
	int64_t size;
};

/* Room for one more: it grows by powers of two. */
static void *grown(void *items, size_t count, size_t size)
{
	return (count & (count + 1)) == 0 ? memory_resized(items, 2 * count + 2, size)
	                                  : items;
}

static int split_list(const struct buf *text, struct strv *names, struct error *err)
{
	const char *at = text->data, *end = at + text->len;

	if (text->len && end[-1])
		return error_set(err, -EBADMSG, "'" IMPORT_IMPLICIT "' is cut short");
	for (; at < end; at += strlen(at) + 1)
		strv_add(names, at);
	strv_sort(names);
	return 0;
}

int render_layer_open(int dir_fd, struct render_layer *layer, struct error *err)
{
	autoclear(buf) text = {0};
	int r = layer->root_fd = path_open_dir(dir_fd, "rootfs", err);

	if (r < 0)
		return r;
	r = file_read_at(dir_fd, IMPORT_IMPLICIT, IMPORT_IMPLICIT_MAX, &text, err);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : split_list(&text, &layer->implicit, err);
}

void render_layer_clear(struct render_layer *layer)
{
	if (layer->root_fd >= 0)
		close(layer->root_fd);
	strv_clear(&layer->implicit);
}

static const struct render_visit *visit_of(const struct renderer *r, size_t visit)
{
	return &r->plan->visits.items[visit];
}

static int layer_fd(const struct renderer *r, size_t visit)
{
	return r->fds[visit_of(r, visit)->image];
}

/* Whether the layer ROOT_FD has anything at PATH, where no link leads. */
static bool exists(int root_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? memory_bytes(path, (size_t)(slash - path))
	                           : memory_text(".");
	struct error ignored;
	struct stat st;
	autoclose int fd = path_open_dir(root_fd, dir, &ignored);

	return fd >= 0 && path_stat(fd, slash ? slash + 1 : path, &st, &ignored) == 0;
}

/* Whether the visit's filter names PATH, or DIRECTORY and something that is there below it. */
static bool is_wanted(const struct renderer *r, size_t visit, const char *path,
                      bool directory)
{
	const struct render_visit *v = visit_of(r, visit);
	const struct render_filter *filter = v->filter;
	autofree char *below = NULL;
	size_t len, at;

	if (!filter || whitelist_has(filter->items, filter->count, path))
		return true;
	if (!directory)
		return false;
	below = memory_format("%s/", path);
	len = strlen(below);
	at = whitelist_place(filter->items, filter->count, below);
	for (; at < filter->count && strncmp(filter->items[at], below, len) == 0; at++)
		if (exists(r->layers[v->image].root_fd, filter->items[at]))
			return true;
	return false;
}

/* Adds what the visit has in the directory. */
static int list_visit(struct renderer *r, size_t visit, struct error *err)
{
	int *fd = &r->fds[visit_of(r, visit)->image];
	autoclear(strv) names = {0};
	int ret;

	if (*fd < 0)
		*fd = path_open_dir(r->layers[visit_of(r, visit)->image].root_fd,
		                    r->task->path[0] ? r->task->path : ".", err);
	if (*fd < 0)
		return *fd;
	ret = path_list(*fd, ".", &names, err);
	for (size_t i = 0; ret >= 0 && i < names.count; i++) {
		struct entry *entry;

		r->entries = grown(r->entries, r->entry_count, sizeof(*r->entries));
		entry = &r->entries[r->entry_count++];
		*entry = (struct entry){take(names.items[i]), visit, {0}};
		ret = path_stat(*fd, entry->name, &entry->st, err);
	}
	return ret;
}

/* By name, and then in the order of search. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : one->visit < other->visit ? -1 : one->visit > other->visit;
}

static int list_all(struct renderer *r, struct error *err)
{
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < r->task->count; i++)
		ret = list_visit(r, r->task->visits[i], err);
	if (r->entry_count)
		qsort(r->entries, r->entry_count, sizeof(*r->entries), compare_entries);
	return ret;
}

/* The directory PATH, to be filled later with what it has in those ENTRIES before END. */
static void add_task(struct renderer *r, const char *path, const struct entry *entries,
                     const struct render_choice *choice)
{
	struct task *task;

	r->tasks = grown(r->tasks, r->task_count, sizeof(*r->tasks));
	task = &r->tasks[r->task_count++];
	*task = (struct task){
		.path = memory_text(path),
		.visits = memory_zeroed(choice->end, sizeof(*task->visits)),
		.attributes = entries[choice->from].visit,
	};
	for (size_t i = 0; i < choice->end; i++)
		if (S_ISDIR(entries[i].st.st_mode))
			task->visits[task->count++] = entries[i].visit;
}

static int add_other(struct renderer *r, const struct entry *entry, struct error *err)
{
	bool is_new = true;

	if (S_ISREG(entry->st.st_mode) && entry->st.st_nlink > 1)
		(void)inode_map_at(&r->counted, entry->st.st_ino, &is_new);
	if (S_ISREG(entry->st.st_mode) && is_new)
		r->size += entry->st.st_size;
	return tree_entry_link(layer_fd(r, entry->visit), entry->name, r->fd, err);
}

/* Puts the name that COUNT entries have into the directory. */
static int put(struct renderer *r, const struct entry *entries, size_t count,
               struct error *err)
{
	const char *dir = r->task->path, *name = entries[0].name;
	autofree char *path = memory_format("%s%s%s", dir, dir[0] ? "/" : "", name);
	struct render_choice choice;
	int ret = 0;

	for (size_t i = 0; i < count; i++) {
		const struct strv *implicit =
			&r->layers[visit_of(r, entries[i].visit)->image].implicit;
		bool directory = S_ISDIR(entries[i].st.st_mode);

		r->candidates[i] = (struct render_candidate){
			.is_directory = directory,
			.is_wanted = is_wanted(r, entries[i].visit, path, directory),
			.is_implicit = whitelist_has((const char **)implicit->items,
		                                     implicit->count, path),
		};
	}
	choice = render_choose(r->candidates, count);
	if (choice.node == RENDER_OTHER)
		ret = add_other(r, &entries[choice.from], err);
	else if (choice.node == RENDER_DIRECTORY)
		ret = path_make_dir(r->fd, name, 0700, err);
	if (choice.node == RENDER_DIRECTORY && ret >= 0)
		add_task(r, path, entries, &choice);
	return ret < 0 ? error_wrap(err, "'%.200s'", path) : ret;
}

static int put_all(struct renderer *r, struct error *err)
{
	int ret = 0;

	for (size_t i = 0, end; ret >= 0 && i < r->entry_count; i = end) {
		end = i + 1;
		while (end < r->entry_count &&
		       strcmp(r->entries[i].name, r->entries[end].name) == 0)
			end++;
		ret = put(r, &r->entries[i], end - i, err);
	}
	return ret;
}

/* Fills a directory. Nothing is made in it afterwards, so its times stay. */
static int fill(struct renderer *r, const struct task *task, struct error *err)
{
	int ret;

	r->task = task;
	r->fd = path_open_dir(r->root_fd, task->path[0] ? task->path : ".", err);
	ret = r->fd < 0 ? r->fd : list_all(r, err);
	if (ret >= 0)
		ret = put_all(r, err);
	if (ret >= 0 &&
	    tree_entry_copy_attributes(layer_fd(r, task->attributes), r->fd, err) < 0)
		ret = error_wrap(err, "'%.200s'", task->path);
	return ret;
}

/* Forgets the directory that was being filled. */
static void leave(struct renderer *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	for (size_t i = 0; i < r->layer_count; i++) {
		if (r->fds[i] >= 0)
			close(r->fds[i]);
		r->fds[i] = -1;
	}
	for (size_t i = 0; i < r->entry_count; i++)
		free(r->entries[i].name);
	r->entry_count = 0;
}

static void task_clear(struct task *task)
{
	free(task->path);
	free(task->visits);
}

static int fill_all(struct renderer *r, struct error *err)
{
	int ret = 0;

	while (ret >= 0 && r->task_count) {
		autoclear(task) task = r->tasks[--r->task_count];

		ret = fill(r, &task, err);
		leave(r);
	}
	return ret;
}

static void renderer_clear(struct renderer *r)
{
	for (size_t i = 0; i < r->task_count; i++)
		task_clear(&r->tasks[i]);
	free(r->tasks);
	free(r->fds);
	free(r->entries);
	free(r->candidates);
	inode_map_clear(&r->counted);
}

int render_apply(const struct render_plan *plan, const struct render_layer *layers,
                 size_t count, int root_fd, int64_t *size, struct error *err)
{
	size_t visits = plan->visits.count;
	autoclear(renderer) r = {
		.plan = plan,
		.layers = layers,
		.layer_count = count,
		.root_fd = root_fd,
		.fd = -1,
	};
	int ret;

	r.fds = memory_zeroed(count, sizeof(*r.fds));
	for (size_t i = 0; i < count; i++)
		r.fds[i] = -1;
	r.candidates = memory_zeroed(visits, sizeof(*r.candidates));
	r.tasks = grown(NULL, 0, sizeof(*r.tasks));
	r.tasks[r.task_count++] = (struct task){
		.path = memory_text(""),
		.visits = memory_zeroed(visits, sizeof(*r.tasks->visits)),
		.count = visits,
	};
	for (size_t i = 0; i < visits; i++)
		r.tasks[0].visits[i] = i;
	ret = fill_all(&r, err);
	*size = r.size;
	return ret < 0 ? error_wrap(err, "cannot make the tree") : 0;
}
