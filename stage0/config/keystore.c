/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/keystore.h"

#include <string.h>

#include "common/appc/name.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/config/keystore_inner.h"

enum { DEPTH_MAX = 64 };

struct keystore *keystore_new(const struct config_paths *paths)
{
	struct keystore *keystore = memory_zeroed(1, sizeof(*keystore));

	for (size_t i = 0; i < CONFIG_LAYERS; i++)
		keystore->paths[i] = memory_text(paths->of[i]);
	return keystore;
}

void keystore_free(struct keystore *keystore)
{
	if (!keystore)
		return;
	for (size_t i = 0; i < CONFIG_LAYERS; i++)
		free(keystore->paths[i]);
	free(keystore);
}

static void trusted_key_clear(struct trusted_key *key)
{
	free(key->fingerprint);
	free(key->prefix);
	free(key->path);
	free(key->text);
	free(key->hidden_by);
}

void trusted_keys_clear(struct trusted_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		trusted_key_clear(&keys->items[i]);
	free(keys->items);
	memset(keys, 0, sizeof(*keys));
}

static struct trusted_key trusted_key_copy(const struct trusted_key *key)
{
	return (struct trusted_key){
		.fingerprint = memory_text(key->fingerprint),
		.prefix = memory_text(key->prefix),
		.path = memory_text(key->path),
		.layer = key->layer,
		.text = memory_text(key->text),
		.hidden_by = memory_text(key->hidden_by),
	};
}

bool keystore_is_fingerprint(const char *text)
{
	size_t len = strlen(text);

	return (len == 40 || len == 64) && strspn(text, "0123456789abcdef") == len;
}

/* Whether the LEN bytes of PART may name a directory. */
static bool is_part(const char *part, size_t len)
{
	return len > 0 && len <= 255 && !(len == 1 && part[0] == '.') &&
	       !(len == 2 && part[0] == '.' && part[1] == '.');
}

const char *keystore_check_prefix(const char *text)
{
	const char *wrong = name_check_identifier(text);

	for (const char *part = text; !wrong; part++) {
		size_t len = strcspn(part, "/");

		if (!is_part(part, len))
			return "must have a name between any two '/'";
		part += len;
		if (!*part)
			break;
	}
	return wrong;
}

bool keystore_is_prefix(const char *prefix, const char *name)
{
	size_t len = strlen(prefix);

	return len == 0 || (strncmp(prefix, name, len) == 0 &&
	                    (name[len] == '\0' || name[len] == '/'));
}

struct trusted_key *trusted_keys_find(const struct trusted_keys *keys,
                                      const char *fingerprint)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->items[i].fingerprint, fingerprint) == 0)
			return &keys->items[i];
	return NULL;
}

int keystore_open_dir(const struct keystore *keystore, enum config_layer layer,
                      const char *kind, struct config_dir **dir, struct error *err)
{
	autoptr(config_dir) top = NULL;
	autoptr(config_dir) trusted = NULL;
	int r = CONFIG_MISSING;

	if (keystore->paths[layer])
		r = config_dir_open(keystore->paths[layer], &top, err);
	if (r == 0)
		r = config_dir_open_below(top, KEYSTORE_DIR, CONFIG_LINKS, &trusted, err);
	if (r == 0)
		r = config_dir_open_below(trusted, kind, CONFIG_LINKS, dir, err);
	return r;
}

/* What stands in a directory of keys, and in those below it if WALK. */
struct visit {
	enum config_layer layer;
	const char *prefix;
	int depth;
	bool walk;
};

static int visit_dir(const struct config_dir *dir, const struct visit *visit,
                     struct trusted_keys *files, struct error *err);

static int visit_file(const struct config_dir *dir, const struct visit *visit,
                      const char *name, struct trusted_keys *files, struct error *err)
{
	autoclear(config_file) file = {0};
	struct trusted_key *key;
	int r = config_dir_read(dir, name, CONFIG_LINKS, &file, err);

	if (r)
		return r;
	if (files->count >= CONFIG_FILES_MAX)
		return error_set(err, -EFBIG, "'%s': there are more than %d keys",
		                 config_dir_path(dir), CONFIG_FILES_MAX);
	key = list_add(files);
	key->fingerprint = memory_text(name);
	key->prefix = memory_text(visit->prefix);
	key->path = memory_format("%s/%s", config_dir_path(dir), name);
	key->layer = visit->layer;
	key->text = memory_text(buf_string(&file.text));
	return 0;
}

