/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"
#include "stage0/config/import_program.h"
#include "stage0/store/draft.h"
#include "stage0/store/import_answer.h"
#include "stage0/store/inner.h"

/* An image on its way into the store. */
struct import {
	struct store *store;
	const char *origin;
	const char *name; /* the origin's last part, for what is said of the manifest */
	struct draft *draft;
	struct import_answer answer;
	struct image_id id;
	struct image_manifest manifest;
};

static void import_clear(struct import *import)
{
	draft_free(import->draft);
	image_manifest_clear(&import->manifest);
}

static int start_program(const struct import *import, int aci_fd, int answer_fd,
                         pid_t *pid, struct error *err)
{
	char *argv[] = {(char *)(uintptr_t)IMPORT_UNPACK, (char *)(uintptr_t)import->name,
	                NULL};
	autoclose int unused = path_open(AT_FDCWD, "/dev/null", PATH_HOST, O_RDWR, err);

	if (unused < 0)
		return unused;
	const int fds[IMPORT_FD_COUNT] = {
		[IMPORT_ARCHIVE] = aci_fd,
		[IMPORT_UNUSED] = unused,
		[IMPORT_MESSAGES] = STDERR_FILENO,
		[IMPORT_DRAFT] = draft_fd(import->draft),
		[IMPORT_ANSWER] = answer_fd,
	};
	return import_program_start(argv, fds, IMPORT_FD_COUNT, pid, err);
}

/* Runs the import program to its end, and reads its answer. */
static int run_program(struct import *import, int aci_fd, struct error *err)
{
	autoclear(buf) answer = {0};
	autoclose int from = -1, to = -1;
	struct error read_error = {0};
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	from = ends[0];
	to = ends[1];
	if (start_program(import, aci_fd, to, &pid, err) < 0)
		return err->code;
	close(to);
	to = -1;
	(void)!file_read(from, sizeof(import->answer), &answer, &read_error);
	status = process_wait(pid, err);
	if (status < 0)
		return status;
	if (answer.len == sizeof(import->answer)) {
		memcpy(&import->answer, answer.data, answer.len);
		return 0;
	}
	return import_program_ended(status, err);
}

/* The program has read hostile bytes: its answer is judged like them. */
static int check_answer(struct import *import, struct error *err)
{
	static const char deps[] = "deps-";
	struct import_answer *a = &import->answer;
	struct image_id tree;

	a->error.text[sizeof(a->error.text) - 1] = '\0';
	if (a->error.code < 0)
		return error_set(err, a->error.code, "%s", a->error.text);
	a->digest[sizeof(a->digest) - 1] = '\0';
	a->tree.text[sizeof(a->tree.text) - 1] = '\0';
	if (strlen(a->digest) != sizeof(a->digest) - 1 ||
	    image_id_parse(a->digest, &import->id, err) < 0 ||
	    strlen(a->tree.text) != sizeof(a->tree.text) - 1 ||
	    strncmp(a->tree.text, deps, sizeof(deps) - 1) != 0 ||
	    image_id_parse(a->tree.text + sizeof(deps) - 1, &tree, err) < 0 ||
	    a->size < 0 || a->tree_size < 0)
		return error_set(err, -EPROTO,
		                 "the import program's answer makes no sense");
	return 0;
}

