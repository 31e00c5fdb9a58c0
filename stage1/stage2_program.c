/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/stage2_program.h"

#include <fcntl.h>
#include <string.h>

#include "common/kernel.h"
#include "common/path.h"
#include "stage1/mount.h"

int stage2_program_dir(char **dir, struct error *err)
{
	if (path_read_link(AT_FDCWD, "/proc/self/exe", dir, err) < 0)
		return err->code;
	*strrchr(*dir, '/') = '\0';
	return 0;
}

int stage2_program_open(struct stage2_program *stage2, const char *dir, bool own,
                        struct error *err)
{
	autoclose int dir_fd = path_open(AT_FDCWD, dir, PATH_HOST, O_PATH | O_DIRECTORY,
	                                 err);
	autoclose int tree_fd = -1;

	if (dir_fd < 0)
		return err->code;
	tree_fd = mount_clone(dir_fd, err);
	if (tree_fd < 0 ||
	    mount_set(tree_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, err) < 0 ||
	    (own && mount_attach(tree_fd, dir_fd, err) < 0))
		return err->code;
	stage2->program_fd = path_open(tree_fd, "stage2", PATH_OURS, O_PATH, err);
	if (stage2->program_fd < 0)
		return err->code;
	stage2->filter_fd = path_open(tree_fd, "default.bpf", PATH_OURS, O_RDONLY, err);
	return stage2->filter_fd < 0 ? err->code : 0;
}
