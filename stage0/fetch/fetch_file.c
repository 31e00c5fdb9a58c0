/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/fetch/proof.h"
#include "stage0/fetch/receive.h"

static int open_regular(const char *path, struct error *err)
{
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST,
	                             O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);
	return take_fd(fd);
}

/* Signatures lie beside their images, unless the user says where (rkt 4.7). */
static int read_signature(const struct wanted *wanted, struct proof *proof,
                          struct error *err)
{
	autoclose int fd = -1;
	int r;

	proof->origin = wanted->signature ? memory_text(wanted->signature)
	                                  : proof_place(wanted->ref.text);
	r = fd = open_regular(proof->origin, err);
	if (fd == -ENOENT)
		return error_set(err, fd,
		                 "error opening signature file: open %s: no such file or "
		                 "directory (use --insecure-options=image to skip the "
		                 "check)",
		                 proof->origin);
	if (fd < 0)
		return error_wrap(err, "error opening signature file");
	r = file_read(fd, PROOF_MAX, &proof->text, err);
	return r < 0 ? error_wrap(err, "signature '%s'", proof->origin) : 0;
}

/* Copies the file into the draft, past the verifier. */
static int copy_verified(struct wanted *wanted, int from_fd, struct proof *proof,
                         struct error *err)
{
	struct crew *crew = wanted->fetching->crew;
	autoclose int to_fd = path_create(arrival_fd(wanted->arrival), ARRIVAL_ACI, 0644,
	                                  err);
	struct reception reception = {
		.to_fd = to_fd,
		.size_max = INT64_MAX,
		.verifier = proof->verifier,
		.stop_fd = crew_stop_fd(crew),
	};
	int r;

	if (to_fd < 0)
		return to_fd;
	crew_rest(crew);
	r = receive(&reception, from_fd, err);
	crew_resume(crew);
	if (r < 0)
		return r;
	return proof_end(wanted, proof, err);
}

static int bring_signed(struct wanted *wanted, int fd, struct error *err)
{
	autoclear(proof) proof = {0};
	int r;

	if (read_signature(wanted, &proof, err) < 0)
		return err->code;
	if (proof_begin(wanted, &proof, err) < 0 || fetch_begin(wanted, err) < 0)
		return err->code;
	r = copy_verified(wanted, fd, &proof, err);
	if (r < 0)
		return error_wrap(err, "image \"%s\" verification failed",
		                  wanted->ref.text);
	return fetch_unpack(wanted, &proof, err);
}

static int bring_unsigned(struct wanted *wanted, int fd, struct error *err)
{
	struct fetching *fetching = wanted->fetching;
	int r;

	crew_rest(fetching->crew);
	r = store_same(fetching->store, fd, wanted->ref.text, &wanted->id, err);
	crew_resume(fetching->crew);
	if (r < 0)
		return r;
	if (r == STORE_OK) {
		wanted->found = true;
		return 0;
	}
	if (fetch_begin(wanted, err) < 0)
		return err->code;
	crew_rest(fetching->crew);
	r = arrival_unpack(wanted->arrival, fd, true, err);
	crew_resume(fetching->crew);
	return r;
}

int fetch_file(struct wanted *wanted, size_t slot, struct error *err)
{
	const char *path = wanted->ref.text;
	autoclose int fd = open_regular(path, err);

	(void)slot;
	if (fd < 0)
		return fd;
	log_debug("image: using image from file %s", path);
	wanted->origin = memory_text(path);
	return host_insecure(wanted->fetching->host) & INSECURE_IMAGE
	               ? bring_unsigned(wanted, fd, err)
	               : bring_signed(wanted, fd, err);
}
