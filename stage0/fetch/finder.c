/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/finder.h"

#include <fcntl.h>
#include <string.h>

#include "common/memory.h"
#include "common/path.h"
#include "stage0/store/arrival.h"
#include "stage0/store/reference.h"

/* What is known of an image while it is being looked for. */
struct search {
	struct host *host;
	struct store *store;
	const struct reference *ref;
	const char *signature;
	enum pull_policy policy;
};

typedef int search_kind(const struct search *search, struct image_id *id,
                        struct error *err);

static const char *const policies[] = {
	[PULL_NEW] = "new",
	[PULL_NEVER] = "never",
	[PULL_UPDATE] = "update",
};

int pull_policy_parse(void *policy, const char *text, struct error *err)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (strcmp(text, policies[i]) == 0) {
			*(enum pull_policy *)policy = (enum pull_policy)i;
			return 0;
		}
	return error_set(err, -EINVAL, "must be 'never', 'new' or 'update'");
}

static int find_hash(const struct search *search, struct image_id *id, struct error *err)
{
	return finder_resolve(search->store, search->ref->text, id, err);
}

/* Signatures lie beside their images, unless the user says where (rkt 4.7). */
static int check_signature(const struct search *search, struct error *err)
{
	autofree char *beside = memory_format("%s.asc", search->ref->text);
	const char *path = search->signature ? search->signature : beside;
	autoclose int fd = -1;

	if (host_insecure(search->host) & INSECURE_IMAGE)
		return 0;
	fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	if (fd == -ENOENT)
		return error_set(err, fd,
		                 "error opening signature file: open %s: no such file or "
		                 "directory (use --insecure-options=image to skip the "
		                 "check)",
		                 path);
	if (fd < 0)
		return error_wrap(err, "error opening signature file");
	return error_set(err, -EOPNOTSUPP,
	                 "checking the signature '%s' is not served yet (use "
	                 "--insecure-options=image to skip the check)",
	                 path);
}

static int find_file(const struct search *search, struct image_id *id, struct error *err)
{
	const char *path = search->ref->text;
	autoclose int fd = -1;
	struct stat st;

	fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);
	if (check_signature(search, err) < 0)
		return err->code;
	return store_import(search->store, fd, path, id, err);
}

static int find_name(const struct search *search, struct image_id *id, struct error *err)
{
	const struct reference *ref = search->ref;
	int r;

	if (search->policy == PULL_UPDATE)
		return error_set(err, -EOPNOTSUPP,
		                 "finding images by name over the network is not served "
		                 "yet (--pull-policy=new looks in the store)");
	r = store_find(search->store, ref->text, ref->labels.items, ref->labels.count, id,
	               err);
	if (r != STORE_MISSING)
		return r;
	if (search->policy == PULL_NEVER)
		return error_set(err, -ENOENT, "not found in the store");
	return error_set(err, -ENOENT,
	                 "not found in the store, and finding images by name over the "
	                 "network is not served yet");
}

static int find_url(const struct search *search, struct image_id *id, struct error *err)
{
	(void)search, (void)id;
	return error_set(err, -EOPNOTSUPP, "fetching images from URLs is not served yet");
}

static int find_docker(const struct search *search, struct image_id *id,
                       struct error *err)
{
	(void)search, (void)id;
	return error_set(err, -EOPNOTSUPP, "Docker images are not served yet");
}

static search_kind *const kinds[] = {
	[REFERENCE_HASH] = find_hash,     [REFERENCE_FILE] = find_file,
	[REFERENCE_NAME] = find_name,     [REFERENCE_URL] = find_url,
	[REFERENCE_DOCKER] = find_docker,
};

int finder_find(struct host *host, const char *text, const char *signature,
                enum pull_policy policy, struct image_id *id, struct error *err)
{
	autoclear(reference) ref = {0};
	struct search search = {
		.host = host,
		.ref = &ref,
		.signature = signature,
		.policy = policy,
	};
	int r = reference_parse(text, &ref, err);

	if (r < 0)
		return r;
	reference_add_defaults(&ref);
	if (signature && ref.kind != REFERENCE_FILE)
		return error_set(err, -EINVAL,
		                 "image '%s': --signature is for images in files", text);
	r = host_store(host, &search.store, err);
	if (r >= 0)
		r = kinds[ref.kind](&search, id, err);
	return r < 0 ? error_wrap(err, "image '%s'", text) : r;
}

static int resolve_id(struct store *store, const char *text, struct image_id *id,
                      struct error *err)
{
	int r = store_resolve(store, text, id, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT,
		                 "cannot resolve image ID: no image IDs found for \"%s\"",
		                 text);
	if (r == STORE_AMBIGUOUS)
		return error_set(err, -EINVAL, "ambiguous image ID: \"%s\"", text);
	return r;
}

/* In the form of rkt (rkt 2.23). */
static int not_found(const struct reference *ref, struct error *err)
{
	autoclear(buf) labels = {0};

	for (size_t i = 0; i < ref->labels.count; i++)
		buf_format(&labels, "%s{\"%s\" \"%s\"}", i ? " " : "",
		           ref->labels.items[i].name, ref->labels.items[i].value);
	return error_set(
		err, -ENOENT,
		"cannot find aci satisfying name: \"%s\" and labels: [%s] in the "
		"local store",
		ref->text, buf_string(&labels));
}

int finder_resolve(struct store *store, const char *text, struct image_id *id,
                   struct error *err)
{
	autoclear(reference) ref = {0};
	int r;

	if (image_id_is_hash(text))
		return resolve_id(store, text, id, err);
	r = reference_parse_name(text, &ref, err);
	if (r >= 0)
		r = store_find(store, ref.text, ref.labels.items, ref.labels.count, id,
		               err);
	return r == STORE_MISSING ? not_found(&ref, err) : r;
}
