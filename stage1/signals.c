/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/signals.h"

#include <stddef.h>

static const struct {
	int signal;
	bool stop;
} watched[] = {
	{SIGTERM, true},  {SIGINT, true},   {SIGQUIT, true},   {SIGHUP, false},
	{SIGUSR1, false}, {SIGUSR2, false}, {SIGWINCH, false}, {SIGCHLD, false},
};

enum { WATCHED_COUNT = sizeof(watched) / sizeof(*watched) };

void signals_watched(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaddset(set, watched[i].signal);
}

bool signals_stop(int signal)
{
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		if (watched[i].signal == signal)
			return watched[i].stop;
	return false;
}

void signals_prepare(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &action, NULL);
	signals_watched(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}
