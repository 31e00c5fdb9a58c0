/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/unpack.h"

#include <fcntl.h>
#include <string.h>

#include "common/path.h"
#include "stage0/config/import_program.h"

/* Runs the import program to its end, and reads its answer. */
static int run_program(const struct unpack *unpack, struct import_answer *into,
                       struct error *err)
{
	const char *word = unpack->copy_fd > 0 ? IMPORT_WITH_COPY
	                   : unpack->whole     ? IMPORT_WHOLE
	                                       : NULL;
	char *argv[] = {(char *)(uintptr_t)IMPORT_UNPACK, (char *)(uintptr_t)unpack->name,
	                (char *)(uintptr_t)word, NULL};
	autoclose int unused = path_open(AT_FDCWD, "/dev/null", PATH_HOST, O_RDWR, err);
	const int fds[IMPORT_FD_COUNT] = {
		[IMPORT_ARCHIVE] = unpack->archive_fd,
		[IMPORT_COPY] = unpack->copy_fd > 0 ? unpack->copy_fd : unused,
		[IMPORT_MESSAGES] = STDERR_FILENO,
		[IMPORT_WORK] = unpack->work_fd,
	};
	const struct import_question question = {
		.import = INSTALL_IMPORT_IMAGE,
		.argv = argv,
		.fds = fds,
		.fd_count = IMPORT_FD_COUNT,
		.answer_at = IMPORT_ANSWER,
		.answer_max = sizeof(*into),
	};
	autoclear(buf) answer = {0};
	int status;

	if (unused < 0)
		return unused;
	status = import_program_ask(&question, &answer, err);
	if (status < 0)
		return status;
	if (answer.len != sizeof(*into))
		return import_program_ended(status, err);
	memcpy(into, answer.data, answer.len);
	return 0;
}

/* The program has read hostile bytes: its answer is judged like them. */
static int check_answer(struct import_answer *a, struct image_id *id, struct error *err)
{
	static const char deps[] = "deps-";
	struct image_id tree;

	a->error.text[sizeof(a->error.text) - 1] = '\0';
	if (a->error.code < 0)
		return error_set(err, a->error.code, "%s", a->error.text);
	a->digest[sizeof(a->digest) - 1] = '\0';
	a->tree.text[sizeof(a->tree.text) - 1] = '\0';
	if (strlen(a->digest) != sizeof(a->digest) - 1 ||
	    image_id_parse(a->digest, id, err) < 0 ||
	    strlen(a->tree.text) != sizeof(a->tree.text) - 1 ||
	    strncmp(a->tree.text, deps, sizeof(deps) - 1) != 0 ||
	    image_id_parse(a->tree.text + sizeof(deps) - 1, &tree, err) < 0 ||
	    a->size < 0 || a->tree_size < 0)
		return error_set(err, -EPROTO,
		                 "the import program's answer makes no sense");
	return 0;
}

/* Whoever can write to the archive could change what was verified. */
static int check_archive(int archive_fd, struct error *err)
{
	int flags = fcntl(archive_fd, F_GETFL);

	if (flags < 0)
		return error_errno(err, "cannot look at the archive");
	if ((flags & O_ACCMODE) != O_RDONLY)
		return error_set(err, -EINVAL, "the archive is open for writing");
	if (lseek(archive_fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot read the archive from its beginning");
	return 0;
}

int unpack_archive(const struct unpack *unpack, struct import_answer *answer,
                   struct image_id *id, struct error *err)
{
	int r = check_archive(unpack->archive_fd, err);

	if (r >= 0)
		r = run_program(unpack, answer, err);
	return r < 0 ? r : check_answer(answer, id, err);
}
