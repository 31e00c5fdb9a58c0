/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/gather.h"

#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/fetch/dependency.h"
#include "stage0/fetch/look.h"

struct gathering {
	struct fetching fetching;
	struct dependency_graph graph;
	LIST_OF(struct wanted *) images; /* in the graph's places */
	LIST_OF(size_t) queue; /* those to be fetched, as the crew counts them */
};

static void gathering_clear(struct gathering *g)
{
	for (size_t i = 0; i < g->images.count; i++)
		wanted_free(g->images.items[i]);
	free(g->images.items);
	free(g->queue.items);
	dependency_graph_clear(&g->graph);
	crew_free(g->fetching.crew);
	progress_free(g->fetching.progress);
}

static const struct image_manifest *manifest_of(const struct wanted *wanted)
{
	return wanted->arrival ? arrival_manifest(wanted->arrival) : &wanted->manifest;
}

/* From the whole to the part: the image asked for, what it depends on, the reason. */
static int wrap(const struct gathering *g, size_t index, struct error *err)
{
	size_t top = index;

	while (g->images.items[top]->is_dependency && g->graph.items[top].parents.count)
		top = g->graph.items[top].parents.items[0];
	if (top != index)
		(void)!error_wrap(err, "dependency '%s'", g->images.items[index]->text);
	return error_wrap(err, "image '%s'", g->images.items[top]->text);
}

static bool same_labels(const struct reference *a, const struct reference *b)
{
	if (a->labels.count != b->labels.count)
		return false;
	for (size_t i = 0; i < a->labels.count; i++) {
		const char *value = name_value_find(b->labels.items, b->labels.count,
		                                    a->labels.items[i].name);

		if (!value || strcmp(value, a->labels.items[i].value) != 0)
			return false;
	}
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct wanted *a, const struct wanted *b)
{
	return a->ref.kind == b->ref.kind && strcmp(a->ref.text, b->ref.text) == 0 &&
	       same_labels(&a->ref, &b->ref) && same_text(a->signature, b->signature) &&
	       same_text(a->image_id, b->image_id);
}

static int expand(struct gathering *g, size_t index, struct error *err);

/* Looks for it in the store; what is not there stands in the queue. */
static int look(struct gathering *g, size_t index, struct error *err)
{
	struct wanted *wanted = g->images.items[index];
	int r = look_for(wanted, err);

	if (r == LOOK_FETCH) {
		*list_add(&g->queue) = index;
		crew_add(g->fetching.crew);
		return 0;
	}
	return r < 0 ? r : expand(g, index, err);
}

/* Adds WANTED, which is taken over, unless the same is there; *INDEX is its place. Returns
 * whether it is new. */
static int add(struct gathering *g, struct wanted *wanted, size_t *index,
               struct error *err)
{
	autoptr(wanted) new = wanted;

	for (*index = 0; *index < g->images.count; (*index)++)
		if (is_same(g->images.items[*index], new))
			return false;
	if (dependency_add(&g->graph, new->text, index, err) < 0)
		return err->code;
	new->fetching = &g->fetching;
	*list_add(&g->images) = take(new);
	return true;
}

static struct wanted *want_dependency(const struct dependency *dependency)
{
	struct wanted *wanted = memory_zeroed(1, sizeof(*wanted));
	struct reference *ref = &wanted->ref;

	ref->kind = REFERENCE_NAME;
	ref->text = memory_text(dependency->image_name);
	for (size_t i = 0; i < dependency->labels.count; i++)
		name_value_set(&ref->labels, dependency->labels.items[i].name,
		               dependency->labels.items[i].value);
	wanted->text = dependency_title(ref->text, ref->labels.items, ref->labels.count);
	reference_add_defaults(ref);
	wanted->image_id = memory_text(dependency->image_id);
	wanted->size = dependency->size;
	wanted->is_dependency = true;
	return wanted;
}

static int depend(struct gathering *g, size_t from, const struct dependency *dependency,
                  struct error *err)
{
	size_t to;
	int added;

