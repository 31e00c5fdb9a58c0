/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/config/keystore_inner.h"

enum { DIR_MODE = 0755, FILE_MODE = 0644 };

static int sync_dir(const struct config_dir *dir, struct error *err)
{
	if (fsync(config_dir_fd(dir)) < 0)
		return error_errno(err, "cannot sync '%s'", config_dir_path(dir));
	return 0;
}

/* Whatever the umask; what a directory hands on to those below it (setgid) stays. */
static int make_dir(const struct config_dir *parent, const char *name, struct error *err)
{
	struct stat st;
	int r = path_make_dir(config_dir_fd(parent), name, DIR_MODE, err);

	if (r == -EEXIST)
		return 0;
	if (r < 0 || path_stat(config_dir_fd(parent), name, &st, err) < 0)
		return err->code;
	r = path_set_mode(config_dir_fd(parent), name, (st.st_mode & S_ISGID) | DIR_MODE,
	                  err);
	return r < 0 ? r : sync_dir(parent, err);
}

/* Opens NAME in *DIR, which it closes and replaces, making it if it is not there. */
static int enter_dir(struct config_dir **dir, const char *name, enum config_links links,
                     struct error *err)
{
	struct config_dir *below = NULL;
	int r = config_dir_open_below(*dir, name, links, &below, err);

	if (r == CONFIG_MISSING) {
		if (make_dir(*dir, name, err) < 0)
			return error_wrap(err, "'%s'", config_dir_path(*dir));
		r = config_dir_open_below(*dir, name, links, &below, err);
	}
	if (r == CONFIG_MISSING)
		return error_set(err, -ENOENT, "'%s/%s' went away", config_dir_path(*dir),
		                 name);
	if (r < 0)
		return r;
	config_dir_free(*dir);
	*dir = below;
	return 0;
}

static int open_local(const struct keystore *keystore, struct config_dir **top,
                      struct error *err)
{
	const char *path = keystore->paths[CONFIG_LOCAL];
	int r = config_dir_open(path, top, err);

	if (r != CONFIG_MISSING)
		return r;
	if (path_make_dirs(AT_FDCWD, path, DIR_MODE, err) < 0)
		return err->code;
	r = config_dir_open(path, top, err);
	return r == CONFIG_MISSING ? error_set(err, -ENOENT, "'%s' went away", path) : r;
}

/* Opens the local directory for PREFIX, making what is missing of it. */
static int make_way(const struct keystore *keystore, const char *prefix,
                    struct config_dir **dir, struct error *err)
{
	autoclear(strv) parts = {0};
	autoptr(config_dir) at = NULL;
	int r = open_local(keystore, &at, err);

	if (*prefix)
		strv_split(&parts, prefix, '/');
	if (r >= 0)
		r = enter_dir(&at, KEYSTORE_DIR, CONFIG_LINKS, err);
	if (r >= 0)
		r = enter_dir(&at, *prefix ? KEYSTORE_PREFIX : KEYSTORE_ROOT,
		              CONFIG_LINKS, err);
	for (size_t i = 0; r >= 0 && i < parts.count; i++)
		r = enter_dir(&at, parts.items[i], CONFIG_NO_LINKS, err);
	if (r >= 0)
		*dir = take(at);
	return r;
}

/* The name of a draft begins with a dot: it is no key yet. */
static int write_key(const struct config_dir *dir, const char *name, const char *text,
                     struct error *err)
{
	autofree char *draft = memory_format(".%s.%d", name, (int)getpid());
	int dir_fd = config_dir_fd(dir);
	autoclose int fd = -1;
	struct error ignored;
	int r;

	(void)!path_remove(dir_fd, draft, &ignored);
	fd = path_create(dir_fd, draft, FILE_MODE, err);
	if (fd < 0)
		return error_wrap(err, "'%s'", config_dir_path(dir));
	r = file_write(fd, text, strlen(text), err);
	if (r >= 0 && (fchmod(fd, FILE_MODE) < 0 || fsync(fd) < 0))
		r = error_errno(err, "cannot write '%s'", draft);
	if (r >= 0)
		r = path_rename(dir_fd, draft, dir_fd, name, err);
	if (r < 0) {
		(void)!path_remove(dir_fd, draft, &ignored);
		return error_wrap(err, "'%s'", config_dir_path(dir));
	}
	return sync_dir(dir, err);
}

static int put(const struct keystore *keystore, const char *prefix,
               const char *fingerprint, const char *text, char **path, struct error *err)
{
	autoptr(config_dir) dir = NULL;

	if (make_way(keystore, prefix, &dir, err) < 0 ||
	    write_key(dir, fingerprint, text, err) < 0)
		return error_wrap(err, "trusted keys");
	*path = memory_format("%s/%s", config_dir_path(dir), fingerprint);
	return 0;
}

