/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/output.h"

#include <fcntl.h>

#include "common/file.h"

int output_open(struct output outputs[OUTPUT_COUNT], struct error *err)
{
	for (int i = 0; i < OUTPUT_COUNT; i++) {
		int ends[2];

		if (!isatty(STDOUT_FILENO + i))
			continue;
		if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
			return error_errno(err, "cannot make a pipe");
		outputs[i] = (struct output){true, ends[0], ends[1]};
	}
	return 0;
}

int output_take(const struct output outputs[OUTPUT_COUNT], uid_t user, struct error *err)
{
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (outputs[i].open &&
		    (fchown(outputs[i].write_fd, user, (gid_t)-1) < 0 ||
		     dup2(outputs[i].write_fd, STDOUT_FILENO + i) < 0))
			return error_errno(err, "cannot take the output's pipe");
	return 0;
}

bool output_copy(const struct output *output, int fd)
{
	struct error ignored;
	char data[4096];
	ssize_t n = output->open ? read(output->read_fd, data, sizeof(data)) : 0;

	return n > 0 && file_write(fd, data, (size_t)n, &ignored) == 0;
}
