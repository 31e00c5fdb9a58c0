/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>

#include "common/appc/image_manifest.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/command.h"
#include "stage0/fetch/finder.h"
#include "stage0/fetch/receive.h"
#include "stage0/fetch/verify.h"
#include "stage0/host.h"
#include "stage0/pod/image_check.h"
#include "stage0/store/arrival.h"
#include "stage0/store/store.h"

static bool with_signature;

static const struct option_spec options[] = {
	OPTION_FLAG("signature", &with_signature,
                    "also verify the signature, by the keys that are trusted today"),
	{0},
};

enum { SIGNATURE_MAX = 1 << 20 };

/* One image of the command line. */
struct image {
	struct host *host;
	struct store *store;
	const char *text; /* as it was named */
	struct image_id id;
};

static int print(const struct buf *line, struct error *err)
{
	return file_write(STDOUT_FILENO, line->data, line->len, err);
}

static int open_archive(const struct image *image, struct error *err)
{
	autofree char *path = memory_format("%s/" ARRIVAL_ACI, image->id.text);

	return path_open(store_images_fd(image->store), path, PATH_OURS, O_RDONLY, err);
}

static int read_signature(const struct image *image, struct buf *signature,
                          struct error *err)
{
	autofree char *path = memory_format("%s/" ARRIVAL_SIGNATURE, image->id.text);
	int r = file_read_at(store_images_fd(image->store), path, SIGNATURE_MAX,
	                     signature, err);

	if (r == -ENOENT)
		return error_set(err, -ENOENT, "has no signature");
	return r;
}

/* Shows it all of the archive. */
static int show(struct verifier *verifier, int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at the archive");
	return receive_again(verifier, fd, st.st_size, err);
}

static int refuse(const struct image *image, const char *name, const char *key,
                  struct error *err)
{
	return error_set(err, -EKEYREJECTED,
	                 "signed by the key %s, which is not trusted for '%s' (if it "
	                 "should be: %s trust --prefix=%s KEY-FILE)",
	                 key ? key : "?", name, host_program(image->host), name);
}

static int tell_signature(const struct image *image, const struct trusted_keys *keys,
                          const struct verdict *verdict, struct error *err)
{
	autoclear(buf) text = {0};

	buf_format(&text,
	           "successfully verified signature for image: \"%s\" (\"%s\")\n"
	           "\tkey: %s\n",
	           image->text, image->id.text, verdict->fingerprint);
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->items[i].fingerprint, verdict->fingerprint) == 0)
			buf_format(&text, "\ttrusted for: %s, by '%s'\n",
			           *keys->items[i].prefix ? keys->items[i].prefix
			                                  : "any name",
			           keys->items[i].path);
	for (size_t i = 0; i < verdict->identities.count; i++)
		buf_format(&text, "\tidentity: %s\n", verdict->identities.items[i]);
	return print(&text, err);
}

/* The archive, by the signature that came with it and the keys for its NAME. */
static int verify_bytes(const struct image *image, const char *name, struct error *err)
{
	autoclear(buf) signature = {0};
	autoclear(trusted_keys) keys = {0};
	autoclear(verdict) verdict = {0};
	autoptr(verifier) verifier = NULL;
	autoclose int fd = open_archive(image, err);
	int r = fd;

	if (r >= 0)
		r = read_signature(image, &signature, err);
	if (r >= 0)
		r = keystore_for_name(host_keystore(image->host), name, &keys, err);
	if (r >= 0)
		r = verifier_start(&keys, signature.data, signature.len, &verifier,
		                   &verdict, err);
	if (r == VERIFY_UNKNOWN_KEY)
		return refuse(image, name, verdict.key_id, err);
	if (r >= 0)
		r = show(verifier, fd, err);
	if (r < 0)
		return r;
	verdict_clear(&verdict);
	r = verifier_end(verifier, &verdict, err);
	return r < 0 ? r : tell_signature(image, &keys, &verdict, err);
}

static int verify_signature(const struct image *image, struct error *err)
{
	autoclear(image_manifest) manifest = {0};
	int r = store_manifest(image->store, &image->id, &manifest, err);

	if (r == STORE_MISSING)
		return error_set(err, -ENOENT, "is gone");
	return r < 0 ? r : verify_bytes(image, manifest.name, err);
}

static int verify_tree(const struct image *image, struct error *err)
{
	autoclear(buf) line = {0};
	int r = image_check(image->host, image->store, &image->id, image->text, err);

	if (r < 0)
		return r;
	buf_format(&line, "successfully %s image: \"%s\" (\"%s\")\n",
	           r == CHECK_REPAIRED ? "rebuilt tree of" : "verified checksum for",
	           image->text, image->id.text);
	return print(&line, err);
}

static int verify(struct host *host, struct store *store, const char *text,
                  struct error *err)
{
	struct image image = {.host = host, .store = store, .text = text};
	int r = finder_resolve(store, text, &image.id, err);

	if (r < 0)
		return r;
	if (with_signature)
		r = verify_signature(&image, err);
	if (r >= 0)
		r = verify_tree(&image, err);
	return r < 0 ? error_wrap(err, "image '%s'", text) : r;
}

/* Every image is tried. The last failure is the command's, those before are told here. */
static int run_image_verify(struct host *host, int argc, char **argv, struct error *err)
{
	struct store *store;
	struct error failure;
	int failed = 0;

	if (argc < 1)
		return error_set(err, USAGE_ERROR, "takes at least one image");
	if (host_store(host, &store, err) < 0)
		return err->code;
	for (int i = 0; i < argc; i++) {
		if (verify(host, store, argv[i], &failure) >= 0)
			continue;
		if (failed++)
			log_error(err);
		*err = failure;
	}
	return failed ? err->code : 0;
}

const struct command cmd_image_verify = {
	.name = "image verify",
	.args = "[OPTIONS] IMAGE...",
	.summary = "compare images in the store with what they were made of",
	.about = "Unpacks the archive of each image, and of those it depends on, anew, "
		 "and "
		 "compares the files with those that pods use. What is not as it was is "
		 "told, and put right. With --signature the archive is also verified by "
		 "the signature that came with it, and the keys that are trusted today.",
	.options = options,
	.needs = NEEDS_ROOT,
	.run = run_image_verify,
};