static int read_manifest(struct import *import, struct error *err)
{
	autoclear(buf) text = {0};
	int r = file_read_at(draft_fd(import->draft), IMPORT_MANIFEST,
	                     SCHEMA_DOCUMENT_MAX, &text, err);

	if (r >= 0)
		r = image_manifest_decode(buf_string(&text), text.len, &import->manifest,
		                          err);
	if (r < 0)
		return error_wrap(err, "manifest of '%s'", import->name);
	if (import->manifest.dependencies.count)
		return error_set(err, -EOPNOTSUPP,
		                 "depends on the image '%s': dependencies are not "
		                 "served yet",
		                 import->manifest.dependencies.items[0].image_name);
	return 0;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Adds what the image's directory has besides what was unpacked, and waits for the disk. */
static int complete(struct import *import, struct error *err)
{
	autofree char *link = memory_format("../../tree/%s", import->answer.tree.text);
	int fd = draft_fd(import->draft);
	const struct image_info info = {
		.digest = import->answer.digest,
		.origin = (char *)(uintptr_t)import->origin,
		.size = import->answer.size,
		.tree_size = import->answer.tree_size,
		.import_time = now(),
	};
	int r = image_info_write(fd, &info, err);

	if (r >= 0)
		r = path_make_symlink(link, fd, "tree", err);
	if (r >= 0 && syncfs(fd) < 0)
		r = error_errno(err, "cannot write to the disk");
	return r;
}

/* What is in the store already is only renewed. */
static int renew(struct import *import, struct error *err)
{
	autoclear(image_info) info = {0};
	autoclose int dir = -1;
	int r;

	dir = path_open_dir(import->store->images_fd, import->id.text, err);
	if (dir < 0)
		return dir;
	r = image_info_read(dir, ".", &info, err);
	if (r < 0)
		return r;
	info.import_time = now();
	free(info.origin);
	info.origin = memory_text(import->origin);
	return image_info_write(dir, &info, err);
}

/* Whether the two files have the same bytes; both are read from their beginning. */
static int is_same(int a, int b, struct error *err)
{
	enum { PART = 128 << 10 };
	autofree char *parts = memory_zeroed(2, PART);
	off_t offset = 0;

	for (;;) {
		ssize_t n = pread(a, parts, PART, offset);
		ssize_t m = pread(b, parts + PART, PART, offset);

		if (n < 0 || m < 0)
			return error_errno(err, "cannot read");
		if (n != m || memcmp(parts, parts + PART, (size_t)n) != 0)
			return false;
		if (n == 0)
			return true;
		offset += n;
	}
}

/* Whether KEY's archive is the file ACI_FD, of SIZE bytes, and its tree is there. */
static int is_image_of(struct store *store, const char *key, int aci_fd, off_t size,
                       struct error *err)
{
	autofree char *path = memory_format("%s/aci", key);
	autoclose int fd = -1;
	struct image_id id;
	struct tree_id tree;
	struct stat st;

	if (image_id_parse(key, &id, err) < 0 ||
	    path_stat(store->images_fd, path, &st, err) < 0 || st.st_size != size ||
	    store_tree(store, &id, &tree, err) != STORE_OK ||
	    path_stat(store->trees_fd, tree.text, &st, err) < 0)
		return false;
	fd = path_open(store->images_fd, path, PATH_OURS, O_RDONLY, err);
	return fd < 0 ? false : is_same(aci_fd, fd, err);
}

/*
 * Looks for an image that was made of these very bytes. Comparing them is many times cheaper
 * than unpacking them again only to throw them away, which also slows the file system down
 * for a while. Returns whether there was one, which is as good as new.
 */
static int is_stored(struct import *import, int aci_fd, struct error *err)
{
	struct store *store = import->store;
	autoclear(strv) keys = {0};
	struct stat st;
	int r;

	if (fstat(aci_fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    lseek(aci_fd, 0, SEEK_CUR) != 0)
		return false;
	r = path_list(store->images_fd, ".", &keys, err);
	for (size_t i = 0; r == 0 && i < keys.count; i++) {
		r = is_image_of(store, keys.items[i], aci_fd, st.st_size, err);
		if (r > 0)
			(void)!image_id_parse(keys.items[i], &import->id, err);
	}
	if (r <= 0)
		return r;
	r = store_lock(store, LOCK_SHARED, err);
	if (r < 0)
		return r;
	r = renew(import, err);
	store_unlock(store);
	if (r == -ENOENT)
		return false;
	return r < 0 ? r : true;
}

/* Under the store's lock: name, tree and image, in an order in which a crash leaves only
 * what store_sweep() and store_remove_trees() find. */
static int publish(struct import *import, struct error *err)
{
	struct store *store = import->store;
	int fd = draft_fd(import->draft);
	int r = name_index_add(store->names_fd, import->manifest.name, &import->id, err);

	if (r < 0)
		return r;
	r = path_rename_new(fd, IMPORT_UNPACKED, store->trees_fd,
	                    import->answer.tree.text, err);
	if (r == -EEXIST)
		r = path_remove_tree(fd, IMPORT_UNPACKED, err);
	if (r >= 0)
		r = draft_publish(import->draft, store->images_fd, import->id.text, err);
	return r == DRAFT_EXISTS ? renew(import, err) : r;
}

static int unpack(struct import *import, int aci_fd, struct error *err)
{
	int r = run_program(import, aci_fd, err);

	if (r >= 0)
		r = check_answer(import, err);
	return r < 0 ? r : read_manifest(import, err);
}

static int store_it(struct import *import, struct error *err)
{
	int r = complete(import, err);

	if (r >= 0)
		r = store_lock(import->store, LOCK_SHARED, err);
	if (r >= 0) {
		r = publish(import, err);
		store_unlock(import->store);
	}
	return r < 0 ? error_wrap(err, "cannot store") : r;
}

int store_import(struct store *store, int aci_fd, const char *origin, struct image_id *id,
                 struct error *err)
{
	const char *slash = strrchr(origin, '/');
	autoclear(import) import = {
		.store = store,
		.origin = origin,
		.name = slash && slash[1] ? slash + 1 : origin,
	};

	int r = is_stored(&import, aci_fd, err);

	if (r < 0)
		return error_wrap(err, "cannot compare it with what is stored");
	if (r > 0) {
		*id = import.id;
		return 0;
	}
	if (store_names_fd(store, err) < 0 || store_drafts_fd(store, err) < 0 ||
	    draft_begin(&import.draft, store->drafts_fd, NULL, err) < 0 ||
	    unpack(&import, aci_fd, err) < 0 || store_it(&import, err) < 0)
		return err->code;
	*id = import.id;
	return 0;
}
