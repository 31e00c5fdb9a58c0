/* SPDX-License-Identifier: Apache-2.0 */
#include "stage1/network.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int network_loopback_up(struct error *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_errno(err, "cannot bring the loopback interface up");
	return 0;
}
