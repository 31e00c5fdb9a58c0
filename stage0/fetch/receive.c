/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/receive.h"

#include <poll.h>
#include <time.h>

#include "common/file.h"
#include "common/memory.h"

enum {
	PART = 256 << 10,
	/* What a reboot may cost: so many bytes, and no more often than so many seconds. */
	SYNC_BYTES = 16 << 20,
	SYNC_SECONDS = 2,
	REDRAW_MILLISECONDS = 500
};

static int64_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static int wait_for(const struct reception *reception, struct pollfd fds[2],
                    struct error *err)
{
	int ready;

	do {
		ready = poll(fds, 2, reception->progress ? REDRAW_MILLISECONDS : -1);
		if (ready == 0)
			progress_wait(reception->progress);
		if (ready < 0 && errno != EINTR)
			return error_errno(err, "cannot wait");
	} while (ready <= 0);
	return 0;
}

/* Reads some bytes; 0 at the end. */
static ssize_t read_some(const struct reception *reception, int from_fd, char *part,
                         struct error *err)
{
	struct pollfd fds[] = {{from_fd, POLLIN, 0}, {reception->stop_fd, POLLIN, 0}};
	ssize_t n;

	do {
		if (wait_for(reception, fds, err) < 0)
			return err->code;
		if (fds[1].revents)
			return error_set(err, -ECANCELED, "stopped");
		n = read(from_fd, part, PART);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n < 0 ? error_errno(err, "cannot read") : n;
}

static int take_part(struct reception *reception, const char *part, size_t len,
                     struct error *err)
{
	if (reception->have + (int64_t)len > reception->size_max)
		return error_set(err, -EFBIG, "is larger than %lld bytes",
		                 (long long)reception->size_max);
	if (file_write(reception->to_fd, part, len, err) < 0)
		return err->code;
	reception->have += (int64_t)len;
	if (reception->progress)
		progress_advance(reception->progress, (int64_t)len);
	if (!reception->verifier)
		return 0;
	return verifier_add(reception->verifier, part, len, err);
}

int receive(struct reception *reception, int from_fd, struct error *err)
{
	autofree char *part = memory_zeroed(1, PART);
	int64_t synced = reception->have, synced_at = seconds();

	for (;;) {
		ssize_t n = read_some(reception, from_fd, part, err);

		if (n <= 0)
			return (int)n;
		if (take_part(reception, part, (size_t)n, err) < 0)
			return err->code;
		if (!reception->remote || reception->have - synced < SYNC_BYTES ||
		    seconds() - synced_at < SYNC_SECONDS)
			continue;
		synced = reception->have;
		if (remote_sync(reception->remote, reception->partial, reception->to_fd,
		                synced, err) < 0)
			return err->code;
		synced_at = seconds();
	}
}

int receive_again(struct verifier *verifier, int fd, int64_t have, struct error *err)
{
	autofree char *part = memory_zeroed(1, PART);
	int64_t offset = 0;

	while (offset < have) {
		size_t want = have - offset < PART ? (size_t)(have - offset) : PART;
		ssize_t n = pread(fd, part, want, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read");
		if (n == 0)
			return error_set(err, -EIO, "has been cut short");
		if (verifier_add(verifier, part, (size_t)n, err) < 0)
			return err->code;
		offset += n;
	}
	return 0;
}
