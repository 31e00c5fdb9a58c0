/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/assemble.h"

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod_mounts.h"
#include "stage0/fetch/finder.h"
#include "stage0/pod/prepare_lock.h"
#include "stage0/pod/served.h"
#include "stage0/pod/volumes.h"

extern char **environ;

/* Everything a pod is made of, while it is being made. */
struct assembly {
	struct pod_manifest manifest;
	struct buf text; /* of --pod-manifest */
	struct found_image *images;
	struct image_id *ids;
	size_t count;
};

static void assembly_clear(struct assembly *a)
{
	pod_manifest_clear(&a->manifest);
	buf_clear(&a->text);
	for (size_t i = 0; i < a->count; i++)
		image_manifest_clear(&a->images[i].manifest);
	free(a->images);
	free(a->ids);
}

static void begin_images(struct assembly *a, size_t count)
{
	a->images = memory_zeroed(count + 1, sizeof(*a->images));
	a->ids = memory_zeroed(count + 1, sizeof(*a->ids));
	a->count = count;
}

static int check_net(const struct pod_request *request, struct error *err)
{
	if (request->ports.count == 0)
		return 0;
	if (strv_has(&request->net, "none"))
		return error_set(err, -EINVAL,
		                 "--port flag does not work with 'none' networking");
	if (strv_has(&request->net, "host"))
		return error_set(err, -EINVAL,
		                 "--port flag does not work with 'host' networking");
	return 0;
}

static int check_pod_manifest(const struct pod_request *request, struct error *err)
{
	if (request->pod_manifest &&
	    (request->apps.count || request->volumes.count || request->mounts.count ||
	     request->limits.count || request->ports.count ||
	     request->pull_policy != PULL_NEW || request->inherit_environment ||
	     request->set_environment.count || request->file_environment.count))
		return error_set(err, -EINVAL,
		                 "conflicting flags set with "
		                 "--pod-manifest (see --help)");
	return 0;
}

/* In rkt's order (rkt 2.1). */
static int check_request(struct pod_request *request, struct error *err)
{
	if (request->store_only && request->no_store)
		return error_set(err, -EINVAL,
		                 "--store-only and --no-store exclude each other");
	if (request->store_only || request->no_store)
		request->pull_policy = request->store_only ? PULL_NEVER : PULL_UPDATE;
	if (check_net(request, err) < 0)
		return err->code;
	if (request->mds_register && strv_has(&request->net, "none"))
		return error_set(err, -EINVAL,
		                 "--mds-register flag does not work with --net=none: no "
		                 "app could reach the metadata service");
	if (check_pod_manifest(request, err) < 0)
		return err->code;
	if (request->interactive && request->apps.count > 1)
		return error_set(err, -EINVAL,
		                 "interactive option only supports one "
		                 "image");
	if (request->apps.count == 0 && !request->pod_manifest)
		return error_set(err, -EINVAL,
		                 "must provide at least one image or "
		                 "specify the pod manifest");
	return served_request(request, err);
}

int assemble_request(struct host *host, const struct option_spec *command_options,
                     char **argv, bool run, struct error *err)
{
	const struct option_tables tables = {{command_options, host_options(host)}};
	const char *net;

	if (app_args_parse(&tables, argv, err) < 0 || check_request(&pod_asked, err) < 0)
		return err->code;
	return run ? served_net(&pod_asked.net, &net, err) : 0;
}

static int read_image(struct store *store, struct found_image *image, struct error *err)
{
	int r = store_manifest(store, &image->id, &image->manifest, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "image %s is not in the store",
		                 image->id.text);
	return r;
}

static int find_images(struct host *host, const struct pod_request *request,
                       struct assembly *a, struct store *store, struct error *err)
{
	autofree struct finder_request *asked = NULL;

	begin_images(a, request->apps.count);
	asked = memory_zeroed(a->count + 1, sizeof(*asked));
	for (size_t i = 0; i < a->count; i++) {
		asked[i].image = request->apps.items[i].image;
		asked[i].signature = request->apps.items[i].signature;
	}
	if (finder_find_all(host, asked, a->count, request->pull_policy,
	                    request->progress, a->ids, err) < 0)
		return err->code;
	for (size_t i = 0; i < a->count; i++) {
		a->images[i].id = a->ids[i];
		if (read_image(store, &a->images[i], err) < 0)
			return err->code;
	}
	return manifest_make(request, a->images, environ, &a->manifest, err);
}

