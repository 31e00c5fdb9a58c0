/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "common/file.h"
#include "common/path.h"
#include "stage1/report_socket.h"

static struct termios callers;

int terminal_make(int dev_fd, uid_t owner, int report_fd, int *slave_fd,
                  struct error *err)
{
	autoclose int master_fd = path_open(dev_fd, "pts/ptmx", PATH_OURS,
	                                    O_RDWR | O_NOCTTY, err);
	const struct report report = {.kind = REPORT_TERMINAL, .app = -1};
	struct winsize size;
	int unlocked = 0;
	unsigned number;
	char name[32];

	if (master_fd < 0)
		return err->code;
	if (ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0 ||
	    ioctl(master_fd, TIOCGPTN, &number) < 0)
		return error_errno(err, "cannot set up the terminal");
	/* The app finds it as large as it is, before the supervisor has heard of it. */
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master_fd, TIOCSWINSZ, &size);
	snprintf(name, sizeof(name), "pts/%u", number);
	*slave_fd = path_open(dev_fd, name, PATH_OURS, O_RDWR | O_NOCTTY, err);
	if (*slave_fd < 0)
		return err->code;
	if (fchown(*slave_fd, owner, (gid_t)-1) < 0)
		return error_errno(err, "cannot give the terminal to user %u", owner);
	return report_send(report_fd, &report, master_fd, err);
}

int terminal_take(int slave_fd, bool terminals_only, struct error *err)
{
	if (ioctl(slave_fd, TIOCSCTTY, 0) < 0)
		return error_errno(err, "cannot take the terminal");
	for (int fd = 0; fd <= 2; fd++)
		if ((!terminals_only || isatty(fd)) && dup2(slave_fd, fd) < 0)
			return error_errno(err, "cannot take the terminal");
	return 0;
}

void terminal_attach(struct terminal *terminal, int master_fd)
{
	struct termios raw;

	terminal->master_fd = master_fd;
	terminal->open = true;
	terminal_resize(terminal);
	if (tcgetattr(STDIN_FILENO, &callers) < 0)
		return;
	raw = callers;
	cfmakeraw(&raw);
	terminal->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_resize(const struct terminal *terminal)
{
	struct winsize size;

	if (terminal->open && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->master_fd, TIOCSWINSZ, &size);
}

void terminal_copy_in(struct terminal *terminal)
{
	static const char end_of_file = 4; /* what ^D sends: the line discipline's VEOF */
	struct error ignored;
	char data[4096];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));

	if (n > 0) {
		(void)!file_write(terminal->master_fd, data, (size_t)n, &ignored);
		return;
	}
	if (n < 0 && errno == EINTR)
		return;
	terminal->input_ended = true;
	(void)!file_write(terminal->master_fd, &end_of_file, 1, &ignored);
}

bool terminal_copy_out(struct terminal *terminal)
{
	struct error ignored;
	char data[4096];
	ssize_t n = read(terminal->master_fd, data, sizeof(data));

	if (n > 0)
		return file_write(STDOUT_FILENO, data, (size_t)n, &ignored) == 0;
	return n < 0 && errno == EINTR;
}

void terminal_detach(struct terminal *terminal)
{
	struct pollfd fd = {.fd = terminal->master_fd, .events = POLLIN};

	if (!terminal->open)
		return;
	while (poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN))
		if (!terminal_copy_out(terminal))
			break;
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &callers);
	close(terminal->master_fd);
	*terminal = (struct terminal){0};
}
