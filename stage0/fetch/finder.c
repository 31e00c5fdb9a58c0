/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/finder.h"

#include <string.h>

#include "stage0/fetch/gather.h"
#include "stage0/store/reference.h"
#include "stage0/store/store.h"

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

int finder_find_all(struct host *host, const struct finder_request *requests,
                    size_t count, enum pull_policy policy, enum progress_style progress,
                    struct image_id *ids, struct error *err)
{
	return gather(host, requests, count, policy, progress, ids, err);
}

int finder_find(struct host *host, const struct finder_request *request,
                enum pull_policy policy, enum progress_style progress,
                struct image_id *id, struct error *err)
{
	return gather(host, request, 1, policy, progress, id, err);
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