	if (dependency_check(&g->graph, from, dependency, err) < 0)
		return wrap(g, from, err);
	added = add(g, want_dependency(dependency), &to, err);
	if (added < 0 || dependency_link(&g->graph, from, to, err) < 0)
		return wrap(g, from, err);
	*list_add(&g->images.items[from]->dependencies) = to;
	if (added && look(g, to, err) < 0)
		return g->images.items[to]->expanded ? err->code : wrap(g, to, err);
	return 0;
}

/* Looks for what the image depends on. What is stored has been completed, and is only asked
 * again if everything is to be new. */
static int expand(struct gathering *g, size_t index, struct error *err)
{
	struct wanted *wanted = g->images.items[index];
	const struct image_manifest *manifest;
	int r = 0;

	if (wanted->found &&
	    (g->fetching.policy != PULL_UPDATE || wanted->ref.kind == REFERENCE_HASH))
		return 0;
	wanted->expanded = true;
	if (wanted->found)
		r = store_manifest(g->fetching.store, &wanted->id, &wanted->manifest,
		                   err);
	if (r == STORE_MISSING)
		r = error_set(err, -ENOENT, "was removed while it was looked at");
	if (r < 0)
		return wrap(g, index, err);
	manifest = manifest_of(wanted);
	g->graph.items[index].made = manifest;
	for (size_t i = 0; r >= 0 && i < manifest->dependencies.count; i++)
		r = depend(g, index, &manifest->dependencies.items[i], err);
	return r;
}

/* The image TO is what FROM's manifest asks for (appc 1.6.3). */
static int check_dependency(const struct gathering *g,
                            const struct dependency *dependency, const struct wanted *to,
                            struct error *err)
{
	struct store *store = g->fetching.store;
	autofree char *path = memory_format("%s/" ARRIVAL_ACI, to->id.text);
	struct image_id id;
	struct stat st;

	if (dependency->image_id && (image_id_parse(dependency->image_id, &id, err) < 0 ||
	                             strcmp(id.text, to->id.text) != 0))
		return error_set(err, -EBADMSG,
		                 "dependency '%s': is the image '%s', and not '%s'",
		                 to->text, to->id.text, dependency->image_id);
	if (!dependency->size)
		return 0;
	if (path_stat(store_images_fd(store), path, &st, err) < 0)
		return err->code;
	if (st.st_size != dependency->size)
		return error_set(
			err, -EBADMSG, "dependency '%s': has %lld bytes, and not %lld",
			to->text, (long long)st.st_size, (long long)dependency->size);
	return 0;
}

/* A record that could not be written costs a download, and nothing else. */
static void remember(struct wanted *wanted)
{
	struct error err;

	if (!wanted->record.url)
		return;
	free(wanted->record.image);
	wanted->record.image = memory_text(wanted->id.text);
	if ((!wanted->remote && remote_open(wanted->fetching->store, wanted->record.url,
	                                    &wanted->remote, &err) < 0) ||
	    remote_write(wanted->remote, &wanted->record, &err) < 0)
		log_warning("cannot remember where image '%s' came from: %s",
		            wanted->text, err.text);
	remote_free(take(wanted->remote));
}

static int publish(struct wanted *wanted, const struct image_id *dependencies,
                   size_t count, struct error *err)
{
	const struct reference *ref = &wanted->ref;
	const struct arrival_facts facts = {
		.origin = wanted->origin,
		.signed_by = wanted->signed_by,
		.latest = ref->kind == REFERENCE_NAME &&
	                  !name_value_find(ref->labels.items, ref->labels.count,
	                                   "version"),
		.dependencies = dependencies,
		.dependency_count = count,
	};
	struct crew *crew = wanted->fetching->crew;
	int r;

	crew_rest(crew);
	r = arrival_publish(wanted->arrival, &facts, &wanted->id, err);
	crew_resume(crew);
	if (r >= 0)
		remember(wanted);
	return r;
}

