/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that fetching an image from a file takes: its bytes inflated, hashed and written by
 * three threads, and on the disk at the end. No sandbox, no manifest, no store, no judgement;
 * the archive is one that the bench made. With a third argument it also keeps a copy of the
 * archive there, as every store of images does.
 *
 *	fetch-floor ARCHIVE DIRECTORY [COPY]
 */
#include <err.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <linux/openat2.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zstd.h>

enum { BLOCKS = 8, SIZE = 256 << 10, TAR = 512 };

/* The three stages. What the one before has passed on is there for the next. */
enum stage { INFLATE, HASH, WRITE, STAGES };

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	uint64_t passed[STAGES];
	size_t len[BLOCKS]; /* less than SIZE: the last */
	uint8_t data[BLOCKS][SIZE];
} ring = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static size_t take(enum stage stage)
{
	uint64_t number;

	pthread_mutex_lock(&ring.mutex);
	number = ring.passed[stage];
	while (stage == INFLATE ? number == ring.passed[WRITE] + BLOCKS
	                        : number == ring.passed[stage - 1])
		pthread_cond_wait(&ring.changed, &ring.mutex);
	pthread_mutex_unlock(&ring.mutex);
	return number % BLOCKS;
}

static void pass(enum stage stage)
{
	pthread_mutex_lock(&ring.mutex);
	ring.passed[stage]++;
	pthread_cond_broadcast(&ring.changed);
	pthread_mutex_unlock(&ring.mutex);
}

/* The archive: what is there to be inflated, and what has room. */
static int archive_fd, copy_fd = -1;
static uint8_t input[SIZE];
static const uint8_t *in;
static size_t in_len;
static uint8_t *out;
static size_t room;

static bool more_input(void)
{
	ssize_t n = read(archive_fd, input, sizeof(input));

	if (n < 0)
		err(1, "read");
	if (copy_fd >= 0 && write(copy_fd, input, (size_t)n) != n)
		err(1, "copy");
	in = input;
	in_len = (size_t)n;
	return n > 0;
}

/* Each makes one step; false: the stream has ended. */

static struct inflate_state gzip;

static bool step_gzip(void)
{
	gzip.next_in = (uint8_t *)(uintptr_t)in;
	gzip.avail_in = (uint32_t)in_len;
	gzip.next_out = out;
	gzip.avail_out = (uint32_t)room;
	if (isal_inflate(&gzip) < 0)
		errx(1, "gzip");
	in = gzip.next_in;
	in_len = gzip.avail_in;
	out = gzip.next_out;
	room = gzip.avail_out;
	return gzip.block_state != ISAL_BLOCK_FINISH;
}

static ZSTD_DCtx *zstd;

static bool step_zstd(void)
{
	ZSTD_inBuffer from = {in, in_len, 0};
	ZSTD_outBuffer to = {out, room, 0};
	size_t r = ZSTD_decompressStream(zstd, &to, &from);

	if (ZSTD_isError(r))
		errx(1, "zstd");
	in += from.pos;
	in_len -= from.pos;
	out += to.pos;
	room -= to.pos;
	return r != 0;
}

static lzma_stream xz;

static bool step_xz(void)
{
	lzma_ret r;

	xz.next_in = in;
	xz.avail_in = in_len;
	xz.next_out = out;
	xz.avail_out = room;
	r = lzma_code(&xz, LZMA_RUN);
	if (r != LZMA_OK && r != LZMA_STREAM_END)
		errx(1, "xz");
	in = xz.next_in;
	in_len = xz.avail_in;
	out = xz.next_out;
	room = xz.avail_out;
	return r == LZMA_OK;
}

static bool (*begin(void))(void)
{
	if (!more_input())
		errx(1, "an empty archive");
	switch (in[0]) {
	case 0x1f:
		isal_inflate_init(&gzip);
		gzip.crc_flag = ISAL_GZIP;
		return step_gzip;
	case 0x28:
		zstd = ZSTD_createDCtx();
		return step_zstd;
	default:
		if (lzma_stream_decoder(&xz, UINT64_MAX, 0) != LZMA_OK)
			errx(1, "xz");
		return step_xz;
	}
}

static void *inflate(void *data)
{
	bool (*step)(void) = begin();
	bool more = true;
	int dry = 0;

	while (more) {
		size_t at = take(INFLATE);

		out = ring.data[at];
		room = SIZE;
		while (more && room) {
			more = step();
			/* What has no end would go on for ever. */
			if (more && room && in_len == 0 && !more_input() && ++dry > 2)
				errx(1, "the archive is cut short");
		}
		ring.len[at] = SIZE - room;
		pass(INFLATE);
	}
	if (room == 0) {
		ring.len[take(INFLATE)] = 0;
		pass(INFLATE);
	}
	while (more_input())
		;
	return data;
}