static int visit_below(const struct config_dir *dir, const struct visit *visit,
                       const char *name, struct trusted_keys *files, struct error *err)
{
	autofree char *prefix = memory_format("%s%s%s", visit->prefix,
	                                      *visit->prefix ? "/" : "", name);
	const struct visit next = {visit->layer, prefix, visit->depth + 1, true};
	autoptr(config_dir) below = NULL;
	int r;

	if (next.depth > DEPTH_MAX)
		return error_set(err, -ELOOP, "'%s' is deeper than %d directories",
		                 config_dir_path(dir), DEPTH_MAX);
	r = config_dir_open_below(dir, name, CONFIG_NO_LINKS, &below, err);
	return r ? r : visit_dir(below, &next, files, err);
}

static int visit_name(const struct config_dir *dir, const struct visit *visit,
                      const char *name, struct trusted_keys *files, struct error *err)
{
	bool is_fingerprint = keystore_is_fingerprint(name);
	int r = CONFIG_SKIPPED;

	if (is_fingerprint)
		r = visit_file(dir, visit, name, files, err);
	/* A directory, perhaps; those of other prefixes are not asked for. What is MISSING but
	 * listed is a link that leads nowhere. */
	if (r > 0) {
		struct stat st;

		if (path_stat(config_dir_fd(dir), name, &st, err) < 0)
			return err->code == -ENOENT ? 0 : err->code;
		if (S_ISDIR(st.st_mode))
			r = visit->walk ? visit_below(dir, visit, name, files, err) : 0;
		else if (is_fingerprint)
			return error_set(err, -EINVAL,
			                 "'%s/%s' is no file: a key is one, and an empty "
			                 "one masks",
			                 config_dir_path(dir), name);
		else
			log_warning("'%s/%s' is not looked at: the name of a key's file "
			            "is its fingerprint, 40 or 64 lower-case hex digits",
			            config_dir_path(dir), name);
	}
	return r < 0 ? r : 0;
}

static int visit_dir(const struct config_dir *dir, const struct visit *visit,
                     struct trusted_keys *files, struct error *err)
{
	autoclear(strv) names = {0};
	int r = config_dir_list(dir, &names, err);

	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (names.items[i][0] != '.')
			r = visit_name(dir, visit, names.items[i], files, err);
	return r;
}

/* The directories of NAME and of each parent of it. */
static int visit_way(const struct config_dir *dir, enum config_layer layer,
                     const char *name, struct trusted_keys *files, struct error *err)
{
	autofree char *prefix = memory_text(name);
	autoptr(config_dir) at = NULL;
	size_t from = 0;

	for (;;) {
		size_t len = strcspn(name + from, "/");
		autofree char *part = memory_bytes(name + from, len);
		const struct visit visit = {layer, prefix, 0, false};
		struct config_dir *below = NULL;
		int r;

		if (!is_part(part, len))
			return 0;
		r = config_dir_open_below(at ? at : dir, part, CONFIG_NO_LINKS, &below,
		                          err);
		if (r)
			return r == -ENOTDIR || r > 0 ? 0 : r;
		config_dir_free(at);
		at = below;
		prefix[from + len] = '\0';
		if (visit_dir(at, &visit, files, err) < 0)
			return err->code;
		if (!name[from + len])
			return 0;
		prefix[from + len] = '/';
		from += len + 1;
	}
}

int keystore_gather(const struct keystore *keystore, const char *name,
                    struct trusted_keys *files, struct error *err)
{
	int r = 0;

	for (enum config_layer i = 0; r >= 0 && i < CONFIG_LAYERS; i++) {
		const struct visit visit = {i, "", 0, false};
		autoptr(config_dir) dir = NULL;

		r = keystore_open_dir(keystore, i, KEYSTORE_ROOT, &dir, err);
		if (r == 0)
			r = visit_dir(dir, &visit, files, err);
	}
	for (enum config_layer i = 0; r >= 0 && i < CONFIG_LAYERS; i++) {
		const struct visit visit = {i, "", 0, true};
		autoptr(config_dir) dir = NULL;

		if (name && !*name)
			break;
		r = keystore_open_dir(keystore, i, KEYSTORE_PREFIX, &dir, err);
		if (r == 0)
			r = name ? visit_way(dir, i, name, files, err)
			         : visit_dir(dir, &visit, files, err);
	}
	return r < 0 ? error_wrap(err, "trusted keys") : 0;
}

