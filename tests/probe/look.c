/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/probe/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

int look_argv(char **args)
{
	for (; *args; args++)
		puts(*args);
	return 0;
}

int look_cwd(char **args)
{
	char path[PATH_MAX];

	(void)args;
	if (!getcwd(path, sizeof(path)))
		return failed("working directory");
	puts(path);
	return 0;
}

int look_env(char **args)
{
	extern char **environ;

	if (*args) {
		const char *value = getenv(*args);

		puts(value ? value : "(not set)");
		return !value;
	}
	for (char **entry = environ; *entry; entry++)
		puts(*entry);
	return 0;
}

static int cat(const char *path)
{
	char block[4096];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return failed(path);
	while ((got = read(fd, block, sizeof(block))) > 0)
		fwrite(block, 1, (size_t)got, stdout);
	close(fd);
	return got < 0 ? failed(path) : 0;
}

int look_cat(char **args)
{
	int status = 0;

	for (; *args; args++)
		status |= cat(*args);
	return status;
}

static const char *type_name(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *name;
	} types[] = {{S_IFREG, "file"},   {S_IFDIR, "directory"}, {S_IFLNK, "link"},
	             {S_IFCHR, "char"},   {S_IFBLK, "block"},     {S_IFIFO, "fifo"},
	             {S_IFSOCK, "socket"}};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if ((mode & S_IFMT) == types[i].type)
			return types[i].name;
	return "unknown";
}

static int print_entry(int dir_fd, const char *name)
{
	char target[PATH_MAX] = "";
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(name);
	if (readlinkat(dir_fd, name, target, sizeof(target) - 1) < 0)
		target[0] = 0;
	printf("%s %04o %u %u %u:%u %s%s%s\n", type_name(st.st_mode), st.st_mode & 07777,
	       st.st_uid, st.st_gid, major(st.st_rdev), minor(st.st_rdev), name,
	       target[0] ? " -> " : "", target);
	return 0;
}

int look_stat(char **args)
{
	int status = 0;

	for (; *args; args++)
		status |= print_entry(AT_FDCWD, *args);
	return status;
}

int look_list(char **args)
{
	struct dirent **entries;
	int status = 0;
	int count = scandir(args[0], &entries, NULL, alphasort);
	int fd = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (count < 0 || fd < 0)
		return failed(args[0]);
	for (int i = 0; i < count; i++) {
		if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, ".."))
			status |= print_entry(fd, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	close(fd);
	return status;
}

/* Descriptors come from /proc, and each is asked for: what is not there is not printed. */
int look_fds(char **args)
{
	static const char *const access[] = {"read", "write", "both", "none"};
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	(void)args;
	if (!dir)
		return failed("/proc/self/fd");
	while ((entry = readdir(dir))) {
		char target[PATH_MAX] = "";
		int fd = atoi(entry->d_name);
		int flags = fcntl(fd, F_GETFL);

		if (entry->d_name[0] == '.' || fd == dirfd(dir) || flags < 0)
			continue;
		if (readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) < 0)
			target[0] = 0;
		printf("%d %s %s %s\n", fd,
		       flags & O_PATH ? "path" : access[flags & O_ACCMODE],
		       fcntl(fd, F_GETFD) & FD_CLOEXEC ? "cloexec" : "inherited", target);
	}
	closedir(dir);
	return 0;
}

int look_ns(char **args)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt", "net",
	                                    "pid",    "user", "uts"};

	(void)args;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (readlink(path, target, sizeof(target) - 1) < 0)
			return failed(path);
		puts(target);
	}
	return 0;
}

int look_ids(char **args)
{
	gid_t groups[256];
	uid_t uid[3];
	gid_t gid[3];
	int count = getgroups(256, groups);

	(void)args;
	if (count < 0 || getresuid(&uid[0], &uid[1], &uid[2]) < 0 ||
	    getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return failed("ids");
	printf("uid %u %u %u\ngid %u %u %u\ngroups", uid[0], uid[1], uid[2], gid[0],
	       gid[1], gid[2]);
	for (int i = 0; i < count; i++)
		printf(" %u", groups[i]);
	puts("");
	return 0;
}

int look_tty(char **args)
{
	struct winsize size = {0};
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	(void)args;
	for (int i = 0; i < 3; i++)
		printf("%d %s\n", i,
		       isatty(i) ? ttyname(i) ? ttyname(i) : "nameless" : "none");
	printf("controlling %s\n", fd >= 0 ? "yes" : "no");
	if (fd >= 0) {
		printf("leader %s\n", tcgetsid(fd) == getpid() ? "yes" : "no");
		ioctl(fd, TIOCGWINSZ, &size);
		printf("size %d %d\n", size.ws_row, size.ws_col);
		close(fd);
	}
	return 0;
}

int look_host_name(char **args)
{
	struct utsname name;

	(void)args;
	if (uname(&name) < 0)
		return failed("uname");
	puts(name.nodename);
	return 0;
}

int look_processes(char **args)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	(void)args;
	if (!dir)
		return failed("/proc");
	while ((entry = readdir(dir))) {
		char path[PATH_MAX], state, name[64];
		int pid, parent;
		FILE *stat;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		stat = fopen(path, "re");
		if (!stat)
			continue;
		if (fscanf(stat, "%d (%63[^)]) %c %d", &pid, name, &state, &parent) == 4)
			printf("%d %d %c %s\n", pid, parent, state, name);
		fclose(stat);
	}
	closedir(dir);
	return 0;
}

int look_interfaces(char **args)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)args;
	if (!all || fd < 0)
		return failed("interfaces");
	for (struct if_nameindex *i = all; i->if_index; i++) {
		struct ifreq request = {0};

		snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s", i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
			return failed(i->if_name);
		printf("%s %s\n", i->if_name, request.ifr_flags & IFF_UP ? "up" : "down");
	}
	if_freenameindex(all);
	close(fd);
	return 0;
}
