/* SPDX-License-Identifier: Apache-2.0 */
#include "common/process.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int process_exit_status(int wait_status)
{
	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	return 128 + WTERMSIG(wait_status);
}

int process_wait(pid_t pid, struct error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for process %d", (int)pid);
	return process_exit_status(status);
}

struct child {
	int program_fd;
	int work_dir_fd;
	char *const *argv;
	const int *fds;
	size_t fd_count;
};

/* Moves the descriptors to 0, 1, 2, ..., above all of them first, so that none is lost. */
static int place_fds(struct child *c)
{
	int high = (int)c->fd_count + 1;
	int moved[PROCESS_FDS_MAX];

	c->program_fd = fcntl(c->program_fd, F_DUPFD_CLOEXEC, high);
	if (c->work_dir_fd >= 0)
		c->work_dir_fd = fcntl(c->work_dir_fd, F_DUPFD_CLOEXEC, high);
	for (size_t i = 0; i < c->fd_count; i++)
		moved[i] = fcntl(c->fds[i], F_DUPFD_CLOEXEC, high);
	for (size_t i = 0; i < c->fd_count; i++)
		if (dup2(moved[i], (int)i) < 0)
			return -1;
	return (int)syscall(SYS_close_range, c->fd_count, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* Returns only to fail, with errno. */
static __attribute__((noinline)) void become(struct child *c)
{
	extern char **environ;

	if (place_fds(c) == 0 && (c->work_dir_fd < 0 || fchdir(c->work_dir_fd) == 0))
		syscall(SYS_execveat, c->program_fd, "", c->argv, environ, AT_EMPTY_PATH);
}

int process_spawn(int program_fd, char *const argv[], int work_dir_fd, const int *fds,
                  size_t fd_count, pid_t *pid, struct error *err)
{
	struct child child = {program_fd, work_dir_fd, argv, fds, fd_count};
	volatile int failed = 0;
	pid_t started;

	assert(fd_count >= 3 && fd_count <= PROCESS_FDS_MAX);
	/* The child runs in our memory until it has exec'ed: FAILED is how it tells us. */
	started = vfork();
	if (started == 0) {
		become(&child);
		failed = errno;
		_exit(127);
	}
	if (started < 0)
		return error_errno(err, "cannot start '%s'", argv[0]);
	if (failed) {
		waitpid(started, NULL, 0);
		errno = failed;
		return error_errno(err, "cannot start '%s'", argv[0]);
	}
	*pid = started;
	return 0;
}