void keystore_resolve(const struct trusted_keys *files, const char *name,
                      struct trusted_keys *keys)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct trusted_key *file = &files->items[i];
		struct trusted_key *key;

		if (!keystore_is_prefix(file->prefix, name))
			continue;
		key = trusted_keys_find(keys, file->fingerprint);
		if (key)
			trusted_key_clear(key);
		else
			key = list_add(keys);
		*key = trusted_key_copy(file);
	}
}

/* Adds those of FROM that are keys, and not there yet. */
static void add_keys(const struct trusted_keys *from, struct trusted_keys *keys)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct trusted_key *key = &from->items[i];

		if (*key->text && !trusted_keys_find(keys, key->fingerprint))
			*list_add(keys) = trusted_key_copy(key);
	}
}

int keystore_for_name(const struct keystore *keystore, const char *name,
                      struct trusted_keys *keys, struct error *err)
{
	autoclear(trusted_keys) files = {0}, found = {0};

	if (keystore_gather(keystore, name, &files, err) < 0)
		return err->code;
	keystore_resolve(&files, name, &found);
	add_keys(&found, keys);
	return 0;
}

int keystore_all(const struct keystore *keystore, struct trusted_keys *keys,
                 struct error *err)
{
	autoclear(trusted_keys) files = {0};

	if (keystore_gather(keystore, NULL, &files, err) < 0)
		return err->code;
	for (size_t i = 0; i < files.count; i++) {
		autoclear(trusted_keys) found = {0};

		/* One file of each prefix is enough to speak for it. */
		if (i && strcmp(files.items[i].prefix, files.items[i - 1].prefix) == 0)
			continue;
		keystore_resolve(&files, files.items[i].prefix, &found);
		add_keys(&found, keys);
	}
	return 0;
}

int keystore_covers(const struct keystore *keystore, const char *name,
                    const char *fingerprint, struct error *err)
{
	autoclear(trusted_keys) keys = {0};
	int r = keystore_for_name(keystore, name, &keys, err);

	return r < 0 ? r : trusted_keys_find(&keys, fingerprint) != NULL;
}

int keystore_has_prefix_key(const struct keystore *keystore, const char *name,
                            struct error *err)
{
	autoclear(trusted_keys) files = {0};

	if (keystore_gather(keystore, name, &files, err) < 0)
		return err->code;
	for (size_t i = 0; i < files.count; i++)
		if (*files.items[i].prefix && *files.items[i].text)
			return 1;
	return 0;
}

int keystore_is_masked(const struct keystore *keystore, const char *prefix,
                       const char *fingerprint, struct error *err)
{
	autoclear(trusted_keys) files = {0}, found = {0};
	const struct trusted_key *key;

	if (keystore_gather(keystore, prefix, &files, err) < 0)
		return err->code;
	keystore_resolve(&files, prefix, &found);
	key = trusted_keys_find(&found, fingerprint);
	return key && !*key->text;
}

static int compare_keys(const void *a, const void *b)
{
	const struct trusted_key *one = a, *other = b;
	int order = strcmp(one->prefix, other->prefix);

	if (order == 0)
		order = strcmp(one->fingerprint, other->fingerprint);
	return order ? order : (int)one->layer - (int)other->layer;
}

int keystore_list(const struct keystore *keystore, struct trusted_keys *keys,
                  struct error *err)
{
	autoclear(trusted_keys) files = {0};

	if (keystore_gather(keystore, NULL, &files, err) < 0)
		return err->code;
	for (size_t i = 0; i < files.count; i++) {
		autoclear(trusted_keys) found = {0};
		struct trusted_key *key = list_add(keys);
		const struct trusted_key *now;

		*key = trusted_key_copy(&files.items[i]);
		keystore_resolve(&files, key->prefix, &found);
		now = trusted_keys_find(&found, key->fingerprint);
		if (strcmp(now->path, key->path) != 0)
			key->hidden_by = memory_text(now->path);
	}
	if (keys->count)
		qsort(keys->items, keys->count, sizeof(*keys->items), compare_keys);
	return 0;
}
