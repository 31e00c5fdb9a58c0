/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/pods.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"

enum { UUID_FILE_MAX = 4096 };

/* How often to try again for a lock that someone is only looking at. */
enum { LOOKS_MAX = 1000, LOOK_PAUSE_NS = 1000000 };

/* In the order that a pod moves through them. */
enum place {
	PLACE_PREPARE,
	PLACE_PREPARED,
	PLACE_RUN,
	PLACE_EXITED_GARBAGE,
	PLACE_GARBAGE,
	PLACE_NONE
};

static const struct {
	const char *dir;
	enum pod_state free, locked;
	bool listed;
} places[] = {
	[PLACE_PREPARE] = {"prepare", POD_ABORTED_PREPARE, POD_PREPARING, true},
	/* One that is locked is about to be run; it moves when it is. */
	[PLACE_PREPARED] = {"prepared", POD_PREPARED, POD_PREPARED, true},
	[PLACE_RUN] = {"run", POD_EXITED, POD_RUNNING, true},
	[PLACE_EXITED_GARBAGE] = {"exited-garbage", POD_EXITED_GARBAGE,
                                  POD_EXITED_DELETING, true},
	[PLACE_GARBAGE] = {"garbage", POD_GARBAGE, POD_DELETING, false},
};

static const char *const state_names[] = {
	[POD_GONE] = "gone",
	[POD_PREPARING] = "preparing",
	[POD_ABORTED_PREPARE] = "aborted prepare",
	[POD_PREPARED] = "prepared",
	[POD_RUNNING] = "running",
	[POD_EXITED] = "exited",
	[POD_EXITED_DELETING] = "exited deleting",
	[POD_EXITED_GARBAGE] = "exited garbage",
	[POD_DELETING] = "deleting",
	[POD_GARBAGE] = "garbage",
};

struct pod {
	char uuid[UUID_LENGTH + 1];
	int data_fd; /* the caller's */
	int fd;
	enum place place;
	enum pod_state state;
	bool locked; /* by us */
};

struct place_path {
	char text[sizeof("pods/exited-garbage/") + UUID_LENGTH];
};

static struct place_path path_in(enum place place, const char *uuid)
{
	struct place_path path;

	snprintf(path.text, sizeof(path.text), "pods/%s/%s", places[place].dir, uuid);
	return path;
}

const char *pod_state_name(enum pod_state state)
{
	return state_names[state];
}

/* Adds the names below pods/DIR that are UUIDs, or those that are not, with their path. */
static int list_dir(int data_fd, const char *dir, bool uuids, struct strv *into,
                    struct error *err)
{
	autofree char *path = memory_format("pods/%s", dir);
	autoclear(strv) names = {0};
	int r = path_list(data_fd, path, &names, err);

	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		if (uuid_is(names.items[i]) != uuids)
			continue;
		if (uuids)
			strv_add(into, names.items[i]);
		else
			strv_add_format(into, "%s/%s", path, names.items[i]);
	}
	return r;
}

/* Sorts, and drops what stands there twice: a pod that moved between two directories. */
static void sort_once(struct strv *names)
{
	size_t kept = 0;

	strv_sort(names);
	for (size_t i = 0; i < names->count; i++) {
		if (kept && strcmp(names->items[kept - 1], names->items[i]) == 0)
			free(names->items[i]);
		else
			names->items[kept++] = names->items[i];
	}
	names->count = kept;
	if (names->items)
		names->items[kept] = NULL;
}

static int list_all(int data_fd, bool uuids, struct strv *into, struct error *err)
{
	int r = 0;

	for (enum place place = 0; place < PLACE_NONE && r >= 0; place++)
		if (places[place].listed)
			r = list_dir(data_fd, places[place].dir, uuids, into, err);
	sort_once(into);
	return r;
}

int pods_list(int data_fd, struct strv *uuids, struct error *err)
{
	return list_all(data_fd, true, uuids, err);
}

