/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/stage1_image.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/config/config.h"
#include "stage0/config/install.h"
#include "stage0/fetch/finder.h"
#include "stage0/pod/app_args.h"
#include "stage0/store/arrival.h"
#include "stage0/store/reference.h"
/* Written by the build once it has made the images. */
#include "stage1_images.h"

/* One of this installation's images. */
struct stage1_known {
	const char *name;
	const char *version;
	const char *file;
	const char *id;
};

/* The first one is the default. */
static const struct stage1_known known_images[] = {STAGE1_IMAGES{0}};

/* What rkt calls a stage1, and what does its work here; NULL: nothing does. */
static const struct alias {
	const char *name;
	const char *file;
	const char *ours;
} aliases[] = {
	{"coreos.com/rkt/stage1-coreos", "stage1-coreos.aci", "gantry/stage1-native"},
	{"coreos.com/rkt/stage1-host", "stage1-host.aci", "gantry/stage1-native"},
	{"coreos.com/rkt/stage1-src", "stage1-src.aci", "gantry/stage1-native"},
	{"coreos.com/rkt/stage1-fly", "stage1-fly.aci", "gantry/stage1-fly"},
	{"coreos.com/rkt/stage1-kvm", "stage1-kvm.aci", NULL},
	{0},
};

static const struct stage1_known *find_name(const char *name)
{
	for (const struct stage1_known *k = known_images; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

static const struct stage1_known *find_file(const char *file)
{
	for (const struct stage1_known *k = known_images; k->name; k++)
		if (!strcmp(k->file, file))
			return k;
	return NULL;
}

static int open_installed(const char *file, char **path, struct error *err)
{
	autofree char *dir = NULL;

	if (install_path(INSTALL_STAGE1_IMAGES, &dir, err) < 0)
		return err->code;
	*path = memory_format("%s/%s", dir, file);
	return path_open(AT_FDCWD, *path, PATH_HOST, O_RDONLY | O_NOCTTY, err);
}

static int import_installed(struct host *host, const char *file, struct image_id *id,
                            struct error *err)
{
	autofree char *path = NULL;
	autoclose int fd = open_installed(file, &path, err);
	struct store *store;

	if (fd < 0 || host_store(host, &store, err) < 0)
		return err->code;
	return store_import(store, fd, path, id, err);
}

/* The image is in the store after its first use, and found there by its digest alone. */
static int use_known(struct host *host, const struct stage1_known *known,
                     struct image_id *id, struct error *err)
{
	struct image_id got;
	struct store *store;
	int r = host_store(host, &store, err);

	if (r >= 0)
		r = store_resolve(store, known->id, id, err);
	if (r != STORE_MISSING)
		return r;
	if (import_installed(host, known->file, &got, err) < 0)
		return err->code;
	if (strcmp(got.text, known->id) != 0)
		return error_set(err, -EBADMSG,
		                 "'%s' is not the file that was built with this gantry: "
		                 "install both anew",
		                 known->file);
	*id = got;
	return 0;
}

static int use_alias(struct host *host, const struct alias *alias, struct image_id *id,
                     struct error *err)
{
	const struct stage1_known *known = alias->ours ? find_name(alias->ours) : NULL;

	if (!alias->ours)
		return error_set(
			err, -EOPNOTSUPP,
			"a stage1 that runs a virtual machine is not served yet");
	if (!known)
		return error_set(err, -ENOENT, "'%s' is not part of this build",
		                 alias->ours);
	return use_known(host, known, id, err);
}

/* One that is not of this installation: signed as any other image. */
static int find_other(struct host *host, const char *image, struct image_id *id,
                      struct error *err)
{
	const struct finder_request request = {.image = image};

	return finder_find(host, &request, PULL_NEW, pod_asked.progress, id, err);
}

/* Whether LABELS ask for what KNOWN is. */
static bool is_version(const struct stage1_known *known, const struct reference *ref)
{
	return ref->labels.count == 0 ||
	       (ref->labels.count == 1 && !strcmp(ref->labels.items[0].name, "version") &&
	        !strcmp(ref->labels.items[0].value, known->version));
}

/* Returns STAGE1_OTHER for a name that is not of this installation. */
enum { STAGE1_OTHER = 1 };

static int use_ours(struct host *host, const struct reference *ref, struct image_id *id,
                    struct error *err)
{
	const struct stage1_known *known = find_name(ref->text);

	for (const struct alias *a = aliases; a->name; a++)
		if (!strcmp(a->name, ref->text))
			return use_alias(host, a, id, err);
	if (known && is_version(known, ref))
		return use_known(host, known, id, err);
	return STAGE1_OTHER;
}

/* In the store with whatever labels it has; else from where its name leads. */
static int use_name(struct host *host, const char *text, struct image_id *id,
                    struct error *err)
{
	autoclear(reference) ref = {0};
	struct store *store;
	int r;

	if (reference_parse_name(text, &ref, err) < 0 ||
	    host_store(host, &store, err) < 0)
		return err->code;
	r = use_ours(host, &ref, id, err);
	if (r != STAGE1_OTHER)
		return r;
	r = finder_resolve(store, text, id, err);
	return r == -ENOENT ? find_other(host, text, id, err) : r;
}

/* The known image whose installed file is the file FD, or NULL. */
static const struct stage1_known *known_file(int fd)
{
	struct stat given, installed;
	struct error ignored;

	if (fstat(fd, &given) < 0)
		return NULL;
	for (const struct stage1_known *k = known_images; k->name; k++) {
		autofree char *path = NULL;
		autoclose int other = open_installed(k->file, &path, &ignored);

		if (other >= 0 && fstat(other, &installed) == 0 &&
		    given.st_dev == installed.st_dev && given.st_ino == installed.st_ino)
			return k;
	}
	return NULL;
}

/* The finder asks for the signature of any other file. */
static int use_path(struct host *host, const char *path, struct image_id *id,
                    struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_NOCTTY, err);
	/* Not to be taken for an image's name. */
	autofree char *file = memory_format("%s%s", *path == '/' ? "" : "./", path);
	const struct stage1_known *known;

	if (fd < 0)
		return fd;
	known = known_file(fd);
	if (known)
		return use_known(host, known, id, err);
	return find_other(host, file, id, err);
}

/* In the directory that is configured; else in the installation's. */
static int use_installed(struct host *host, const char *file, struct image_id *id,
                         struct error *err)
{
	const struct stage1_known *known = find_file(file);
	const struct config *config;

	if (strchr(file, '/'))
		return error_set(err, -EINVAL, "must be a file's name, without '/'");
	if (host_config(host, CONFIG_PATHS, &config, err) < 0)
		return err->code;
	if (config->stage1_images.text) {
		autofree char *path = memory_format("%s/%s", config->stage1_images.text,
		                                    file);

		return use_path(host, path, id, err);
	}
	if (known)
		return use_known(host, known, id, err);
	for (const struct alias *a = aliases; a->name; a++)
		if (!strcmp(a->file, file))
			return use_alias(host, a, id, err);
	return import_installed(host, file, id, err);
}

static int use_hash(struct host *host, const char *text, struct image_id *id,
                    struct error *err)
{
	struct store *store;

	if (!image_id_is_hash(text))
		return error_set(err, -EINVAL, "must be an image ID");
	if (host_store(host, &store, err) < 0)
		return err->code;
	return finder_resolve(store, text, id, err);
}

static int use_url(struct host *host, const char *url, struct image_id *id,
                   struct error *err)
{
	if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0)
		return error_set(err, -EINVAL, "must be an http or https URL");
	return find_other(host, url, id, err);
}

