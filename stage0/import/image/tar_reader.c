/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/tar_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/buf.h"
#include "common/memory.h"
#include "stage0/import/image/pax_records.h"

enum { BLOCK = 512, META_MAX = 1 << 20 };

/* From here on a size does not fit a header, which then says what it likes. */
#define OCTAL_MAX (INT64_C(8) << 30)

/* A header as it stands in the stream (POSIX ustar; what others put elsewhere is said where
 * it is used). */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[8]; /* and version */
	char owner[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* In a GNU header of a sparse file, and in each block that goes on with its map. */
enum { SPARSE_MORE = 482, SPARSE_REAL_SIZE = 483, SPARSE_MORE_OF_MAP = 504 };

enum dialect { POSIX, GNU, V7 };

enum state { HEADER, META, MAP, CONTENT, FIRST_ZERO, END };

struct tar_reader {
	enum state state;
	int64_t offset; /* of the block, in the stream */
	char block[BLOCK];
	size_t filled;
	int64_t left; /* of content or meta data, with its padding */

	/* What came before an entry's header. */
	char meta_type;
	size_t meta_len;
	struct buf meta;
	bool has_records;
	struct pax_records records;
	char *long_name;
	char *long_target;

	struct tar_heads heads;
};

struct tar_reader *tar_reader_new(void)
{
	struct tar_reader *reader = memory_zeroed(1, sizeof(*reader));

	pax_records_clear(&reader->records);
	return reader;
}

/* Forgets what was said of one entry. */
static void forget(struct tar_reader *reader)
{
	reader->has_records = false;
	pax_records_clear(&reader->records);
	free(reader->long_name);
	free(reader->long_target);
	reader->long_name = reader->long_target = NULL;
}

void tar_reader_free(struct tar_reader *reader)
{
	if (!reader)
		return;
	tar_heads_clear(&reader->heads);
	forget(reader);
	buf_clear(&reader->meta);
	free(reader);
}

void tar_reader_heads(struct tar_reader *reader, struct tar_heads *heads)
{
	tar_heads_move(heads, &reader->heads);
}

static bool is_zero(const char *data, size_t len)
{
	return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

/* Base-256: the first bit is set, the rest is a number, in two's complement. */
static bool read_binary(const char *field, size_t len, int64_t *number)
{
	uint8_t sign = (uint8_t)field[0] == 0xff ? 0xff : 0;

	if (!sign && (uint8_t)field[0] != 0x80)
		return false;
	for (size_t i = 1; i + 8 < len; i++)
		if ((uint8_t)field[i] != sign)
			return false;
	*number = sign ? -1 : 0;
	for (size_t i = len > 8 ? len - 8 : 1; i < len; i++)
		*number = (int64_t)((uint64_t)*number << 8 | (uint8_t)field[i]);
	return (*number < 0) == (sign != 0);
}

/* Octal digits, with spaces before and spaces or NULs behind; none is 0. */
static bool read_octal(const char *field, size_t len, int64_t *number)
{
	size_t i = 0;

	*number = 0;
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		*number = *number * 8 + (field[i] - '0');
	for (; i < len; i++)
		if (field[i] != ' ' && field[i] != '\0')
			return false;
	return true;
}

static bool read_number(const char *field, size_t len, int64_t *number)
{
	return field[0] & 0x80 ? read_binary(field, len, number)
	                       : read_octal(field, len, number);
}

static bool checksum_fits(const struct header *h)
{
	const char *bytes = (const char *)h;
	int64_t stored, as_unsigned = 0, as_signed = 0;

	if (!read_octal(h->checksum, sizeof(h->checksum), &stored))
		return false;
	for (size_t i = 0; i < BLOCK; i++) {
		bool blank = i - offsetof(struct header, checksum) < sizeof(h->checksum);

		as_unsigned += blank ? ' ' : (uint8_t)bytes[i];
		as_signed += blank ? ' ' : (int8_t)bytes[i];
	}
	return stored == as_unsigned || stored == as_signed;
}

static int tell_dialect(const struct header *h, enum dialect *dialect, struct error *err)
{
	if (memcmp(h->magic,
	           "ustar\0"
	           "00",
	           8) == 0)
		*dialect = POSIX;
	else if (memcmp(h->magic, "ustar  ", 8) == 0)
		*dialect = GNU;
	else if (is_zero(h->magic, sizeof(h->magic)))
		*dialect = V7;
	else
		return error_set(err, -EBADMSG, "a header of an unknown kind");
	if (*dialect == POSIX && !is_zero(h->pad, sizeof(h->pad)))
		return error_set(err, -EBADMSG, "a header of an unknown kind");
	return 0;
}

/* Every number must be one; which it is, libarchive tells, but for the size. */
static int check_numbers(const struct header *h, enum dialect dialect, int64_t *size,
                         struct error *err)
{
	int64_t mode, uid, gid, mtime, major = 0, minor = 0;

	if (!read_octal(h->mode, sizeof(h->mode), &mode) ||
	    !read_number(h->uid, sizeof(h->uid), &uid) ||
	    !read_number(h->gid, sizeof(h->gid), &gid) ||
	    !read_number(h->size, sizeof(h->size), size) ||
	    !read_number(h->mtime, sizeof(h->mtime), &mtime))
		return error_set(err, -EBADMSG, "a header with a malformed number");
	if (dialect != V7 && (!read_number(h->major, sizeof(h->major), &major) ||
	                      !read_number(h->minor, sizeof(h->minor), &minor)))
		return error_set(err, -EBADMSG, "a header with a malformed number");
	if (uid < 0 || gid < 0 || *size < 0 || major < 0 || minor < 0)
		return error_set(err, -EBADMSG, "a header with a negative number");
	return 0;
}

static char *copy_field(const char *field, size_t size)
{
	return memory_bytes(field, strnlen(field, size));
}

static char *name_in_header(const struct header *h, enum dialect dialect)
{
	autofree char *name = copy_field(h->name, sizeof(h->name));

	if (dialect != POSIX || !h->prefix[0])
		return take(name);
	return memory_format("%.*s/%s", (int)strnlen(h->prefix, sizeof(h->prefix)),
	                     h->prefix, name);
}

/* The one name that is said; two of them might differ to two readers. */
static int choose_name(struct tar_reader *reader, const struct header *h,
                       enum dialect dialect, char **name, struct error *err)
{
	if (reader->records.path && reader->long_name)
		return error_set(err, -EBADMSG, "an entry with two long names");
	if (reader->records.sparse_name)
		*name = take(reader->records.sparse_name);
	else if (reader->records.path)
		*name = take(reader->records.path);
	else if (reader->long_name)
		*name = take(reader->long_name);
	else
		*name = name_in_header(h, dialect);
	return 0;
}

static int choose_target(struct tar_reader *reader, const struct header *h, char **target,
                         struct error *err)
{
	if (reader->records.link_path && reader->long_target)
		return error_set(err, -EBADMSG, "an entry with two long targets");
	if (reader->records.link_path)
		*target = take(reader->records.link_path);
	else if (reader->long_target)
		*target = take(reader->long_target);
	else
		*target = copy_field(h->link, sizeof(h->link));
	return 0;
}

static int64_t padded(int64_t size)
{
	return (size + BLOCK - 1) / BLOCK * BLOCK;
}

/* Sets *SIZE to what follows in the stream, and *REAL to the file's size. */
static int choose_size(const struct tar_reader *reader, const struct header *h,
                       enum dialect dialect, int64_t *size, int64_t *real,
                       struct error *err)
{
	const struct pax_records *records = &reader->records;

	if (records->size >= 0 && records->size != *size && records->size < OCTAL_MAX)
		return error_set(err, -EBADMSG, "an entry with two sizes");
	if (records->size >= 0)
		*size = records->size;
	if (*size > INT64_MAX - BLOCK)
		return error_set(err, -EFBIG, "of an impossible size");
	*real = records->real_size >= 0 ? records->real_size : *size;
	if (h->type != 'S')
		return 0;
	if (dialect != GNU || records->size >= 0 || records->real_size >= 0 ||
	    !read_number((const char *)h + SPARSE_REAL_SIZE, 12, real) || *real < 0)
		return error_set(err, -EBADMSG, "a malformed sparse file");
	return 0;
}

/* The type as POSIX has it; 0 for one that is none of ours. */
static char plain_type(const struct header *h, enum dialect dialect, const char *name)
{
	size_t len = strlen(name);

	if (h->type && !strchr("01234567S", h->type))
		return 0;
	if (h->type >= '1' && h->type <= '6')
		return h->type;
	/* Before there were types, a slash at the end told a directory. */
	return dialect == V7 && len && name[len - 1] == '/' ? '5' : '0';
}

static int take_entry(struct tar_reader *reader, const struct header *h,
                      enum dialect dialect, int64_t size, struct error *err)
{
	autoclear(tar_head) head = {0};
	int r = choose_name(reader, h, dialect, &head.name, err);

	if (r < 0)
		return r;
	head.type = plain_type(h, dialect, head.name);
	if (!head.type)
		return error_set(err, -EBADMSG,
		                 "'%.200s': an entry of the unknown type '%c'", head.name,
		                 h->type);
	if (head.type == '1' || head.type == '2')
		r = choose_target(reader, h, &head.target, err);
	if (r >= 0)
		r = choose_size(reader, h, dialect, &size, &head.size, err);
	if (r >= 0 && head.type != '0' && (size || head.size))
		r = error_set(err, -EBADMSG, "only a file can have content");
	if (r < 0)
		return error_wrap(err, "'%.200s'", head.name);
	head.uid = reader->records.uid;
	head.gid = reader->records.gid;
	head.mtime = reader->records.mtime;
	head.atime = reader->records.atime;
	tar_heads_add(&reader->heads, &head);
	forget(reader);
	reader->left = padded(size);
	reader->state = CONTENT;
	if (h->type == 'S' && reader->block[SPARSE_MORE])
		reader->state = MAP;
	return 0;
}

/* A header that is about the next: extended ('x', 'g') or a GNU long name ('L', 'K'). */
static int begin_meta(struct tar_reader *reader, char type, int64_t size,
                      struct error *err)
{
	if (size > META_MAX)
		return error_set(err, -EFBIG, "a header of more than %d bytes: refused",
		                 META_MAX);
	reader->meta.len = 0;
	reader->meta_type = type;
	reader->meta_len = (size_t)size;
	reader->left = padded(size);
	reader->state = META;
	return 0;
}

static int end_long(struct tar_reader *reader, char **text, struct error *err)
{
	size_t len = strnlen(buf_string(&reader->meta), reader->meta_len);

	if (*text)
		return error_set(err, -EBADMSG, "an entry with two long names");
	if (len == 0 || len == reader->meta_len ||
	    !is_zero(reader->meta.data + len, reader->meta_len - len))
		return error_set(err, -EBADMSG, "a malformed long name");
	*text = memory_bytes(reader->meta.data, len);
	return 0;
}

static int end_meta(struct tar_reader *reader, struct error *err)
{
	reader->state = HEADER;
	switch (reader->meta_type) {
	case 'L':
		return end_long(reader, &reader->long_name, err);
	case 'K':
		return end_long(reader, &reader->long_target, err);
	case 'g':
		return pax_records_check_global(buf_string(&reader->meta),
		                                reader->meta_len, err);
	}
	if (reader->has_records)
		return error_set(err, -EBADMSG, "an entry with two extended headers");
	reader->has_records = true;
	return pax_records_parse(buf_string(&reader->meta), reader->meta_len,
	                         &reader->records, err);
}

static int take_header(struct tar_reader *reader, struct error *err)
{
	const struct header *h = (const struct header *)reader->block;
	enum dialect dialect;
	int64_t size;

	if (is_zero(reader->block, BLOCK)) {
		reader->state = FIRST_ZERO;
		return 0;
	}
	if (!checksum_fits(h))
		return error_set(err, -EBADMSG, "no header, or a damaged one");
	if (tell_dialect(h, &dialect, err) < 0 ||
	    check_numbers(h, dialect, &size, err) < 0)
		return err->code;
	if (h->type && strchr("xgLK", h->type))
		return begin_meta(reader, h->type, size, err);
	return take_entry(reader, h, dialect, size, err);
}

static int take_block(struct tar_reader *reader, struct error *err)
{
	switch (reader->state) {
	case HEADER:
		return take_header(reader, err);
	case MAP:
		if (!reader->block[SPARSE_MORE_OF_MAP])
			reader->state = CONTENT;
		return 0;
	default:
		if (!is_zero(reader->block, BLOCK))
			return error_set(err, -EBADMSG, "data after the end");
		reader->state = END;
		return 0;
	}
}

/* Takes what it can of what belongs to no header. Returns how much that was. */
static size_t take_content(struct tar_reader *reader, const char *data, size_t len)
{
	size_t part = (uint64_t)reader->left < len ? (size_t)reader->left : len;

	if (reader->state == META)
		buf_add(&reader->meta, data, part);
	reader->left -= (int64_t)part;
	return part;
}

/* Takes one step. Sets *TAKEN to the bytes it used, at least one. */
static int step(struct tar_reader *reader, const char *data, size_t len, size_t *taken,
                struct error *err)
{
	if (reader->state == END) {
		*taken = len;
		return is_zero(data, len)
		               ? 0
		               : error_set(err, -EBADMSG, "data after the end");
	}
	if (reader->state == META || reader->state == CONTENT) {
		*taken = take_content(reader, data, len);
		if (reader->left > 0)
			return 0;
		if (reader->state == META)
			return end_meta(reader, err);
		reader->state = HEADER;
		return 0;
	}
	*taken = BLOCK - reader->filled < len ? BLOCK - reader->filled : len;
	memcpy(reader->block + reader->filled, data, *taken);
	reader->filled += *taken;
	if (reader->filled < BLOCK)
		return 0;
	reader->filled = 0;
	return take_block(reader, err);
}

int tar_reader_add(struct tar_reader *reader, const void *data, size_t len,
                   struct error *err)
{
	const char *at = data;

	while (len) {
		size_t taken = 0;
		int r = step(reader, at, len, &taken, err);

		if (r < 0)
			return error_wrap(err, "at byte %lld of the tar",
			                  (long long)reader->offset);
		at += taken;
		len -= taken;
		reader->offset += (int64_t)taken;
	}
	return 0;
}

int tar_reader_end(struct tar_reader *reader, struct error *err)
{
	if (reader->state != END)
		return error_set(err, -EBADMSG, "the archive is cut short");
	if (reader->has_records || reader->long_name || reader->long_target)
		return error_set(err, -EBADMSG, "the archive ends within an entry");
	return 0;
}