static void *hash(void *data)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t *sum = data;
	size_t len;

	EVP_DigestInit_ex(context, EVP_sha512(), NULL);
	do {
		size_t at = take(HASH);

		len = ring.len[at];
		EVP_DigestUpdate(context, ring.data[at], len);
		pass(HASH);
	} while (len == SIZE);
	EVP_DigestFinal_ex(context, sum, NULL);
	EVP_MD_CTX_free(context);
	return NULL;
}

/* The tar, POSIX ustar by tarfile: what is left of the block that is being read. */
static size_t block;
static const uint8_t *tar;
static size_t tar_len;
static bool has_block;

/* Up to WANTED bytes in one piece; their number, 0 at the end. */
static size_t some(const uint8_t **bytes, size_t wanted)
{
	size_t len;

	if (tar_len == 0) {
		if (has_block)
			pass(WRITE);
		block = take(WRITE);
		has_block = true;
		tar = ring.data[block];
		tar_len = ring.len[block];
	}
	len = wanted < tar_len ? wanted : tar_len;
	*bytes = tar;
	tar += len;
	tar_len -= len;
	return len;
}

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type;
	char link[100], magic[8], owner[32], group[32], major[8], minor[8], prefix[155];
	char pad[12];
};

static int top;
static char parent[300];
static int parent_fd = -1;
static struct timespec parent_times[2];

/* What is made in a directory changes its times. */
static void leave(void)
{
	if (parent_fd >= 0 && futimens(parent_fd, parent_times) < 0)
		err(1, "%s", parent);
	if (parent_fd >= 0)
		close(parent_fd);
	parent_fd = -1;
}

/* The last part of NAME, once its directory is open. */
static char *enter(char *name)
{
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
	                       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	char *slash = strrchr(name, '/');
	const char *dir = slash ? name : ".";
	struct stat st;

	if (slash)
		*slash = '\0';
	if (parent_fd < 0 || strcmp(parent, dir) != 0) {
		leave();
		snprintf(parent, sizeof(parent), "%s", dir);
		parent_fd = (int)syscall(SYS_openat2, top, dir, &how, sizeof(how));
		if (parent_fd < 0 || fstat(parent_fd, &st) < 0)
			err(1, "%s", dir);
		parent_times[0] = st.st_atim;
		parent_times[1] = st.st_mtim;
	}
	return slash ? slash + 1 : name;
}

static void put_file(const char *name, mode_t mode, size_t size,
                     const struct timespec times[2])
{
	struct open_how how = {.flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	                       .mode = mode,
	                       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, parent_fd, name, &how, sizeof(how));
	size_t pad = (TAR - size % TAR) % TAR;
	const uint8_t *bytes;

	if (fd < 0)
		err(1, "%s", name);
	while (size) {
		size_t len = some(&bytes, size);

		if (len == 0 || write(fd, bytes, len) != (ssize_t)len)
			err(1, "%s", name);
		size -= len;
	}
	if (futimens(fd, times) < 0)
		err(1, "%s", name);
	close(fd);
	(void)some(&bytes, pad);
}

static void put(const struct header *h)
{
	char whole[300];
	const struct timespec time = {.tv_sec = strtol(h->mtime, NULL, 8)};
	const struct timespec times[2] = {time, time};
	mode_t mode = (mode_t)strtoul(h->mode, NULL, 8);
	int r = 0;
	char *name;

	snprintf(whole, sizeof(whole), "%.155s%s%.100s", h->prefix,
	         h->prefix[0] ? "/" : "", h->name);
	name = whole + strlen(whole) - 1;
	if (*name == '/')
		*name = '\0';
	name = enter(whole);
	if (h->type == '5')
		r = mkdirat(parent_fd, name, mode);
	else if (h->type == '2')
		r = symlinkat(h->link, parent_fd, name);
	else
		put_file(name, mode, strtoul(h->size, NULL, 8), times);
	if (r == 0 && h->type != '0')
		r = utimensat(parent_fd, name, times, AT_SYMLINK_NOFOLLOW);
	if (r < 0)
		err(1, "%s", name);
}

static void extract(void)
{
	const uint8_t *bytes;
	size_t len;

	/* SIZE is a multiple of TAR, so that no header lies in two blocks. */
	while ((len = some(&bytes, TAR)) == TAR && bytes[0])
		put((const struct header *)bytes);
	leave();
	while (ring.len[block] == SIZE) {
		tar_len = 0;
		(void)some(&bytes, 0);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	uint8_t sum[64];

	if (argc < 3 || argc > 4)
		errx(1, "fetch-floor ARCHIVE DIRECTORY [COPY]");
	umask(0);
	archive_fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	top = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (argc == 4)
		copy_fd = open(argv[3], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (archive_fd < 0 || top < 0 || (argc == 4 && copy_fd < 0))
		err(1, "cannot begin");
	if (pthread_create(&threads[0], NULL, inflate, NULL) ||
	    pthread_create(&threads[1], NULL, hash, sum))
		errx(1, "cannot start a thread");
	extract();
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	if (syncfs(top) < 0)
		err(1, "syncfs");
	for (size_t i = 0; i < sizeof(sum); i++)
		printf("%02x", sum[i]);
	puts("");
	return 0;
}
