/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/privilege.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>

#define RETAIN "os/linux/capabilities-retain-set"
#define REMOVE "os/linux/capabilities-remove-set"

/* Every capability, and whether an app has it if nobody says otherwise. */
static const struct capability {
	const char *name;
	unsigned number;
	bool by_default;
} capabilities[] = {
	{"CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL, false},
	{"CAP_AUDIT_READ", CAP_AUDIT_READ, false},
	{"CAP_AUDIT_WRITE", CAP_AUDIT_WRITE, true},
	{"CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND, false},
	{"CAP_BPF", CAP_BPF, false},
	{"CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE, false},
	{"CAP_CHOWN", CAP_CHOWN, true},
	{"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE, true},
	{"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH, false},
	{"CAP_FOWNER", CAP_FOWNER, true},
	{"CAP_FSETID", CAP_FSETID, true},
	{"CAP_IPC_LOCK", CAP_IPC_LOCK, false},
	{"CAP_IPC_OWNER", CAP_IPC_OWNER, false},
	{"CAP_KILL", CAP_KILL, true},
	{"CAP_LEASE", CAP_LEASE, false},
	{"CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE, false},
	{"CAP_MAC_ADMIN", CAP_MAC_ADMIN, false},
	{"CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE, false},
	{"CAP_MKNOD", CAP_MKNOD, true},
	{"CAP_NET_ADMIN", CAP_NET_ADMIN, false},
	{"CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE, true},
	{"CAP_NET_BROADCAST", CAP_NET_BROADCAST, false},
	{"CAP_NET_RAW", CAP_NET_RAW, true},
	{"CAP_PERFMON", CAP_PERFMON, false},
	{"CAP_SETFCAP", CAP_SETFCAP, true},
	{"CAP_SETGID", CAP_SETGID, true},
	{"CAP_SETPCAP", CAP_SETPCAP, true},
	{"CAP_SETUID", CAP_SETUID, true},
	{"CAP_SYSLOG", CAP_SYSLOG, false},
	{"CAP_SYS_ADMIN", CAP_SYS_ADMIN, false},
	{"CAP_SYS_BOOT", CAP_SYS_BOOT, false},
	{"CAP_SYS_CHROOT", CAP_SYS_CHROOT, true},
	{"CAP_SYS_MODULE", CAP_SYS_MODULE, false},
	{"CAP_SYS_NICE", CAP_SYS_NICE, false},
	{"CAP_SYS_PACCT", CAP_SYS_PACCT, false},
	{"CAP_SYS_PTRACE", CAP_SYS_PTRACE, false},
	{"CAP_SYS_RAWIO", CAP_SYS_RAWIO, false},
	{"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE, false},
	{"CAP_SYS_TIME", CAP_SYS_TIME, false},
	{"CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG, false},
	{"CAP_WAKE_ALARM", CAP_WAKE_ALARM, false},
};

enum { CAPABILITY_COUNT = sizeof(capabilities) / sizeof(*capabilities) };

static int named_set(const struct isolator *isolator, uint64_t *set, struct error *err)
{
	autoclear(strv) names = {0};

	*set = 0;
	isolator_set(isolator, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		size_t c = 0;

		while (c < CAPABILITY_COUNT &&
		       strcmp(capabilities[c].name, names.items[i]) != 0)
			c++;
		if (c == CAPABILITY_COUNT)
			return error_set(err, -EINVAL,
			                 "isolator '%s': unknown capability '%s'",
			                 isolator->name, names.items[i]);
		*set |= 1ULL << capabilities[c].number;
	}
	return 0;
}

int privilege_bounding_set(const struct isolator *isolators, size_t count, uint64_t *set,
                           struct error *err)
{
	const struct isolator *retain = isolator_find(isolators, count, RETAIN);
	const struct isolator *remove = isolator_find(isolators, count, REMOVE);
	uint64_t named = 0;

	if (retain && remove)
		return error_set(err, -EINVAL,
		                 "isolators '%s' and '%s' exclude each other", RETAIN,
		                 REMOVE);
	if ((retain || remove) && named_set(retain ? retain : remove, &named, err) < 0)
		return err->code;
	*set = 0;
	for (size_t c = 0; c < CAPABILITY_COUNT; c++)
		if (capabilities[c].by_default)
			*set |= 1ULL << capabilities[c].number;
	if (retain)
		*set = named;
	else
		*set &= ~named;
	return 0;
}