/* What is configured by name is in the store, or has a location besides (rkt 7.3). */
static int use_configured_name(struct host *host, const struct config *config,
                               struct image_id *id, struct error *err)
{
	static const char dirty[] = "-dirty";
	const char *version = config->stage1_version.text;
	size_t len = strlen(version), tail = strlen(dirty);
	autofree char *text = memory_format("%s:%s", config->stage1_name.text, version);
	autoclear(reference) ref = {0};
	struct store *store;
	int r;

	if (reference_parse_name(text, &ref, err) < 0 ||
	    host_store(host, &store, err) < 0)
		return err->code;
	/* Such a version is of many images: the location tells which. */
	if (len >= tail && !strcmp(version + len - tail, dirty) &&
	    config->stage1_location.text)
		return -ENOENT;
	r = use_ours(host, &ref, id, err);
	return r == STAGE1_OTHER ? finder_resolve(store, text, id, err) : r;
}

static int use_location(struct host *host, const char *location, struct image_id *id,
                        struct error *err)
{
	autoclear(reference) ref = {0};

	if (*location == '/')
		return use_path(host, location, id, err);
	if (reference_parse(location, &ref, err) < 0)
		return err->code;
	if (ref.kind == REFERENCE_FILE)
		return use_path(host, ref.text, id, err);
	if (ref.kind == REFERENCE_DOCKER)
		return error_set(err, -EOPNOTSUPP, "Docker images are not served yet");
	return use_url(host, location, id, err);
}

static int use_configured(struct host *host, const struct config *config,
                          struct image_id *id, struct error *err)
{
	const struct config_setting *name = &config->stage1_name;
	const struct config_setting *location = &config->stage1_location;
	int r = -ENOENT;

	if (name->text) {
		r = use_configured_name(host, config, id, err);
		if (r >= 0 || r != -ENOENT || !location->text)
			return r < 0 ? error_wrap(err, "'%s'", name->origin.path) : r;
	}
	r = use_location(host, location->text, id, err);
	return r < 0 ? error_wrap(err, "'%s': .location", location->origin.path) : r;
}

static int use_default(struct host *host, const char *value, struct image_id *id,
                       struct error *err)
{
	const struct config *config;

	(void)value;
	if (host_config(host, CONFIG_STAGE1, &config, err) < 0)
		return err->code;
	if (config->stage1_name.text || config->stage1_location.text)
		return use_configured(host, config, id, err);
	if (!known_images[0].name)
		return error_set(err, -ENOENT, "no stage1 image is part of this build");
	return use_known(host, &known_images[0], id, err);
}

/* How each of the options finds its image. */
static int (*const use[])(struct host *host, const char *value, struct image_id *id,
                          struct error *err) = {
	[STAGE1_DEFAULT] = use_default, [STAGE1_NAME] = use_name,
	[STAGE1_PATH] = use_path,       [STAGE1_FROM_DIR] = use_installed,
	[STAGE1_HASH] = use_hash,       [STAGE1_URL] = use_url,
};

int stage1_find(struct host *host, const struct stage1_choice *choice,
                struct image_id *id, struct error *err)
{
	if (use[choice->flag](host, choice->value, id, err) < 0)
		return error_wrap(err, "stage1 image '%s'",
		                  choice->value ? choice->value : "default");
	return 0;
}
