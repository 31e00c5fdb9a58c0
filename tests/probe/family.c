/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/probe/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 10000 /* ms */, STEP = 10 };

static void step(void)
{
	nanosleep(&(struct timespec){.tv_nsec = STEP * 1000000}, NULL);
}

/* The grandchild: waits until its parent has been waited for, and looks. */
static void be_orphan(const int *go)
{
	char byte;

	close(go[1]);
	while (read(go[0], &byte, 1) > 0)
		continue;
	printf("parent %d\n", getppid());
	fflush(stdout);
	_exit(0);
}

int family_orphan(char **args)
{
	int go[2], number[2], waited = 0;
	pid_t child, orphan = 0;

	(void)args;
	fflush(stdout);
	if (pipe(go) < 0 || pipe(number) < 0)
		return failed("pipe");
	child = fork();
	if (child == 0) {
		orphan = fork();
		if (orphan == 0)
			be_orphan(go);
		_exit(write(number[1], &orphan, sizeof(orphan)) < 0);
	}
	waitpid(child, NULL, 0);
	if (read(number[0], &orphan, sizeof(orphan)) != (ssize_t)sizeof(orphan))
		return failed("orphan");
	close(go[1]);
	/* A zombie is still there for kill(2). */
	for (; kill(orphan, 0) == 0 && waited < PATIENCE; waited += STEP)
		step();
	puts(kill(orphan, 0) == 0 ? "still there" : "gone");
	return 0;
}

int family_daemon(char **args)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		pid_t daemon = fork();

		if (daemon == 0) {
			setsid();
			signal(SIGTERM, SIG_IGN);
			signal(SIGHUP, SIG_IGN);
			for (;;)
				pause();
		}
		printf("daemon %d\n", daemon);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return (int)number(args[0]);
}

static socklen_t abstract(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length > sizeof(address->sun_path) - 1)
		length = sizeof(address->sun_path) - 1;
	memcpy(address->sun_path + 1, name, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

int family_serve(char **args)
{
	struct sockaddr_un address;
	socklen_t length = abstract(args[0], &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    listen(fd, 1) < 0)
		return failed(args[0]);
	alarm(PATIENCE / 1000);
	if (accept(fd, NULL, NULL) < 0)
		return failed(args[0]);
	puts("served");
	return 0;
}

int family_call(char **args)
{
	struct sockaddr_un address;
	socklen_t length = abstract(args[0], &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int waited = 0; connect(fd, (struct sockaddr *)&address, length) < 0;
	     waited += STEP) {
		if (errno != ECONNREFUSED || waited > PATIENCE)
			return failed(args[0]);
		step();
	}
	puts("called");
	return 0;
}

struct message {
	long type;
	char text[128];
};

int family_send(char **args)
{
	struct message message = {.type = 1};
	int queue = msgget((key_t)number(args[0]), IPC_CREAT | 0666);

	snprintf(message.text, sizeof(message.text), "%s", args[1]);
	if (queue < 0 || msgsnd(queue, &message, sizeof(message.text), 0) < 0)
		return failed("send");
	return 0;
}

int family_receive(char **args)
{
	struct message message = {0};
	int queue = msgget((key_t)number(args[0]), IPC_CREAT | 0666);

	alarm(PATIENCE / 1000);
	if (queue < 0 || msgrcv(queue, &message, sizeof(message.text), 0, 0) < 0)
		return failed("receive");
	printf("received %s\n", message.text);
	return 0;
}
