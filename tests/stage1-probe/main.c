/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A stage1 that isolates nothing: each of its entry points writes down what it was given, as
 * REPORT/ENTRY.json and stage1/rootfs/probe/ENTRY.json, and ends with the status it was told to. The
 * one program is all the entry points, told apart by the name it was started under; beside
 * it in its image lies "settings", lines of KEY=VALUE:
 *
 *	report=DIRECTORY	of the host
 *	run=STATUS, enter=STATUS, gc=STATUS
 *	stop=STATUS		not 0: and stops nothing
 *	pause=1			run writes the pid file and waits for SIGTERM first
 */

#include "tests/stage1-probe/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FD_OF_REPORT = 1000, BROKEN = 99 };

static int broken(const char *what)
{
	fprintf(stderr, "stage1-probe: %s: %s\n", what, strerror(errno));
	return BROKEN;
}

/* The path of this program, which is called as its entry point; sets *ENTRY in it. */
static const char *own_path(const char **entry)
{
	static char path[PATH_MAX];

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return NULL;
	*entry = strrchr(path, '/') + 1;
	return path;
}

/* The value of NAME in the settings, or NULL. The next call overwrites it. */
static const char *setting(const char *own, const char *name)
{
	static char line[PATH_MAX];
	char path[PATH_MAX + sizeof("settings")];
	size_t length = strlen(name);
	const char *value = NULL;
	FILE *in;

	snprintf(path, sizeof(path), "%.*ssettings", (int)(strrchr(own, '/') + 1 - own),
	         own);
	in = fopen(path, "re");
	while (in && !value && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, name, length) && line[length] == '=')
			value = line + length + 1;
	}
	if (in)
		fclose(in);
	return value;
}

/* Above all the descriptors it may have been given, so that the report shows those. */
static FILE *open_report(const char *path)
{
	int low = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FD_OF_REPORT);

	if (low >= 0)
		close(low);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int write_report(const char *directory, const char *entry, char **argv)
{
	char path[PATH_MAX];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s.json", directory, entry);
	out = open_report(path);
	if (!out)
		return broken(path);
	report_write(out, entry, argv);
	return fclose(out) ? broken(path) : 0;
}

static int write_pid(void)
{
	FILE *out = fopen("pid.new", "we");

	if (!out)
		return broken("pid");
	fprintf(out, "%d\n", getpid());
	if (fclose(out) || rename("pid.new", "pid"))
		return broken("pid");
	return 0;
}

static int pause_until_term(void)
{
	sigset_t term;
	int got;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (write_pid())
		return BROKEN;
	puts("ready");
	fflush(stdout);
	return sigwait(&term, &got);
}

/* The process that the pid file names, which is a pause_until_term(). */
static int stop(void)
{
	FILE *in = fopen("pid", "re");
	int pid = 0;

	if (!in || fscanf(in, "%d", &pid) != 1 || pid < 2)
		return broken("pid");
	fclose(in);
	return kill(pid, SIGTERM) ? broken("kill") : 0;
}

int main(int argc, char **argv)
{
	const char *entry = NULL, *own = own_path(&entry), *value;
	int status;

	(void)argc;
	if (!own)
		return broken("/proc/self/exe");
	value = setting(own, "report");
	if (value && write_report(value, entry, argv))
		return BROKEN;
	if (!strcmp(entry, "run")) {
		mkdir("stage1/rootfs/probe", 0755);
		if (write_report("stage1/rootfs/probe", entry, argv))
			return BROKEN;
		value = setting(own, "pause");
		if (value && pause_until_term())
			return BROKEN;
	}
	value = setting(own, entry);
	status = value ? atoi(value) : 0;
	if (!strcmp(entry, "stop") && status == 0 && stop())
		return BROKEN;
	return status;
}
