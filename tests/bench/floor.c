/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical limit of a start: what the kernel must do for an isolated pod, and nothing
 * else. No manifest, no pod directory, no lock, no second program, no error but "it failed".
 * The bench quotes gantry and its peers as multiples of this.
 *
 *	floor [--ordinary] [--keep] [--steps] ROOT SCRATCH FILTER APP [ARG...]
 *	floor --fly ROOT APP [ARG...]
 *	floor --true
 *
 * ROOT is the read-only layer, SCRATCH a directory for the writable one, FILTER a seccomp
 * program as bytes. The overlay is volatile, as stage1's is, unless --ordinary. With --keep,
 * the writable layer stays, for somebody else to remove. --steps prints what each step took,
 * in microseconds; --fly is a mount namespace and a chroot; --true does nothing at all: what
 * the start of a static program costs. The mounts are those of stage1's native flavour
 * (stage1/mount_plan.c).
 */

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
	FAILED = 254,
	FILTER_MAX = 4096,
	OPTIONS_MAX = 8192,
	LOCKED = MS_NOSUID | MS_NODEV | MS_NOEXEC
};

struct floor {
	const char *root;
	const char *options; /* more of the overlay's */
	bool keep;
	char upper[48], work[48];
	struct sock_fprog filter;
	char **app;
};

struct step {
	const char *name;
	int (*run)(const struct floor *floor);
};

struct mount_row {
	const char *type, *target, *options;
	unsigned long flags;
};

struct node_row {
	const char *path;
	unsigned char major, minor;
};

struct link_row {
	const char *target, *path;
};

static const struct mount_row mounts[] = {
	{"proc", "proc", NULL, LOCKED},
	{"sysfs", "sys", NULL, LOCKED | MS_RDONLY},
	{"tmpfs", "dev", "mode=0755,size=65536", MS_NOSUID | MS_NOEXEC},
};

static const struct mount_row dev_mounts[] = {
	{"devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
         MS_NOSUID | MS_NOEXEC},
	{"tmpfs", "dev/shm", "mode=1777", LOCKED},
};

static const char *const dev_dirs[] = {"dev/pts", "dev/shm"};

static const struct node_row dev_nodes[] = {
	{"dev/null", 1, 3},    {"dev/zero", 1, 5},    {"dev/full", 1, 7},
	{"dev/random", 1, 8},  {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
	{"dev/console", 1, 3},
};

static const struct link_row dev_links[] = {
	{"pts/ptmx", "dev/ptmx"},          {"/proc/self/fd", "dev/fd"},
	{"/proc/self/fd/0", "dev/stdin"},  {"/proc/self/fd/1", "dev/stdout"},
	{"/proc/self/fd/2", "dev/stderr"},
};

/* Of these three, what is not there is no failure. */
static const char *const read_only[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static const char *const masked_dirs[] = {
	"proc/acpi",    "proc/asound", "proc/scsi",      "sys/devices/virtual/powercap",
	"sys/firmware", "sys/fs",      "sys/hypervisor", "sys/kernel/debug",
	"sys/module",   "sys/power",
};

static const char *const masked_files[] = {
	"proc/config.gz",     "proc/kallsyms",    "proc/kcore",
	"proc/keys",          "proc/kmem",        "proc/mem",
	"proc/latency_stats", "proc/sched_debug", "proc/timer_list",
};

static const unsigned char kept_capabilities[] = {
	CAP_AUDIT_WRITE,
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_FSETID,
	CAP_FOWNER,
	CAP_KILL,
	CAP_MKNOD,
	CAP_NET_RAW,
	CAP_SETUID,
	CAP_SETGID,
	CAP_NET_BIND_SERVICE,
	CAP_SETPCAP,
	CAP_SETFCAP,
	CAP_SYS_CHROOT,
};

static int mount_rows(const struct mount_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mount(rows[i].type, rows[i].target, rows[i].type, rows[i].flags,
		          rows[i].options))
			return -1;
	return 0;
}

static int leave_host_mounts(const struct floor *floor)
{
	(void)floor;
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

/* Over the upper directory itself: it needs no mount point of its own. */
static int mount_overlay(const struct floor *floor)
{
	char options[OPTIONS_MAX];
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s%s",
	         floor->root, floor->upper, floor->work, floor->options);
	if (mount("overlay", floor->upper, "overlay", MS_NODEV, options))
		return -1;
	return chdir(floor->upper);
}

static int mount_kernel(const struct floor *floor)
{
	(void)floor;
	return mount_rows(mounts, COUNT(mounts));
}

static int make_devices(const struct floor *floor)
{
	(void)floor;
	umask(0);
	for (size_t i = 0; i < COUNT(dev_dirs); i++)
		if (mkdir(dev_dirs[i], 0755))
			return -1;
	for (size_t i = 0; i < COUNT(dev_nodes); i++)
		if (mknod(dev_nodes[i].path, S_IFCHR | 0666,
		          makedev(dev_nodes[i].major, dev_nodes[i].minor)))
			return -1;
	for (size_t i = 0; i < COUNT(dev_links); i++)
		if (symlink(dev_links[i].target, dev_links[i].path))
			return -1;
	umask(022);
	return 0;
}

static int make_read_only(const char *path)
{
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | LOCKED, NULL);
}

