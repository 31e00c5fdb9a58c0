/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/import_program.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "common/file.h"
#include "common/kernel.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"

enum { WORDS_MAX = 8, END_MILLISECONDS = 1000 };

int import_program_start(enum install_place import, char *const argv[], const int *fds,
                         size_t fd_count, pid_t *pid, struct error *err)
{
	autofree char *path = NULL;
	autoclose int program = -1;
	char *words[WORDS_MAX + 1] = {NULL};
	int r = install_path(import, &path, err);

	if (r < 0)
		return r;
	program = path_open(AT_FDCWD, path, PATH_HOST, O_RDONLY, err);
	if (program < 0)
		return error_wrap(err, "cannot start the import program");
	words[0] = path;
	for (size_t i = 0; argv[i] && i + 1 < WORDS_MAX; i++)
		words[i + 1] = argv[i];
	return process_spawn(program, words, -1, fds, fd_count, pid, err);
}

int import_program_reap(pid_t pid, struct error *err)
{
	struct pollfd end = {kernel_pidfd_open(pid), POLLIN, 0};

	(void)!poll(&end, 1, END_MILLISECONDS);
	if (end.fd >= 0)
		close(end.fd);
	(void)!kill(pid, SIGKILL);
	return process_wait(pid, err);
}

static int start_asked(const struct import_question *question, int answer_fd, pid_t *pid,
                       struct error *err)
{
	int fds[PROCESS_FDS_MAX];

	assert(question->fd_count <= PROCESS_FDS_MAX);
	memcpy(fds, question->fds, question->fd_count * sizeof(*fds));
	fds[question->answer_at] = answer_fd;
	return import_program_start(question->import, question->argv, fds,
	                            question->fd_count, pid, err);
}

int import_program_ask(const struct import_question *question, struct buf *answer,
                       struct error *err)
{
	autoclose int from = -1, to = -1;
	struct error ignored;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	from = ends[0];
	to = ends[1];
	if (start_asked(question, to, &pid, err) < 0)
		return err->code;
	/* Its end is to be that of the answer. */
	close(to);
	to = -1;
	if (file_read(from, question->answer_max, answer, err) < 0) {
		(void)!import_program_reap(pid, &ignored);
		return error_wrap(err, "the import program's answer");
	}
	return import_program_reap(pid, err);
}

int import_program_ended(int status, struct error *err)
{
	if (status > 128)
		return error_set(err, -EPROTO,
		                 "the import program was killed by signal %d",
		                 status - 128);
	return error_set(err, -EPROTO, "the import program gave no answer");
}
