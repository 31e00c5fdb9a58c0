/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage0/import/net/sandbox.h"
#include "tests/unit/unit.h"

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 2;
}

/* Runs TRY in a process that has confined itself; what it returns. */
static int confined(int (*try)(void))
{
	pid_t pid = fork();
	struct error err = {0};
	int status;

	if (pid == 0) {
		if (sandbox_network(&err) < 0)
			_exit(99);
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 99);
	return WEXITSTATUS(status);
}

/* A directory that anybody may do anything in, and a file there. */
static char place[] = "/tmp/gantry-test-XXXXXX";

static int make_place(void **state __attribute__((unused)))
{
	int fd;

	assert_non_null(mkdtemp(place));
	assert_int_equal(chmod(place, 0777), 0);
	assert_int_equal(chdir(place), 0);
	fd = open("file", O_WRONLY | O_CREAT | O_EXCL, 0666);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	close(fd);
	return 0;
}

static int remove_place(void **state __attribute__((unused)))
{
	assert_int_equal(unlink("file"), 0);
	/* Nothing was made beside it. */
	return rmdir(place);
}

/* Each tries what ought to fail, and returns how many did not; the filter alone, without
 * landlock, is enough. */

static int write_files(void)
{
	static const char *const names[] = {"file", "new"};
	static const int flags[] = {O_WRONLY, O_RDWR,  O_WRONLY | O_CREAT,
	                            O_CREAT,  O_TRUNC, O_WRONLY | O_TRUNC | O_CREAT};
	int done = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (size_t k = 0; k < sizeof(flags) / sizeof(*flags); k++)
			done += open(names[i], flags[k], 0600) >= 0 || errno != ENOSYS;
	done += open(".", O_TMPFILE | O_RDWR, 0600) >= 0 || errno != ENOSYS;
	done += syscall(SYS_openat2, AT_FDCWD, "file", (uint64_t[3]){0}, 24) >= 0;
#ifdef SYS_creat
	done += syscall(SYS_open, "file", O_WRONLY) >= 0;
	done += syscall(SYS_creat, "new", 0600) >= 0;
#endif
	return done;
}

test(no_file_can_be_written)
{
	assert_int_equal(confined(write_files), 0);
}

static int change_files(void)
{
	int done = 0;

	done += mkdir("new", 0700) == 0;
	done += unlink("none") == 0 || errno != ENOSYS;
	done += rename("file", "new") == 0 || errno != ENOSYS;
	done += link("file", "new") == 0;
	done += symlink("x", "new") == 0;
	done += chmod("file", 0600) == 0 || errno != ENOSYS;
	done += truncate("file", 1) == 0 || errno != ENOSYS;
	done += chdir("/") == 0;
	return done;
}

test(no_file_can_be_made_renamed_or_removed)
{
	assert_int_equal(confined(change_files), 0);
}

static int start_programs(void)
{
	char *argv[] = {"true", NULL};
	int done = 0;

	done += syscall(SYS_fork) >= 0;
	done += syscall(SYS_vfork) >= 0;
	done += syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
	done += syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
	done += syscall(SYS_clone3, NULL, 0) >= 0;
	done += unshare(CLONE_NEWUSER) == 0;
	execv("/bin/true", argv);
	done += errno != ENOSYS;
	return done;
}

test(no_program_can_be_started)
{
	assert_int_equal(confined(start_programs), 0);
}

static int reach_others(void)
{
	int done = 0;

	done += kill(getppid(), 0) == 0;
	done += ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
	done += setuid(0) == 0;
	done += socket(AF_PACKET, SOCK_RAW, 0) >= 0;
	done += socket(AF_VSOCK, SOCK_STREAM, 0) >= 0;
	done += syscall(SYS_bpf, 0, NULL, 0) >= 0;
	done += syscall(SYS_io_uring_setup, 1, NULL) >= 0;
	done += syscall(SYS_memfd_create, "x", 0) >= 0;
	return done;
}

test(nobody_else_can_be_reached_but_by_the_network)
{
	assert_int_equal(confined(reach_others), 0);
}

static int read_file(void)
{
	return open("file", O_RDONLY) >= 0;
}

test(only_what_names_and_certificates_take_can_be_read)
{
	assert_int_equal(confined(read_file), has_landlock() ? 0 : 1);
}

static void *note(void *done)
{
	*(int *)done = 1;
	return NULL;
}

/* What it takes to be of use; returns 0 if all of it is there. */
static int work(void)
{
	struct addrinfo *found = NULL;
	pthread_t thread;
	int done = 0;

	if (open("/etc/hosts", O_RDONLY) < 0 || open("/usr", O_RDONLY | O_DIRECTORY) < 0)
		return 1;
	if (getaddrinfo("localhost", "80", NULL, &found) != 0)
		return 2;
	freeaddrinfo(found);
	if (socket(AF_INET, SOCK_STREAM, 0) < 0)
		return 3;
	if (pthread_create(&thread, NULL, note, &done) != 0 ||
	    pthread_join(thread, NULL) != 0 || !done)
		return 4;
	return 0;
}

test(names_threads_and_sockets_are_there)
{
	assert_int_equal(confined(work), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_file_can_be_written),
		cmocka_unit_test(no_file_can_be_made_renamed_or_removed),
		cmocka_unit_test(no_program_can_be_started),
		cmocka_unit_test(nobody_else_can_be_reached_but_by_the_network),
		cmocka_unit_test(only_what_names_and_certificates_take_can_be_read),
		cmocka_unit_test(names_threads_and_sockets_are_there),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