/* Completes the image, once what it depends on is complete. */
static int settle(struct gathering *g, size_t index, struct error *err)
{
	struct wanted *wanted = g->images.items[index];
	const struct image_manifest *manifest = manifest_of(wanted);
	size_t count = wanted->dependencies.count;
	autofree struct image_id *ids = memory_zeroed(count + 1, sizeof(*ids));
	int r = 0;

	if (wanted->settled)
		return 0;
	for (size_t i = 0; i < count; i++) {
		size_t to = wanted->dependencies.items[i];

		if (settle(g, to, err) < 0)
			return err->code;
		if (check_dependency(g, &manifest->dependencies.items[i],
		                     g->images.items[to], err) < 0)
			return wrap(g, index, err);
		ids[i] = g->images.items[to]->id;
	}
	if (wanted->arrival)
		r = publish(wanted, ids, count, err);
	else if (count)
		r = store_rerender(g->fetching.store, &wanted->id, ids, count, err);
	wanted->settled = true;
	return r < 0 ? wrap(g, index, err) : 0;
}

static int work(void *context, size_t number, size_t slot, struct error *err)
{
	static int (*const kinds[])(struct wanted *, size_t, struct error *) = {
		[REFERENCE_FILE] = fetch_file,
		[REFERENCE_NAME] = fetch_name,
		[REFERENCE_URL] = fetch_url,
	};
	struct gathering *g = context;
	size_t index = g->queue.items[number];
	struct wanted *wanted = g->images.items[index];

	if (kinds[wanted->ref.kind](wanted, slot, err) < 0)
		return wrap(g, index, err);
	/* Who waits for the record's place must not wait for what this one waits for. */
	if (wanted->arrival && arrival_manifest(wanted->arrival)->dependencies.count)
		remote_free(take(wanted->remote));
	if (expand(g, index, err) < 0)
		return err->code;
	return wanted->dependencies.count ? 0 : settle(g, index, err);
}

static void leave(void *context, size_t slot)
{
	struct gathering *g = context;

	net_free(take(g->fetching.nets[slot]));
}

static void stop(void *context)
{
	struct gathering *g = context;

	for (size_t i = 0; i < CREW_MAX; i++)
		if (g->fetching.nets[i])
			net_cancel(g->fetching.nets[i]);
}

static const struct crew_duties duties = {work, leave, stop};

static int begin(struct gathering *g, struct host *host, enum pull_policy policy,
                 enum progress_style progress, struct error *err)
{
	unsigned insecure = host_insecure(host);

	g->fetching = (struct fetching){
		.host = host,
		.policy = policy,
		.progress = progress_new(progress),
		.crew = crew_new(&duties, g),
	};
	g->fetching.net_options = (struct net_options){
		.insecure_tls = insecure & INSECURE_TLS,
		.insecure_http = insecure & INSECURE_HTTP,
		.program = host_program(host),
	};
	return host_store(host, &g->fetching.store, err);
}

/* *INDEX is its place. */
static int want(struct gathering *g, const struct finder_request *request, size_t *index,
                struct error *err)
{
	autoptr(wanted) wanted = memory_zeroed(1, sizeof(*wanted));
	int r = reference_parse(request->image, &wanted->ref, err);

	if (r < 0)
		return r;
	if (wanted->ref.kind == REFERENCE_NAME)
		reference_add_defaults(&wanted->ref);
	if (request->signature && wanted->ref.kind != REFERENCE_FILE)
		return error_set(err, -EINVAL,
		                 "image '%s': --signature is for images in files",
		                 request->image);
	wanted->text = memory_text(request->image);
	wanted->signature = request->signature;
	r = add(g, take(wanted), index, err);
	if (r > 0 && look(g, *index, err) < 0)
		return g->images.items[*index]->expanded ? err->code
		                                         : wrap(g, *index, err);
	return r < 0 ? error_wrap(err, "image '%s'", request->image) : 0;
}

int gather(struct host *host, const struct finder_request *requests, size_t count,
           enum pull_policy policy, enum progress_style progress, struct image_id *ids,
           struct error *err)
{
	autoclear(gathering) g = {0};
	autofree size_t *places = memory_zeroed(count + 1, sizeof(*places));
	int r = begin(&g, host, policy, progress, err);

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = want(&g, &requests[i], &places[i], err);
	if (r >= 0 && g.queue.count)
		r = crew_run(g.fetching.crew, err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = settle(&g, places[i], err);
		ids[i] = g.images.items[places[i]]->id;
	}
	return r;
}
