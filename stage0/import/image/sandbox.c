/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/path.h"
#include "stage0/import/confine.h"
#include "stage0/import/image/aci.h"

/* Address space: a dictionary of xz -9 takes 65 MiB, a window of zstd 128; the libraries 30.
 * The sanitizers need terabytes of it. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX RLIM_INFINITY
#else
#define MEMORY_MAX (512 << 20)
#endif

static const struct confine_limit limits[] = {
	{RLIMIT_AS, MEMORY_MAX},
	{RLIMIT_CORE, 0},
	{RLIMIT_FSIZE, ACI_SIZE_MAX},
	{RLIMIT_NOFILE, 4096},
};

/* Makes a mount of the draft alone the root of everything. A descriptor stays with the mounts
 * it was opened in, while the current directory comes along into new ones. */
static int change_root(int draft_fd, struct error *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
	autoclose int tree = -1;

	if (fchdir(draft_fd) < 0 ||
	    unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return error_errno(err, "cannot make namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, "cannot make mounts private");
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, ".",
	                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 ||
	    syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_errno(err, "cannot clone the mount of the draft");
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) <
	            0 ||
	    fchdir(tree) < 0)
		return error_errno(err, "cannot mount the draft");
	/* The old root comes to lie over the new one, and goes. */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return error_errno(err, "cannot make the draft the root");
	return 0;
}

static const unsigned needed[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,
                                  CAP_FSETID, CAP_MKNOD,        CAP_SETFCAP};

static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2] = {{0}};
	uint64_t keep = 0;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		keep |= UINT64_C(1) << needed[i];
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return error_errno(err, "cannot limit capabilities");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_errno(err, "cannot drop ambient capabilities");
	for (size_t i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted = (uint32_t)(keep >> 32 * i);
	if (syscall(SYS_capset, &header, sets) < 0)
		return error_errno(err, "cannot drop capabilities");
	return 0;
}

/* Files below ROOT_FD may be made, read and written, not executed; no others anything. */
static int restrict_files(int root_fd, struct error *err)
{
	const struct confine_files draft = {
		.fd = root_fd,
		.access = ((LANDLOCK_ACCESS_FS_REFER << 1) - 1) &
	                  ~(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_SOCK),
	};

	return confine_files(&draft, 1, err);
}

static int confine(int draft_fd, int *root_fd, struct error *err)
{
	if (geteuid() != 0)
		return error_set(err, -EPERM,
		                 "unpacking gives files their owners: only root can");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot give up privileges");
	if (change_root(draft_fd, err) < 0)
		return err->code;
	*root_fd = path_open(AT_FDCWD, "/", PATH_HOST, O_RDONLY | O_DIRECTORY, err);
	if (*root_fd < 0 || drop_capabilities(err) < 0 ||
	    restrict_files(*root_fd, err) < 0 ||
	    confine_limits(limits, sizeof(limits) / sizeof(*limits), err) < 0)
		return err->code;
	return sandbox_filter(err);
}

int sandbox_enter(int draft_fd, int *root_fd, struct error *err)
{
	int r;

	/* Too large a file is an error to report. */
	if (sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL) < 0)
		return error_errno(err, "cannot ignore SIGXFSZ");
	r = confine(draft_fd, root_fd, err);
	close(draft_fd);
	return r < 0 ? error_wrap(err, "cannot make a sandbox") : 0;
}