int pods_list_in(int data_fd, const char *place, struct strv *uuids, struct error *err)
{
	int r = list_dir(data_fd, place, true, uuids, err);

	strv_sort(uuids);
	return r;
}

int pods_list_foreign(int data_fd, struct strv *paths, struct error *err)
{
	return list_all(data_fd, false, paths, err);
}

static int no_matches(const char *text, struct error *err)
{
	return error_set(err, -ENOENT, "no matches found for \"%s\"", text);
}

/* Looks for the one pod of that name, and at no other. */
static int resolve_full(int data_fd, const char *text, struct error *err)
{
	for (enum place place = 0; place < PLACE_NONE; place++) {
		struct place_path path = path_in(place, text);
		struct stat st;
		int r;

		if (!places[place].listed)
			continue;
		r = path_stat(data_fd, path.text, &st, err);
		if (r != -ENOENT)
			return r;
	}
	return no_matches(text, err);
}

static int resolve_prefix(int data_fd, const char *prefix, struct uuid *uuid,
                          struct error *err)
{
	autoclear(strv) uuids = {0};
	size_t matches = 0;

	if (pods_list(data_fd, &uuids, err) < 0)
		return err->code;
	for (size_t i = 0; i < uuids.count; i++) {
		if (strncmp(uuids.items[i], prefix, strlen(prefix)) != 0)
			continue;
		snprintf(uuid->text, sizeof(uuid->text), "%s", uuids.items[i]);
		matches++;
	}
	if (matches == 0)
		return no_matches(prefix, err);
	if (matches > 1)
		return error_set(err, -ENOTUNIQ, "ambiguous uuid, %zu matches", matches);
	return 0;
}

int pods_resolve(int data_fd, const char *text, struct uuid *uuid, struct error *err)
{
	autofree char *lower = memory_text(text);

	if (!*text)
		return error_set(err, -EINVAL, "UUID cannot be empty");
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!uuid_is(lower))
		return resolve_prefix(data_fd, lower, uuid, err);
	if (resolve_full(data_fd, lower, err) < 0)
		return err->code;
	snprintf(uuid->text, sizeof(uuid->text), "%s", lower);
	return 0;
}

int pods_read_uuid(const char *file, char **text, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, file, PATH_HOST, O_RDONLY | O_NOCTTY, err);
	autoclear(buf) content = {0};
	const char *from, *end;

	if (fd < 0)
		return err->code;
	if (file_read(fd, UUID_FILE_MAX, &content, err) < 0)
		return error_wrap(err, "'%s'", file);
	from = buf_string(&content);
	while (isspace((unsigned char)*from))
		from++;
	end = from + strlen(from);
	while (end > from && isspace((unsigned char)end[-1]))
		end--;
	*text = memory_bytes(from, (size_t)(end - from));
	return 0;
}

/* Whether the pod's own directory is what lies at PLACE. */
static bool lies_in(const struct pod *pod, enum place place)
{
	struct place_path path = path_in(place, pod->uuid);
	struct stat here, ours;
	struct error err;

	return path_stat(pod->data_fd, path.text, &here, &err) == 0 &&
	       fstat(pod->fd, &ours) == 0 && here.st_ino == ours.st_ino &&
	       here.st_dev == ours.st_dev;
}

/* Whether someone else holds FD's lock: LOCK_TAKEN is nobody. */
static int probe(int fd, struct error *err)
{
	int r = lock_try(fd, LOCK_SHARED, err);

	if (r == LOCK_TAKEN)
		lock_drop(fd);
	return r;
}

/* The same for one in pods/prepare that seemed unlocked. While any pod is being born it
 * may be this one. */
static int probe_born(const struct pod *pod, struct error *err)
{
	autoclose int prepare_fd = path_open_dir(pod->data_fd, "pods/prepare", err);
	int r = prepare_fd;

	if (r >= 0)
		r = lock_try(prepare_fd, LOCK_EXCLUSIVE, err);
	return r == LOCK_TAKEN ? probe(pod->fd, err) : r;
}

