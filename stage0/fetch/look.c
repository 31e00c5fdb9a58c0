/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/look.h"

#include <string.h>

#include "common/log.h"
#include "stage0/fetch/fetch_remote.h"

/* In rkt's words (rkt 4.5). */
static int not_there(const struct wanted *wanted, const char *kind, struct error *err)
{
	return error_set(err, -ENOENT,
	                 "unable to fetch image from %s \"%s\": either image was not "
	                 "found in the store or store was disabled and fetching from "
	                 "remote yielded nothing or it was disabled",
	                 kind, wanted->text);
}

static int look_for_hash(struct wanted *wanted, struct error *err)
{
	log_debug("image: using image from the store with hash %s", wanted->ref.text);
	return finder_resolve(wanted->fetching->store, wanted->ref.text, &wanted->id,
	                      err);
}

/* Each time anew (rkt 4.5). */
static int look_for_file(struct wanted *wanted, struct error *err)
{
	(void)wanted, (void)err;
	return LOOK_FETCH;
}

/* Whether the image with the ID that a dependency gives is there, and what it asks for. */
static int has_id(struct wanted *wanted, struct error *err)
{
	const struct reference *ref = &wanted->ref;
	autoclear(image_manifest) manifest = {0};
	struct error ignored;
	int r;

	if (!wanted->image_id ||
	    image_id_parse(wanted->image_id, &wanted->id, &ignored) < 0)
		return false;
	r = store_manifest(wanted->fetching->store, &wanted->id, &manifest, err);
	if (r != STORE_OK)
		return r < 0 ? r : false;
	return wanted_check(&manifest, ref->text, ref->labels.items, ref->labels.count,
	                    &ignored) >= 0;
}

static int look_for_name(struct wanted *wanted, struct error *err)
{
	struct fetching *fetching = wanted->fetching;
	const struct reference *ref = &wanted->ref;
	int r = has_id(wanted, err);

	if (r > 0)
		return LOOK_FOUND;
	if (r < 0)
		return r;
	if (fetching->policy == PULL_UPDATE)
		return LOOK_FETCH;
	r = store_find(fetching->store, ref->text, ref->labels.items, ref->labels.count,
	               &wanted->id, err);
	if (r == STORE_MISSING && fetching->policy == PULL_NEVER)
		return not_there(wanted, "image name", err);
	if (r != STORE_OK)
		return r < 0 ? r : LOOK_FETCH;
	log_debug("image: using image from local store for image name %s", wanted->text);
	return LOOK_FOUND;
}

static int look_for_url(struct wanted *wanted, struct error *err)
{
	autoptr(remote) remote = NULL;
	autoclear(remote_record) record = {0};
	int r;

	if (wanted->fetching->policy == PULL_UPDATE)
		return LOOK_FETCH;
	r = remote_open(wanted->fetching->store, wanted->ref.text, &remote, err);
	if (r >= 0)
		r = remote_read(remote, &record, &wanted->id, err);
	if (r == STORE_MISSING && wanted->fetching->policy == PULL_NEVER)
		return not_there(wanted, "URL", err);
	if (r != STORE_OK)
		return r < 0 ? r : LOOK_FETCH;
	log_debug("image: using image from local store for url %s", wanted->ref.text);
	return LOOK_FOUND;
}

static int look_for_docker(struct wanted *wanted, struct error *err)
{
	(void)wanted;
	return error_set(
		err, -EOPNOTSUPP,
		"images from Docker registries are not served yet: convert it to "
		"an ACI, and fetch that");
}

int look_for(struct wanted *wanted, struct error *err)
{
	static int (*const kinds[])(struct wanted *, struct error *) = {
		[REFERENCE_HASH] = look_for_hash,     [REFERENCE_FILE] = look_for_file,
		[REFERENCE_NAME] = look_for_name,     [REFERENCE_URL] = look_for_url,
		[REFERENCE_DOCKER] = look_for_docker,
	};
	int r = kinds[wanted->ref.kind](wanted, err);

	wanted->found = r == LOOK_FOUND;
	return r;
}