static int read_pod_manifest(const char *path, struct assembly *a, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY | O_NOCTTY, err);

	if (fd < 0)
		return err->code;
	if (file_read(fd, SCHEMA_DOCUMENT_MAX, &a->text, err) < 0 ||
	    pod_manifest_decode(buf_string(&a->text), a->text.len, &a->manifest, err) < 0)
		return error_wrap(err, "pod manifest '%s'", path);
	return 0;
}

/* Nothing is fetched: the images are named by their IDs, and are here (rkt 2.6). */
static int find_image_of_app(const struct pod_app *app, struct found_image *image,
                             struct store *store, struct error *err)
{
	if (!app->image.id)
		return error_set(err, -EINVAL, "required");
	if (image_id_parse(app->image.id, &image->id, err) < 0)
		return err->code;
	return read_image(store, image, err);
}

static int find_images_of_manifest(const char *path, struct assembly *a,
                                   struct store *store, struct error *err)
{
	begin_images(a, a->manifest.apps.count);
	for (size_t i = 0; i < a->count; i++)
		if (find_image_of_app(&a->manifest.apps.items[i], &a->images[i], store,
		                      err) < 0)
			return error_wrap(err, "pod manifest '%s': .apps[%zu].image.id",
			                  path, i);
	return 0;
}

static int fill(struct host *host, const struct pod_request *request, struct assembly *a,
                struct error *err)
{
	struct store *store;

	if (host_store(host, &store, err) < 0)
		return err->code;
	if (!request->pod_manifest)
		return find_images(host, request, a, store, err);
	if (read_pod_manifest(request->pod_manifest, a, err) < 0)
		return err->code;
	if (request->interactive && a->manifest.apps.count > 1)
		return error_set(err, -EINVAL,
		                 "interactive option only supports one "
		                 "image");
	return find_images_of_manifest(request->pod_manifest, a, store, err);
}

/* The manifest that is stored is one of rkt's as it is, or has all mounts (ACE-5). */
static void complete_mounts(struct assembly *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct app *app = manifest_app(&a->manifest, a->images, i);

		if (app)
			pod_mounts_complete(&a->manifest, i, app, true);
	}
}

int assemble_pod(struct host *host, struct pod_draft **draft, struct error *err)
{
	autoclear(assembly) a = {0};
	struct image_id stage1;
	struct pod_plan plan = {.manifest = &a.manifest, .stage1 = &stage1};
	autoclose int lock = prepare_lock(host, LOCK_SHARED, err);

	if (lock < 0 || fill(host, &pod_asked, &a, err) < 0)
		return err->code;
	complete_mounts(&a);
	if (manifest_check(&a.manifest, a.images, err) < 0 ||
	    served_pod(&a.manifest, a.images, err) < 0 ||
	    volumes_check(&a.manifest, err) < 0 ||
	    stage1_find(host, &pod_asked.stage1, &stage1, err) < 0)
		return err->code;
	for (size_t i = 0; i < a.count; i++)
		a.ids[i] = a.images[i].id;
	plan.images = a.ids;
	plan.found = a.images;
	plan.manifest_text = a.text.data;
	return pod_prepare(draft, host, &plan, err);
}

int assemble_stage1_run(struct host *host, const char *uuid, char **hostname,
                        struct stage1_run *args, struct error *err)
{
	unsigned insecure = host_insecure(host);
	const char *ipc = pod_asked.ipc;

	/* A stage1 of ours says "gantry-UUID" by itself; called as rkt, the name is rkt's. */
	if (pod_asked.hostname)
		*hostname = memory_text(pod_asked.hostname);
	else if (strcmp(host_program(host), "gantry") != 0)
		*hostname = memory_format("%s-%s", host_program(host), uuid);
	*args = (struct stage1_run){
		.debug = host_debug(host),
		.interactive = pod_asked.interactive,
		.local_config = host_local_config(host),
		.hostname = *hostname,
		.disable_capabilities = insecure & INSECURE_CAPABILITIES,
		.disable_paths = insecure & INSECURE_PATHS,
		.disable_seccomp = insecure & INSECURE_SECCOMP,
		.ipc = ipc && strcmp(ipc, "auto") ? ipc : NULL,
		.uuid = uuid,
	};
	return served_net(&pod_asked.net, &args->net, err);
}
