/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/prepare.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/lock.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "common/pod/pod_mounts.h"
#include "common/pod/stage1_abi.h"
#include "stage0/pod/volumes.h"

struct pod_draft {
	int data_fd;   /* the host's */
	int pod_fd;    /* holds the lock */
	char path[64]; /* of the directory, in the data directory */
	struct uuid uuid;
	struct image_manifest stage1;
	struct strv shared;
	bool published;
};

/* Directories that every pod has, parents first. */
static const char *const directories[] = {
	"stage1",
	POD_STAGE1_ROOT,
	POD_STAGE1_ROOT "/opt",
	POD_APPS,
	POD_STAGE1_ROOT "/rkt",
	POD_STATUS,
	"upper",
	"work",
};

/* Locked shared meanwhile, pods/prepare keeps gc from taking a directory without a lock for
 * an aborted one (see pods.h). */
static int make_locked(struct pod_draft *draft, struct error *err)
{
	autoclose int parent_fd = path_open_dir(draft->data_fd, "pods/prepare", err);

	if (parent_fd < 0 || lock_wait(parent_fd, LOCK_SHARED, err) < 0 ||
	    path_make_dir(parent_fd, draft->uuid.text, 0750, err) < 0)
		return err->code;
	draft->pod_fd = path_open_dir(parent_fd, draft->uuid.text, err);
	if (draft->pod_fd < 0)
		return err->code;
	return lock_wait(draft->pod_fd, LOCK_EXCLUSIVE, err);
}

/* Links to what the store has of an image: its manifest by a second name, its tree by a path,
 * which UP leads to the pod's directory; pods lie equally deep in every state. */
static int link_image(struct store *store, int pod_fd, const struct image_id *id,
                      const char *manifest, const char *tree, const char *up,
                      struct tree_id *tree_id, struct error *err)
{
	autofree char *from = memory_format("%s/manifest", id->text);
	autofree char *to = NULL;
	int r = store_tree(store, id, tree_id, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "image '%s' is not in the store",
		                 id->text);
	if (r < 0)
		return r;
	to = memory_format("%s../../../cas/tree/%s", up, tree_id->text);
	if (path_make_link(store_images_fd(store), from, pod_fd, manifest, err) < 0 ||
	    path_make_symlink(to, pod_fd, tree, err) < 0)
		return err->code;
	return 0;
}

/* The root of an overlay has the attributes of its upper layer, so that one gets those of
 * the tree's. */
static int make_upper(struct store *store, const struct tree_id *tree, int pod_fd,
                      const char *upper, struct error *err)
{
	autofree char *root = memory_format("%s/rootfs", tree->text);
	struct stat st;

	if (path_stat(store_trees_fd(store), root, &st, err) < 0 ||
	    path_make_dir(pod_fd, upper, 0755, err) < 0)
		return err->code;
	if (st.st_uid == 0 && st.st_gid == 0 && (st.st_mode & 07777) == 0755)
		return 0;
	if (path_set_owner(pod_fd, upper, st.st_uid, st.st_gid, err) < 0)
		return err->code;
	return path_set_mode(pod_fd, upper, st.st_mode & 07777, err);
}

static int fill_app(struct store *store, int pod_fd, const char *app,
                    const struct image_id *id, struct error *err)
{
	autofree char *dir = memory_format(POD_APPS "/%s", app);
	autofree char *root = memory_format(POD_APP_ROOT, app);
	autofree char *manifest = memory_format(POD_APP_MANIFEST, app);
	autofree char *link = memory_format(POD_APP_TREE, app);
	autofree char *upper = memory_format(POD_APP_UPPER, app);
	autofree char *work = memory_format(POD_APP_WORK, app);
	struct tree_id tree;

	if (path_make_dir(pod_fd, dir, 0755, err) < 0 ||
	    path_make_dir(pod_fd, root, 0755, err) < 0 ||
	    path_make_dir(pod_fd, work, 0700, err) < 0 ||
	    link_image(store, pod_fd, id, manifest, link, "../../../../../", &tree, err) <
	            0)
		return err->code;
	return make_upper(store, &tree, pod_fd, upper, err);
}

/* Each entry of the stage1 tree by a link, beside the directories that are the pod's. */
static int link_stage1_root(struct store *store, const struct tree_id *tree, int pod_fd,
                            struct error *err)
{
	autofree char *root = memory_format("%s/rootfs", tree->text);
	autoclear(strv) names = {0};

	if (path_list(store_trees_fd(store), root, &names, err) < 0)
		return err->code;
	for (size_t i = 0; i < names.count; i++) {
		autofree char *to = memory_format("../tree/rootfs/%s", names.items[i]);
		autofree char *at = memory_format(POD_STAGE1_ROOT "/%s", names.items[i]);

		if (path_make_symlink(to, pod_fd, at, err) < 0)
			return err->code;
	}
	return 0;
}

