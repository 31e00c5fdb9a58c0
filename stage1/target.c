/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/target.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/kernel.h"
#include "common/lock.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/pod/pod.h"

enum { NUMBER_FILE_MAX = 32, PROC_FILE_MAX = 1 << 20 };

static int parse_pid(const char *text, pid_t *pid, struct error *err)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || (*end && strcmp(end, "\n") != 0) || value < 1 ||
	    value > 1 << 22)
		return error_set(err, -EBADMSG, "'%s' is not a process number", text);
	*pid = (pid_t)value;
	return 0;
}

static int read_pid(const char *path, pid_t *pid, struct error *err)
{
	autoclear(buf) text = {0};

	if (file_read_at(AT_FDCWD, path, NUMBER_FILE_MAX, &text, err) < 0)
		return err->code;
	return parse_pid(buf_string(&text), pid, err);
}

static int is_alive(struct error *err)
{
	autoclose int dir_fd = path_open_dir(AT_FDCWD, ".", err);
	int r = dir_fd < 0 ? dir_fd : lock_try(dir_fd, LOCK_SHARED, err);

	if (r == LOCK_TAKEN)
		return error_set(err, -ESRCH, "the pod is not running");
	return r < 0 ? r : 0;
}

int target_find(struct target *target, const char *text, struct error *err)
{
	int r = text ? parse_pid(text, &target->pid, err)
	             : read_pid(POD_PID, &target->pid, err);

	if (r < 0)
		return r;
	target->fd = kernel_pidfd_open(target->pid);
	if (target->fd < 0)
		return error_errno(err, "cannot find process %d of the pod",
		                   (int)target->pid);
	return is_alive(err);
}

static int read_proc(pid_t pid, const char *file, struct buf *text, struct error *err)
{
	autofree char *path = memory_format("/proc/%d/%s", (int)pid, file);
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY, err);

	return fd < 0 ? err->code : file_read(fd, PROC_FILE_MAX, text, err);
}

/* The last number of the line FIELD of the process's status. */
static int proc_number(pid_t pid, const char *field, pid_t *number, struct error *err)
{
	autoclear(buf) text = {0};
	const char *at, *end;

	if (read_proc(pid, "status", &text, err) < 0)
		return err->code;
	at = strstr(buf_string(&text), field);
	if (!at)
		return error_set(err, -EBADMSG, "process %d has no '%s'", (int)pid,
		                 field);
	end = at + strlen(field) + strcspn(at + strlen(field), "\n");
	while (end > at && isdigit((unsigned char)end[-1]))
		end--;
	*number = (pid_t)strtol(end, NULL, 10);
	return 0;
}

int target_find_app(struct target *target, const char *app, struct error *err)
{
	autofree char *path = memory_format("%s/%s", POD_APP_PIDS, app);
	autofree char *children = memory_format("task/%d/children", (int)target->pid);
	autoclear(buf) text = {0};
	char *rest, *word;
	pid_t wanted;

	if (read_pid(path, &wanted, err) < 0 ||
	    read_proc(target->pid, children, &text, err) < 0)
		return err->code;
	rest = text.data;
	while ((word = strsep(&rest, " "))) {
		pid_t pid = (pid_t)strtol(word, NULL, 10), inside;
		int fd = pid > 0 ? kernel_pidfd_open(pid) : -1;

		/* The descriptor first: what we read after it is of that process. */
		if (fd < 0)
			continue;
		if (proc_number(pid, "\nNSpid:", &inside, err) == 0 && inside == wanted) {
			close(target->fd);
			*target = (struct target){.pid = pid, .fd = fd};
			return 0;
		}
		close(fd);
	}
	return error_set(err, -ESRCH, "app '%s' is not running", app);
}

int target_run_args(const struct target *target, struct strv *storage,
                    struct stage1_run *args, struct error *err)
{
	autoclear(buf) text = {0};
	pid_t supervisor;

	if (proc_number(target->pid, "\nPPid:", &supervisor, err) < 0 ||
	    read_proc(supervisor, "cmdline", &text, err) < 0)
		return err->code;
	for (size_t at = 0; at < text.len; at += strlen(text.data + at) + 1)
		strv_add(storage, text.data + at);
	if (storage->count < 2)
		return error_set(err, -ESRCH, "the pod's supervisor is gone");
	return stage1_run_decode(storage->items + 1, args, err);
}
