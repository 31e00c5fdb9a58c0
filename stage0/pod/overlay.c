/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/overlay.h"

#include <sched.h>
#include <sys/mount.h>

#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"
#include "stage0/pod/shared_mounts.h"

static int leave_host(struct shared_mounts *mounts, const struct strv *shared,
                      struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, "cannot leave the host's mount namespace");
	if (shared->count && shared_mounts_open(mounts, shared, err) < 0)
		return err->code;
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return error_errno(err, "cannot keep mounts from the host");
	return shared_mounts_put(mounts, err);
}

int overlay_leave_host(const struct strv *shared, struct error *err)
{
	autoclear(shared_mounts) mounts = {0};

	return leave_host(&mounts, shared, err);
}

/* All four paths are relative to the pod's directory, and made of names of our own. */
static int mount_overlay(const char *lower, const char *upper, const char *work,
                         const char *target, struct error *err)
{
	autofree char *options = memory_format(
		"lowerdir=%s/rootfs,upperdir=%s,workdir=%s,"
		"volatile,index=off,metacopy=off,"
		"redirect_dir=nofollow",
		lower, upper, work);

	if (mount("overlay", target, "overlay", MS_NODEV, options) < 0)
		return error_errno(err, "cannot mount an overlay on '%s'", target);
	return 0;
}

static int mount_app(const char *app, struct error *err)
{
	autofree char *tree = memory_format(POD_APP_TREE, app);
	autofree char *upper = memory_format(POD_APP_UPPER, app);
	autofree char *work = memory_format(POD_APP_WORK, app);
	autofree char *root = memory_format(POD_APP_ROOT, app);

	return mount_overlay(tree, upper, work, root, err);
}

/* Each directory in work/ is of an overlay: that of stage1 first, since the apps' roots lie
 * in it. */
int overlay_mount_all(int pod_fd, struct error *err)
{
	autoclear(strv) names = {0};

	if (path_list(pod_fd, "work", &names, err) < 0)
		return err->code;
	if (strv_has(&names, ".stage1") &&
	    mount_overlay(POD_STAGE1_TREE, POD_STAGE1_UPPER, POD_STAGE1_WORK,
	                  POD_STAGE1_ROOT, err) < 0)
		return err->code;
	for (size_t i = 0; i < names.count; i++)
		if (names.items[i][0] != '.' && mount_app(names.items[i], err) < 0)
			return error_wrap(err, "app '%s'", names.items[i]);
	return 0;
}
