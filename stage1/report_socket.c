/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/report_socket.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Room for one descriptor beside the data. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int report_send(int socket_fd, const struct report *report, int fd, struct error *err)
{
	struct iovec data = {
		.iov_base = (void *)(uintptr_t)report,
		.iov_len = report->kind == REPORT_FAILED ? sizeof(*report) : REPORT_SHORT,
	};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	union control control = {0};

	if (fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0)
		return error_errno(err, "cannot tell the supervisor");
	return 0;
}

int report_receive(int socket_fd, struct report *report, int *fd, struct error *err)
{
	struct iovec data = {report, sizeof(*report)};
	union control control = {0};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header;
	ssize_t size = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*fd = -1;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return REPORT_NONE_YET;
	if (size < 0)
		return error_errno(err, "cannot hear from the pod");
	if (size == 0)
		return REPORT_ENDED;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	if (size < (ssize_t)REPORT_SHORT)
		return error_set(err, -EBADMSG, "a report of the pod is cut short");
	return REPORT_TAKEN;
}