/* What hides a directory is one that is empty, and soon under a mount itself. */
static int hide(const struct floor *floor)
{
	(void)floor;
	for (size_t i = 0; i < COUNT(read_only); i++)
		if (!mount(read_only[i], read_only[i], NULL, MS_BIND, NULL) &&
		    make_read_only(read_only[i]))
			return -1;
	for (size_t i = 0; i < COUNT(masked_files); i++)
		(void)!mount("dev/null", masked_files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < COUNT(masked_dirs); i++)
		(void)!mount("dev/shm", masked_dirs[i], NULL, MS_BIND, NULL);
	return 0;
}

static int finish_devices(const struct floor *floor)
{
	(void)floor;
	if (mount_rows(dev_mounts, COUNT(dev_mounts)))
		return -1;
	return mount(NULL, "dev", NULL,
	             MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL);
}

static int pivot(const struct floor *floor)
{
	(void)floor;
	if (syscall(SYS_pivot_root, ".", "."))
		return -1;
	if (umount2(".", MNT_DETACH))
		return -1;
	return chdir("/");
}

static int name_host(const struct floor *floor)
{
	(void)floor;
	static const char name[] = "gantry-00000000-0000-0000-0000-000000000000";
	return sethostname(name, sizeof(name) - 1);
}

static int raise_loopback(const struct floor *floor)
{
	(void)floor;
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		return -1;
	return close(fd);
}

static int leave_session(const struct floor *floor)
{
	(void)floor;
	if (setsid() < 0)
		return -1;
	return syscall(SYS_close_range, 3, ~0U, 0);
}

static int drop_capabilities(const struct floor *floor)
{
	(void)floor;
	unsigned long long keep = 0;
	for (size_t i = 0; i < COUNT(kept_capabilities); i++)
		keep |= 1ULL << kept_capabilities[i];
	for (int c = 0; c <= CAP_LAST_CAP; c++)
		if (!(keep >> c & 1) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0))
			return -1;
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data))
		return -1;
	data[0].inheritable = data[1].inheritable = 0;
	return syscall(SYS_capset, &header, data);
}

static int load_filter(const struct floor *floor)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &floor->filter);
}

static const struct step steps[] = {
	{"leave the host's mounts", leave_host_mounts},
	{"overlay", mount_overlay},
	{"/proc, /sys, /dev", mount_kernel},
	{"what is in /dev", make_devices},
	{"masks", hide},
	{"/dev/pts, /dev/shm, seal", finish_devices},
	{"pivot", pivot},
	{"host name", name_host},
	{"loopback", raise_loopback},
	{"session, descriptors", leave_session},
	{"capabilities", drop_capabilities},
	{"filter", load_filter},
};

/* Times in nanoseconds, shared with process 1; NULL unless asked for. */
enum {
	TIME_START,
	TIME_CLONED,
	TIME_STEPS,
	TIME_REAPED = TIME_STEPS + COUNT(steps),
	TIME_CLEAN,
	TIME_COUNT
};
static long long *times;