/* What an overlay will hide of stage1/rootfs stands in its upper layer too. */
static int fill_stage1_upper(struct store *store, int pod_fd, const struct pod_plan *plan,
                             const struct tree_id *stage1, struct error *err)
{
	if (path_make_dir(pod_fd, POD_STAGE1_WORK, 0700, err) < 0 ||
	    make_upper(store, stage1, pod_fd, POD_STAGE1_UPPER, err) < 0 ||
	    path_make_dirs(pod_fd, POD_STAGE1_UPPER "/" STAGE1_STATUS, 0755, err) < 0)
		return err->code;
	for (size_t i = 0; i < plan->manifest->apps.count; i++) {
		const char *app = plan->manifest->apps.items[i].name;
		autofree char *dir = memory_format(POD_STAGE1_UPPER "/opt/stage2/%s",
		                                   app);
		autofree char *root = memory_format("%s/rootfs", dir);
		autofree char *tree = memory_format("%s/tree", dir);
		autofree char *manifest = memory_format("%s/manifest", dir);
		struct tree_id id;

		if (path_make_dirs(pod_fd, root, 0755, err) < 0 ||
		    link_image(store, pod_fd, &plan->images[i], manifest, tree,
		               "../../../../../", &id, err) < 0)
			return err->code;
	}
	return 0;
}

/* A stage1 that writes nothing of its own gets links to its files, any other an overlay,
 * mounted when the pod is launched. */
static int fill_stage1(struct store *store, int pod_fd, const struct pod_plan *plan,
                       struct image_manifest *manifest, struct error *err)
{
	const struct image_id *id = plan->stage1;
	const char *root;
	struct tree_id tree;
	int r = store_manifest(store, id, manifest, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "stage1 '%s' is not in the store",
		                 id->text);
	if (r < 0 || link_image(store, pod_fd, id, POD_STAGE1_MANIFEST, POD_STAGE1_TREE,
	                        "../", &tree, err) < 0)
		return err->code;
	root = image_manifest_annotation(manifest, STAGE1_ANNOTATION_ROOT);
	if (root && strcmp(root, "links") == 0)
		return link_stage1_root(store, &tree, pod_fd, err);
	return fill_stage1_upper(store, pod_fd, plan, &tree, err);
}

static int fill(struct pod_draft *draft, struct store *store, const struct pod_plan *plan,
                struct error *err)
{
	autoclear(buf) text = {0};

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (path_make_dir(draft->pod_fd, directories[i], 0755, err) < 0)
			return err->code;
	for (size_t i = 0; i < plan->manifest->apps.count; i++)
		if (fill_app(store, draft->pod_fd, plan->manifest->apps.items[i].name,
		             &plan->images[i], err) < 0)
			return error_wrap(err, "app '%s'",
			                  plan->manifest->apps.items[i].name);
	if (fill_stage1(store, draft->pod_fd, plan, &draft->stage1, err) < 0 ||
	    volumes_make(store, draft->pod_fd, plan, err) < 0)
		return err->code;
	pod_mounts_shared(plan->manifest, &draft->shared);
	if (!plan->manifest_text)
		pod_manifest_encode(plan->manifest, SCHEMA_COMPACT, &text);
	return file_create_at(draft->pod_fd, POD_MANIFEST, 0640,
	                      plan->manifest_text ? plan->manifest_text : text.data, err);
}

int pod_prepare(struct pod_draft **draft, struct host *host, const struct pod_plan *plan,
                struct error *err)
{
	autoptr(pod_draft) made = memory_zeroed(1, sizeof(*made));
	struct store *store;

	/* The modes of a pod's files are its own, whatever the caller's umask. */
	umask(022);
	made->pod_fd = -1;
	made->data_fd = host_data_dir(host, true, err);
	if (made->data_fd < 0 || host_store(host, &store, err) < 0 ||
	    uuid_make(&made->uuid, err) < 0)
		return err->code;
	snprintf(made->path, sizeof(made->path), "pods/prepare/%s", made->uuid.text);
	if (make_locked(made, err) < 0 || fill(made, store, plan, err) < 0)
		return error_wrap(err, "cannot prepare pod '%s'", made->uuid.text);
	*draft = take(made);
	return 0;
}

const char *pod_draft_uuid(const struct pod_draft *draft)
{
	return draft->uuid.text;
}

int pod_draft_publish(struct pod_draft *draft, const char *to, struct error *err)
{
	autofree char *path = memory_format("pods/%s/%s", to, draft->uuid.text);

	if (path_rename_new(draft->data_fd, draft->path, draft->data_fd, path, err) < 0)
		return err->code;
	draft->published = true;
	return 0;
}

const struct image_manifest *pod_draft_stage1(const struct pod_draft *draft)
{
	return &draft->stage1;
}

const struct strv *pod_draft_shared(const struct pod_draft *draft)
{
	return &draft->shared;
}

int pod_draft_take_fd(struct pod_draft *draft)
{
	int fd = draft->pod_fd;

	draft->pod_fd = -1;
	return fd;
}

void pod_draft_free(struct pod_draft *draft)
{
	struct error ignored;

	if (!draft)
		return;
	if (draft->pod_fd >= 0 && !draft->published)
		(void)!path_remove_tree(draft->data_fd, draft->path, &ignored);
	if (draft->pod_fd >= 0)
		close(draft->pod_fd);
	image_manifest_clear(&draft->stage1);
	strv_clear(&draft->shared);
	free(draft);
}