/* Both become paths. */
static int check_words(const char *prefix, const char *fingerprint, struct error *err)
{
	const char *wrong = *prefix ? keystore_check_prefix(prefix) : NULL;

	if (wrong)
		return error_set(err, -EINVAL, "prefix '%s' %s", prefix, wrong);
	if (!keystore_is_fingerprint(fingerprint))
		return error_set(err, -EINVAL, "'%s' is no fingerprint", fingerprint);
	return 0;
}

int keystore_has(const struct keystore *keystore, const char *prefix,
                 const char *fingerprint, const char *text, char **path,
                 struct error *err)
{
	autoclear(trusted_keys) files = {0}, found = {0};
	const struct trusted_key *key;

	if (check_words(prefix, fingerprint, err) < 0 ||
	    keystore_gather(keystore, prefix, &files, err) < 0)
		return err->code;
	keystore_resolve(&files, prefix, &found);
	key = trusted_keys_find(&found, fingerprint);
	if (!key || strcmp(key->prefix, prefix) != 0 || strcmp(key->text, text) != 0)
		return 0;
	*path = memory_text(key->path);
	return 1;
}

int keystore_add(const struct keystore *keystore, const char *prefix,
                 const char *fingerprint, const char *text, char **path,
                 struct error *err)
{
	int r = keystore_has(keystore, prefix, fingerprint, text, path, err);

	if (r)
		return r < 0 ? r : KEYSTORE_THERE;
	return put(keystore, prefix, fingerprint, text, path, err);
}

/* The directories that are empty now, up to prefix.d. */
static void tidy(const struct keystore *keystore, const char *prefix)
{
	autofree char *path = memory_text(prefix);
	autoptr(config_dir) dir = NULL;
	struct error ignored;
	char *slash;

	if (keystore_open_dir(keystore, CONFIG_LOCAL, KEYSTORE_PREFIX, &dir, &ignored))
		return;
	while (*path && path_remove_dir(config_dir_fd(dir), path, &ignored) == 0) {
		slash = strrchr(path, '/');
		*(slash ? slash : path) = '\0';
	}
}

static int remove_file(const struct keystore *keystore, const struct trusted_key *file,
                       struct error *err)
{
	autoptr(config_dir) dir = NULL;

	if (make_way(keystore, file->prefix, &dir, err) < 0 ||
	    path_remove(config_dir_fd(dir), file->fingerprint, err) < 0 ||
	    sync_dir(dir, err) < 0)
		return error_wrap(err, "'%s'", file->path);
	tidy(keystore, file->prefix);
	return 0;
}

/* The local file for exactly PREFIX. */
static struct trusted_key *find_local(const struct trusted_keys *files,
                                      const char *prefix, const char *fingerprint)
{
	for (size_t i = 0; i < files->count; i++) {
		struct trusted_key *file = &files->items[i];

		if (file->layer == CONFIG_LOCAL && strcmp(file->prefix, prefix) == 0 &&
		    strcmp(file->fingerprint, fingerprint) == 0)
			return file;
	}
	return NULL;
}

/* What would sign if the file LOCAL were not there. */
static bool is_trusted_without(const struct trusted_keys *files,
                               const struct trusted_key *local, const char *prefix)
{
	autoclear(trusted_keys) found = {0};
	struct trusted_keys others = {0}; /* the items are FILES' */
	const struct trusted_key *key;

	for (size_t i = 0; i < files->count; i++)
		if (&files->items[i] != local)
			*list_add(&others) = files->items[i];
	keystore_resolve(&others, prefix, &found);
	free(others.items);
	key = trusted_keys_find(&found, local->fingerprint);
	return key && *key->text;
}

int keystore_remove(const struct keystore *keystore, const char *prefix,
                    const char *fingerprint, char **path, struct error *err)
{
	autoclear(trusted_keys) files = {0}, found = {0};
	const struct trusted_key *key, *local;

	if (check_words(prefix, fingerprint, err) < 0 ||
	    keystore_gather(keystore, prefix, &files, err) < 0)
		return err->code;
	keystore_resolve(&files, prefix, &found);
	key = trusted_keys_find(&found, fingerprint);
	if (!key || !*key->text)
		return error_set(err, -ENOENT, "it is not trusted");
	if (key->layer == CONFIG_USER && (*key->prefix || !*prefix))
		return error_set(err, -EPERM,
		                 "it is in the user configuration, which overrides what "
		                 "can be done here: remove '%s'",
		                 key->path);
	local = find_local(&files, prefix, fingerprint);
	if (!local || is_trusted_without(&files, local, prefix)) {
		if (put(keystore, prefix, fingerprint, "", path, err) < 0)
			return err->code;
		return KEYSTORE_MASKED;
	}
	*path = memory_text(local->path);
	return remove_file(keystore, local, err);
}
