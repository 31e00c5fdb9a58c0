/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program, and says on descriptor 3 how many KiB the largest process of it had: as a
 * small process sees it, since what a child has from its parent counts too.
 *
 *	peak COMMAND [ARGUMENT ...]
 */
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		errx(125, "peak COMMAND [ARGUMENT ...]");
	pid = fork();
	if (pid < 0)
		err(125, "fork");
	if (pid == 0) {
		close(3);
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	if (waitpid(pid, &status, 0) != pid || getrusage(RUSAGE_CHILDREN, &usage) < 0)
		err(125, "wait");
	dprintf(3, "%ld\n", usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
