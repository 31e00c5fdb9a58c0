/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/fetch/proof.h"
#include "stage0/fetch/wanted.h"

/* What messages about the manifest call the image. */
static const char *short_name(const struct wanted *wanted)
{
	const char *slash = strrchr(wanted->ref.text, '/');

	if (wanted->ref.kind == REFERENCE_NAME || !slash || !slash[1])
		return wanted->ref.text;
	return slash + 1;
}

int fetch_begin(struct wanted *wanted, struct error *err)
{
	return arrival_begin(wanted->fetching->store, short_name(wanted),
	                     &wanted->arrival, err);
}

static int unpack(struct wanted *wanted, struct error *err)
{
	struct crew *crew = wanted->fetching->crew;
	autoclose int fd = path_open(arrival_fd(wanted->arrival), ARRIVAL_ACI, PATH_OURS,
	                             O_RDONLY, err);
	int r = fd;

	crew_rest(crew);
	if (fd >= 0)
		r = arrival_unpack(wanted->arrival, fd, false, err);
	crew_resume(crew);
	return r;
}

/* A dependency says how large its archive is, compressed as it is (appc 1.6.3). */
static int check_size(const struct wanted *wanted, struct error *err)
{
	struct stat st;

	if (!wanted->size)
		return 0;
	if (path_stat(arrival_fd(wanted->arrival), ARRIVAL_ACI, &st, err) < 0)
		return err->code;
	if (st.st_size != wanted->size)
		return error_set(err, -EBADMSG,
		                 "has %lld bytes, and not %lld, which the image that "
		                 "depends on it says",
		                 (long long)st.st_size, (long long)wanted->size);
	return 0;
}

static int judge(const struct wanted *wanted, const struct proof *proof,
                 struct error *err)
{
	const struct image_manifest *manifest = arrival_manifest(wanted->arrival);
	const struct reference *ref = &wanted->ref;

	if (check_size(wanted, err) < 0)
		return err->code;
	if (ref->kind == REFERENCE_NAME &&
	    wanted_check(manifest, ref->text, ref->labels.items, ref->labels.count, err) <
	            0)
		return err->code;
	if (!proof->text.data)
		return 0;
	return proof_covers(wanted, proof, manifest->name, err);
}

static int keep_signature(const struct wanted *wanted, const struct proof *proof,
                          struct error *err)
{
	autoclose int fd = path_create(arrival_fd(wanted->arrival), ARRIVAL_SIGNATURE,
	                               0644, err);

	if (fd < 0)
		return fd;
	return file_write(fd, proof->text.data, proof->text.len, err);
}

int fetch_unpack(struct wanted *wanted, const struct proof *proof, struct error *err)
{
	int r = proof->text.data ? keep_signature(wanted, proof, err) : 0;

	if (r >= 0)
		r = unpack(wanted, err);
	if (r >= 0)
		r = judge(wanted, proof, err);
	if (r >= 0 && proof->text.data)
		wanted->signed_by = memory_text(proof->verdict.fingerprint);
	return r < 0 ? r : 0;
}
