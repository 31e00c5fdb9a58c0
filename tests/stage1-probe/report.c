/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/stage1-probe/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* nftw() hands its callback nothing of ours. */
static FILE *out;
static bool first; /* of the array or object being written */

static void text(const char *value)
{
	putc('"', out);
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < ' ')
			fprintf(out, "\\u%04x", *c);
		else
			putc(*c, out);
	putc('"', out);
}

static void separate(void)
{
	fputs(first ? "" : ",", out);
	first = false;
}

/* Begins a member, or with NAME NULL an element. */
static void member(const char *name)
{
	separate();
	if (name) {
		text(name);
		putc(':', out);
	}
}

static void begin(const char *name, char bracket)
{
	member(name);
	putc(bracket, out);
	first = true;
}

static void end(char bracket)
{
	putc(bracket, out);
	first = false;
}

static void add_text(const char *name, const char *value)
{
	member(name);
	text(value);
}

static void add_number(const char *name, long long value)
{
	member(name);
	fprintf(out, "%lld", value);
}

static void add_bool(const char *name, bool value)
{
	member(name);
	fputs(value ? "true" : "false", out);
}

static void add_texts(const char *name, char **values)
{
	begin(name, '[');
	for (; *values; values++)
		add_text(NULL, *values);
	end(']');
}

static void add_lines(const char *name, const char *path)
{
	char line[8192];
	FILE *in = fopen(path, "re");

	begin(name, '[');
	while (in && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = 0;
		add_text(NULL, line);
	}
	end(']');
	if (in)
		fclose(in);
}

static bool is_pod_directory(int fd)
{
	struct stat theirs, ours;

	return fstat(fd, &theirs) == 0 && stat(".", &ours) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* The descriptors below LIMIT: those above are this program's own. */
static void add_fds(int limit)
{
	begin("fds", '[');
	for (int fd = 0; fd < limit; fd++) {
		char path[64], target[PATH_MAX] = "";
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) < 0)
			target[0] = 0;
		begin(NULL, '{');
		add_number("number", fd);
		add_text("target", target);
		add_bool("cloexec", flags & FD_CLOEXEC);
		add_bool("directory", is_pod_directory(fd));
		end('}');
	}
	end(']');
}

static void add_lock(void)
{
	const char *number = getenv("RKT_LOCK_FD");
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	begin("lock", '{');
	add_number("number", number ? atoi(number) : -1);
	add_bool("is_pod", number && is_pod_directory(atoi(number)));
	add_bool("held", flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK);
	end('}');
	close(fd);
}

static int add_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char target[PATH_MAX] = "";

	(void)at;
	if (type == FTW_SL && readlink(path, target, sizeof(target) - 1) < 0)
		target[0] = 0;
	begin(NULL, '{');
	add_text("path", path);
	add_text("type", type == FTW_SL         ? "link"
	                 : S_ISDIR(st->st_mode) ? "directory"
	                 : S_ISREG(st->st_mode) ? "file"
	                                        : "other");
	add_number("mode", st->st_mode & 07777);
	add_number("uid", st->st_uid);
	add_number("gid", st->st_gid);
	add_number("size", st->st_size);
	add_text("target", target);
	end('}');
	return 0;
}

static void add_file(const char *path)
{
	static char content[4 << 20];
	FILE *in = fopen(path, "re");
	size_t got = in ? fread(content, 1, sizeof(content) - 1, in) : 0;

	if (!in)
		return;
	content[got] = 0;
	add_text(path, content);
	fclose(in);
}

static void add_files(void)
{
	glob_t found = {0};

	begin("files", '{');
	add_file("pod");
	add_file("stage1/manifest");
	if (glob("stage1/rootfs/opt/stage2/*/manifest", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_file(found.gl_pathv[i]);
	globfree(&found);
	end('}');
}

static void add_link(const char *name, const char *path)
{
	char target[PATH_MAX] = "";

	if (readlink(path, target, sizeof(target) - 1) < 0)
		target[0] = 0;
	add_text(name, target);
}

static void add_namespaces(void)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt", "net",
	                                    "pid",    "user", "uts"};

	begin("namespaces", '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		add_link(names[i], path);
	}
	end('}');
}

void report_write(FILE *to, const char *entry, char **argv)
{
	extern char **environ;

	out = to;
	first = true;
	putc('{', out);
	add_text("entry", entry);
	add_texts("argv", argv);
	add_link("cwd", "/proc/self/cwd");
	add_link("exe", "/proc/self/exe");
	add_texts("environment", environ);
	add_number("pid", getpid());
	add_number("ppid", getppid());
	add_number("sid", getsid(0));
	add_namespaces();
	add_fds(fileno(to));
	add_lock();
	begin("tree", '[');
	nftw(".", add_entry, 16, FTW_PHYS);
	end(']');
	add_files();
	add_lines("mounts", "/proc/self/mountinfo");
	fputs("}\n", out);
}
