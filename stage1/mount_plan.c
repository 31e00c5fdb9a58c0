/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/mount_plan.h"

#include <assert.h>
#include <linux/mount.h>

#define QUIET                (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
#define NODEV                MOUNT_ATTR_NODEV
#define DEVICE(major, minor) ((major) << 8 | (minor))

static const struct mount_option dev_options[] = {
	{"mode", "0755"},
	{"size", "65536"},
	{0},
};
static const struct mount_option pts_options[] = {
	{"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}, {0},
};
static const struct mount_option shm_options[] = {
	{"mode", "1777"},
	{0},
};

/* When a step is taken. */
enum when { ALWAYS, MASKED, UNMASKED, ALONE, TOGETHER, VOLUMES, ROOT_READ_ONLY };

static const struct row {
	enum when when;
	struct mount_step step;
} rows[] = {
	/* Whoever mounted the root: a device in an image, or made by the app, is none. */
	{ALWAYS, {MOUNT_ROOT, "", NULL, NULL, NODEV, 0}},
	{VOLUMES, {MOUNT_VOLUMES, "", NULL, NULL, 0, 0}},

	{ALWAYS, {MOUNT_FILESYSTEM, "proc", "proc", NULL, QUIET | NODEV, 0}},
	{MASKED, {MOUNT_READ_ONLY, "proc/bus", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_READ_ONLY, "proc/fs", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_READ_ONLY, "proc/irq", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_READ_ONLY, "proc/sys", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_READ_ONLY, "proc/sysrq-trigger", NULL, NULL, 0, 0}},

	{MASKED,
         {MOUNT_FILESYSTEM, "sys", "sysfs", NULL, QUIET | NODEV | MOUNT_ATTR_RDONLY, 0}},
	{UNMASKED, {MOUNT_FILESYSTEM, "sys", "sysfs", NULL, QUIET | NODEV, 0}},

	/* Nobody adds a device here: sealed below. Anywhere else in the pod none works. */
	{ALWAYS, {MOUNT_FILESYSTEM, "dev", "tmpfs", dev_options, QUIET, 0}},
	{ALWAYS, {MOUNT_NODE, "dev/null", NULL, NULL, 0, DEVICE(1, 3)}},
	{ALWAYS, {MOUNT_NODE, "dev/zero", NULL, NULL, 0, DEVICE(1, 5)}},
	{ALWAYS, {MOUNT_NODE, "dev/full", NULL, NULL, 0, DEVICE(1, 7)}},
	{ALWAYS, {MOUNT_NODE, "dev/random", NULL, NULL, 0, DEVICE(1, 8)}},
	{ALWAYS, {MOUNT_NODE, "dev/urandom", NULL, NULL, 0, DEVICE(1, 9)}},
	{ALWAYS, {MOUNT_NODE, "dev/tty", NULL, NULL, 0, DEVICE(5, 0)}},
	/* Never the host's console: a null device, unless the app has a terminal. */
	{ALWAYS, {MOUNT_NODE, "dev/console", NULL, NULL, 0, DEVICE(1, 3)}},
	{ALWAYS, {MOUNT_LINK, "dev/ptmx", "pts/ptmx", NULL, 0, 0}},
	{ALWAYS, {MOUNT_LINK, "dev/fd", "/proc/self/fd", NULL, 0, 0}},
	{ALWAYS, {MOUNT_LINK, "dev/stdin", "/proc/self/fd/0", NULL, 0, 0}},
	{ALWAYS, {MOUNT_LINK, "dev/stdout", "/proc/self/fd/1", NULL, 0, 0}},
	{ALWAYS, {MOUNT_LINK, "dev/stderr", "/proc/self/fd/2", NULL, 0, 0}},
	{ALWAYS, {MOUNT_DIRECTORY, "dev/pts", NULL, NULL, 0, 0}},
	{ALWAYS, {MOUNT_DIRECTORY, "dev/shm", NULL, NULL, 0, 0}},
	{ALONE, {MOUNT_FILESYSTEM, "dev/pts", "devpts", pts_options, QUIET, 0}},
	{ALONE, {MOUNT_FILESYSTEM, "dev/shm", "tmpfs", shm_options, QUIET | NODEV, 0}},
	{TOGETHER, {MOUNT_SHARED, "dev/pts", "pts", NULL, 0, 0}},
	{TOGETHER, {MOUNT_SHARED, "dev/shm", "shm", NULL, 0, 0}},

	{MASKED, {MOUNT_MASK, "proc/acpi", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/asound", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/config.gz", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/kallsyms", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/kcore", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/keys", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/kmem", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/latency_stats", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/mem", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/sched_debug", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/scsi", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "proc/timer_list", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/devices/virtual/powercap", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/firmware", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/fs", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/hypervisor", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/kernel/debug", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/module", NULL, NULL, 0, 0}},
	{MASKED, {MOUNT_MASK, "sys/power", NULL, NULL, 0, 0}},

	{VOLUMES, {MOUNT_VOLUMES, "dev", NULL, NULL, 0, 0}},
	{ALWAYS, {MOUNT_SEAL, "dev", NULL, NULL, MOUNT_ATTR_RDONLY, 0}},
	{ROOT_READ_ONLY, {MOUNT_ROOT, "", NULL, NULL, MOUNT_ATTR_RDONLY, 0}},
};

_Static_assert(sizeof(rows) / sizeof(*rows) <= MOUNT_STEPS_MAX,
               "every row finds a place");

static bool wanted(enum when when, const struct mount_request *request)
{
	switch (when) {
	case ALWAYS:
		return true;
	case MASKED:
		return request->masks;
	case UNMASKED:
		return !request->masks;
	case ALONE:
		return !request->several_apps;
	case TOGETHER:
		return request->several_apps;
	case VOLUMES:
		return request->volumes;
	case ROOT_READ_ONLY:
		return request->read_only_root;
	}
	return false;
}

void mount_plan_make(struct mount_plan *plan, const struct mount_request *request)
{
	plan->count = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (wanted(rows[i].when, request))
			plan->steps[plan->count++] = rows[i].step;
}

void mount_plan_print(const struct mount_plan *plan, struct buf *out)
{
	static const char *const kinds[] = {
		[MOUNT_FILESYSTEM] = "mount",  [MOUNT_SHARED] = "share",
		[MOUNT_NODE] = "node",         [MOUNT_LINK] = "link",
		[MOUNT_DIRECTORY] = "make",    [MOUNT_SEAL] = "seal",
		[MOUNT_READ_ONLY] = "protect", [MOUNT_MASK] = "mask",
		[MOUNT_ROOT] = "protect",
	};

	for (size_t i = 0; i < plan->count; i++) {
		const struct mount_step *step = &plan->steps[i];

		if (step->kind == MOUNT_VOLUMES) {
			volume_plan_print(&plan->volumes, *step->target, out);
			continue;
		}
		buf_format(out, "%s /%s%s%s\n", kinds[step->kind], step->target,
		           step->source ? " " : "", step->source ? step->source : "");
	}
}
