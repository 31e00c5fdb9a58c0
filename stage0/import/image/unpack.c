/* SPDX-License-Identifier: Apache-2.0 */

/* The half that unpacks: it is rooted in a directory of its own, and has no network. */

#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/path.h"
#include "stage0/import/digest.h"
#include "stage0/import/image/aci.h"
#include "stage0/import/image/extract.h"
#include "stage0/import/image/image.h"
#include "stage0/import/image/sandbox.h"
#include "stage0/import/image/tree_name.h"
#include "stage0/store/import_answer.h"

struct unpacking {
	const char *name; /* of the archive, for messages */
	int copy_fd;      /* -1: none is wanted */
	bool whole;
	int root_fd;
	int unpacked_fd;
	struct buf manifest;
};

static void unpacking_clear(struct unpacking *u)
{
	close(u->root_fd);
	close(u->unpacked_fd);
	buf_clear(&u->manifest);
}

static int unpack(struct unpacking *u, struct import_answer *answer, struct error *err)
{
	autoptr(aci) aci = NULL;
	struct image_id id;
	int r = path_make_dir(u->root_fd, IMPORT_UNPACKED, 0755, err);

	if (r >= 0)
		r = u->unpacked_fd = path_open_dir(u->root_fd, IMPORT_UNPACKED, err);
	if (r >= 0)
		r = aci_open(&aci, IMPORT_ARCHIVE, u->copy_fd, err);
	if (r >= 0)
		r = extract_image(aci, u->unpacked_fd, &u->manifest, &answer->tree_size,
		                  err);
	if (r < 0)
		return r;
	snprintf(answer->digest, sizeof(answer->digest), "%s", aci_digest(aci));
	tree_name_key(answer->digest + strlen("sha512-"), &id);
	tree_name(id.text, strlen(id.text), &answer->tree);
	answer->size = aci_size(aci);
	return 0;
}

/* Judges the manifest, keeps it, and applies what it says of the tree. */
static int use_manifest(struct unpacking *u, struct import_answer *answer,
                        struct error *err)
{
	autoclear(image_manifest) manifest = {0};
	autoclose int fd = -1;
	int r = image_manifest_decode(buf_string(&u->manifest), u->manifest.len,
	                              &manifest, err);

	if (r < 0)
		return error_wrap(err, "manifest of '%s'", u->name);
	r = fd = path_create(u->root_fd, IMPORT_MANIFEST, 0644, err);
	if (r >= 0)
		r = file_write(fd, u->manifest.data, u->manifest.len, err);
	/* The tree of one that depends on others is made by gantry, which filters as well. */
	if (r >= 0 && manifest.path_whitelist.count && !manifest.dependencies.count &&
	    !u->whole)
		r = extract_prune(u->unpacked_fd, &manifest.path_whitelist,
		                  &answer->tree_size, err);
	return r;
}

static int unpack_named(const char *name, const char *how, struct import_answer *answer,
                        struct error *err)
{
	autoclear(unpacking) u = {
		.name = name,
		.copy_fd = strcmp(how, IMPORT_WITH_COPY) == 0 ? IMPORT_COPY : -1,
		.whole = strcmp(how, IMPORT_WHOLE) == 0,
		.root_fd = -1,
		.unpacked_fd = -1,
	};
	int r = aci_prepare(err);

	if (r >= 0)
		r = sandbox_enter(IMPORT_WORK, &u.root_fd, err);
	if (r < 0)
		return error_wrap(err, "cannot unpack");
	r = unpack(&u, answer, err);
	return r < 0 ? r : use_manifest(&u, answer, err);
}

static int run_unpack(char **argv, struct error *err)
{
	struct import_answer answer = {0};

	if (!argv[0])
		return error_set(err, -EINVAL, "unpack what?");
	if (argv[1] && strcmp(argv[1], IMPORT_WITH_COPY) != 0 &&
	    strcmp(argv[1], IMPORT_WHOLE) != 0)
		return error_set(err, -EINVAL, "unpack and what?");
	if (unpack_named(argv[0], argv[1] ? argv[1] : "", &answer, &answer.error) >= 0)
		answer.error = (struct error){0};
	return file_write(IMPORT_ANSWER, &answer, sizeof(answer), err);
}

const struct half half_unpack = {
	.name = IMPORT_UNPACK,
	.fd_count = IMPORT_FD_COUNT,
	.run = run_unpack,
};
