/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/relay.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/process.h"
#include "stage1/report_socket.h"
#include "stage1/signals.h"

int relay_open(struct relay *relay, struct error *err)
{
	sigset_t signals;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "cannot make a socket");
	relay->report_fd = ends[0];
	relay->child_fd = ends[1];
	signals_prepare();
	signals_watched(&signals);
	relay->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (relay->signal_fd < 0)
		return error_errno(err, "cannot watch signals");
	return output_open(relay->outputs, err);
}

void relay_started(struct relay *relay)
{
	close(relay->child_fd);
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (relay->outputs[i].open)
			close(relay->outputs[i].write_fd);
}

/* Takes the reports that have come. */
static int take_reports(struct relay *relay, relay_report *handle, void *owner,
                        struct error *err)
{
	struct report report = {0};
	int fd, r = REPORT_NONE_YET;

	while (relay->report_fd >= 0 && (r = report_receive(relay->report_fd, &report,
	                                                    &fd, err)) == REPORT_TAKEN) {
		if (fd >= 0 && relay->terminal.open)
			close(fd);
		else if (fd >= 0)
			terminal_attach(&relay->terminal, fd);
		if (report.kind != REPORT_TERMINAL && handle(owner, &report, err) < 0)
			return err->code;
	}
	/* The other ends are closed: process 1 is going, and may take its time. */
	if (r == REPORT_ENDED) {
		close(relay->report_fd);
		relay->report_fd = -1;
	}
	return r < 0 ? r : 0;
}

static void hand_on_signal(struct relay *relay)
{
	struct signalfd_siginfo info;

	if (read(relay->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		terminal_resize(&relay->terminal);
	if (info.ssi_signo != SIGCHLD)
		kill(relay->pid, (int)info.ssi_signo);
}

/* One turn. Returns 1 when the child has ended. */
static int wait_once(struct relay *relay, struct error *err)
{
	bool out = relay->terminal.open, in = out && !relay->terminal.input_ended;
	siginfo_t info = {0};
	struct pollfd fds[] = {
		{.fd = relay->report_fd, .events = POLLIN},
		{.fd = relay->signal_fd, .events = POLLIN},
		{.fd = in ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = out ? relay->terminal.master_fd : -1, .events = POLLIN},
		{.fd = relay->outputs[0].open ? relay->outputs[0].read_fd : -1,
	         .events = POLLIN},
		{.fd = relay->outputs[1].open ? relay->outputs[1].read_fd : -1,
	         .events = POLLIN},
	};

	if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait for the pod");
	if (fds[2].revents)
		terminal_copy_in(&relay->terminal);
	if (fds[3].revents && !terminal_copy_out(&relay->terminal))
		terminal_detach(&relay->terminal);
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (fds[4 + i].revents)
			output_copy(&relay->outputs[i], STDOUT_FILENO + i);
	if (!fds[1].revents)
		return 0;
	hand_on_signal(relay);
	if (waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return error_errno(err, "cannot wait for the pod");
	return info.si_pid == relay->pid;
}

int relay_run(struct relay *relay, relay_report *handle, void *owner, struct error *err)
{
	struct error late;
	int r, status;

	do {
		r = wait_once(relay, err);
		if (r >= 0 && take_reports(relay, handle, owner, err) < 0)
			r = err->code;
	} while (r == 0);
	if (r < 0)
		kill(relay->pid, SIGKILL);
	status = process_wait(relay->pid, r < 0 ? &late : err);
	/* Whoever wrote is gone by now; what was written is not. */
	for (int i = 0; i < OUTPUT_COUNT; i++)
		while (output_copy(&relay->outputs[i], STDOUT_FILENO + i))
			;
	terminal_detach(&relay->terminal);
	return r < 0 ? r : status;
}