static void stamp(int which)
{
	if (!times)
		return;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	times[which] = now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void print_step(const char *name, int from, int to)
{
	fprintf(stderr, "%8.1f  %s\n", (double)(times[to] - times[from]) / 1000, name);
}

static void print_times(void)
{
	print_step("directories, filter's bytes, clone3", TIME_START, TIME_CLONED);
	for (size_t i = 0; i < COUNT(steps); i++)
		print_step(steps[i].name, TIME_CLONED + (int)i, TIME_STEPS + (int)i);
	print_step("exec, the app, its end", TIME_REAPED - 1, TIME_REAPED);
	print_step("directories removed", TIME_REAPED, TIME_CLEAN);
}

static int fail(const char *what)
{
	perror(what);
	return FAILED;
}

static int process_1(const struct floor *floor)
{
	stamp(TIME_CLONED);
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (steps[i].run(floor))
			return fail(steps[i].name);
		stamp(TIME_STEPS + (int)i);
	}
	execv(floor->app[0], floor->app);
	return fail(floor->app[0]);
}

static int read_filter(struct sock_fprog *filter, const char *path)
{
	static struct sock_filter program[FILTER_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, program, sizeof(program));
	if (size <= 0)
		return -1;
	filter->filter = program;
	filter->len = (unsigned short)((size_t)size / sizeof(program[0]));
	return close(fd);
}

static int make_directories(struct floor *floor)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(floor->upper, sizeof(floor->upper), "%d.%ld.upper", (int)getpid(),
	         now.tv_nsec);
	snprintf(floor->work, sizeof(floor->work), "%d.%ld.work", (int)getpid(),
	         now.tv_nsec);
	return mkdir(floor->upper, 0755) || mkdir(floor->work, 0700);
}

/* And what overlayfs left there, deepest first; only a volatile one leaves more than "work". */
static int remove_directories(const struct floor *floor)
{
	static const char *const left[] = {"/work/incompat/volatile/dirty",
	                                   "/work/incompat/volatile", "/work/incompat",
	                                   "/work", ""};
	char path[80];
	for (size_t i = *floor->options ? 0 : COUNT(left) - 2; i < COUNT(left); i++) {
		snprintf(path, sizeof(path), "%s%s", floor->work, left[i]);
		if (remove(path))
			return -1;
	}
	return remove(floor->upper);
}

static int isolate(struct floor *floor, const char *scratch, const char *filter)
{
	struct clone_args clone = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
	                 CLONE_NEWNET | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	int status;

	stamp(TIME_START);
	if (chdir(scratch) || make_directories(floor))
		return fail(scratch);
	if (read_filter(&floor->filter, filter))
		return fail(filter);
	pid_t pid = (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
	if (pid < 0)
		return fail("clone3");
	if (pid == 0)
		_exit(process_1(floor));
	if (waitpid(pid, &status, 0) < 0)
		return fail("waitpid");
	stamp(TIME_REAPED);
	if (!floor->keep && remove_directories(floor))
		return fail(floor->upper);
	stamp(TIME_CLEAN);
	if (times)
		print_times();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int fly(const char *root, char **app)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    chroot(root) || chdir("/"))
		return fail(root);
	execv(app[0], app);
	return fail(app[0]);
}

int main(int argc, char **argv)
{
	struct floor floor = {.options = ",volatile"};

	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	if (argc > 3 && !strcmp(argv[1], "--fly"))
		return fly(argv[2], argv + 3);
	for (argv++; *argv && !strncmp(*argv, "--", 2); argv++) {
		if (!strcmp(*argv, "--ordinary"))
			floor.options = "";
		else if (!strcmp(*argv, "--keep"))
			floor.keep = true;
		else if (!strcmp(*argv, "--steps"))
			times = mmap(NULL, TIME_COUNT * sizeof(*times),
			             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			             -1, 0);
		else
			return fprintf(stderr, "floor: unknown option '%s'\n", *argv),
			       FAILED;
	}
	if (!argv[0] || !argv[1] || !argv[2] || !argv[3])
		return fputs("floor: needs ROOT SCRATCH FILTER APP\n", stderr), FAILED;
	floor.root = argv[0];
	floor.app = argv + 3;
	return isolate(&floor, argv[1], argv[2]);
}
