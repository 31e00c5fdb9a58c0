/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/pod/shared_mounts.h"

#include "common/kernel.h"
#include "common/path.h"

int shared_mounts_open(struct shared_mounts *mounts, const struct strv *paths,
                       struct error *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		struct shared_mount *mount = list_add(&mounts->mounts);

		mount->clone_fd = -1;
		mount->place_fd = path_open(AT_FDCWD, paths->items[i], PATH_HOST, O_PATH,
		                            err);
		if (mount->place_fd < 0)
			return err->code;
		mount->clone_fd = kernel_clone_tree(mount->place_fd, AT_RECURSIVE);
		if (mount->clone_fd < 0)
			return error_errno(err, "cannot share '%s' with the host",
			                   paths->items[i]);
	}
	return 0;
}

int shared_mounts_put(struct shared_mounts *mounts, struct error *err)
{
	for (size_t i = 0; i < mounts->mounts.count; i++)
		if (kernel_move_mount(mounts->mounts.items[i].clone_fd,
		                      mounts->mounts.items[i].place_fd) < 0)
			return error_errno(err, "cannot share a volume with the host");
	return 0;
}

void shared_mounts_clear(struct shared_mounts *mounts)
{
	for (size_t i = 0; i < mounts->mounts.count; i++) {
		if (mounts->mounts.items[i].place_fd >= 0)
			close(mounts->mounts.items[i].place_fd);
		if (mounts->mounts.items[i].clone_fd >= 0)
			close(mounts->mounts.items[i].clone_fd);
	}
	free(mounts->mounts.items);
	*mounts = (struct shared_mounts){0};
}