int pod_refresh(struct pod *pod, struct error *err)
{
	for (; pod->place < PLACE_NONE; pod->place++) {
		int r = LOCK_TAKEN;

		if (!pod->locked)
			r = probe(pod->fd, err);
		if (r == LOCK_TAKEN && !pod->locked && pod->place == PLACE_PREPARE)
			r = probe_born(pod, err);
		if (r < 0)
			return error_wrap(err, "pod '%s'", pod->uuid);
		/* What the lock says holds for the place only if it still lay there then. */
		if (!lies_in(pod, pod->place))
			continue;
		pod->state = r == LOCK_BUSY ? places[pod->place].locked
		                            : places[pod->place].free;
		return 0;
	}
	pod->state = POD_GONE;
	return 0;
}

int pod_open(struct pod **result, int data_fd, const char *uuid, struct error *err)
{
	autoptr(pod) pod = memory_zeroed(1, sizeof(*pod));

	snprintf(pod->uuid, sizeof(pod->uuid), "%s", uuid);
	pod->data_fd = data_fd;
	pod->fd = -1;
	for (; pod->place < PLACE_NONE; pod->place++) {
		struct place_path path = path_in(pod->place, uuid);

		pod->fd = path_open_dir(data_fd, path.text, err);
		if (pod->fd != -ENOENT)
			break;
	}
	if (pod->place == PLACE_NONE)
		return no_matches(uuid, err);
	if (pod->fd < 0 || pod_refresh(pod, err) < 0)
		return err->code;
	if (pod->state == POD_GONE)
		return no_matches(uuid, err);
	*result = take(pod);
	return 0;
}

void pod_free(struct pod *pod)
{
	if (!pod)
		return;
	if (pod->fd >= 0)
		close(pod->fd);
	free(pod);
}

int pod_open_by(struct pod **pod, int data_fd, const char *text, const char *uuid_file,
                struct error *err)
{
	autofree char *read = NULL;
	struct uuid uuid;

	if (uuid_file && pods_read_uuid(uuid_file, &read, err) < 0)
		return err->code;
	if (pods_resolve(data_fd, read ? read : text, &uuid, err) < 0)
		return err->code;
	return pod_open(pod, data_fd, uuid.text, err);
}

enum pod_state pod_state(const struct pod *pod)
{
	return pod->state;
}

const char *pod_uuid(const struct pod *pod)
{
	return pod->uuid;
}

int pod_fd(const struct pod *pod)
{
	return pod->fd;
}

/* Takes the lock unless someone holds it exclusively. Who only looks lets go at once. */
static int lock_soon(int fd, struct error *err)
{
	const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS};
	int r = lock_try(fd, LOCK_EXCLUSIVE, err);

	for (int i = 0; r == LOCK_BUSY && i < LOOKS_MAX; i++) {
		if (probe(fd, err) == LOCK_BUSY)
			return LOCK_BUSY;
		nanosleep(&pause, NULL);
		r = lock_try(fd, LOCK_EXCLUSIVE, err);
	}
	return r;
}

int pod_lock(struct pod *pod, bool wait, struct error *err)
{
	int r = wait ? lock_wait(pod->fd, LOCK_EXCLUSIVE, err) : lock_soon(pod->fd, err);

	if (r < 0)
		return error_wrap(err, "pod '%s'", pod->uuid);
	if (r == LOCK_BUSY)
		return r;
	pod->locked = true;
	return pod_refresh(pod, err);
}

int pod_move(struct pod *pod, const char *to, struct error *err)
{
	struct place_path from;
	autofree char *path = memory_format("pods/%s/%s", to, pod->uuid);

	if (pod->place == PLACE_NONE)
		return no_matches(pod->uuid, err);
	from = path_in(pod->place, pod->uuid);
	if (path_rename_new(pod->data_fd, from.text, pod->data_fd, path, err) < 0)
		return err->code;
	return pod_refresh(pod, err);
}
