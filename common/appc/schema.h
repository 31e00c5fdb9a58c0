/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Schemas: a struct's shape in JSON, told once.
 *
 * From one table come decoding, encoding and freeing, and every message that names a
 * place: ".apps[1].app.user: required". Member names match without regard to case, an exact
 * match first; unknown members are ignored; null is absence (appc 1.5). A document is
 * limited in size and depth. Encoding keeps the order of the table, and escapes as the
 * reference tools do, so that digests and diffs are stable.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/list.h"
#include "common/strv.h"

enum { SCHEMA_DOCUMENT_MAX = 4 << 20, SCHEMA_DEPTH_MAX = 64 };

enum field_kind {
	FIELD_TEXT,    /* char * */
	FIELD_BOOL,    /* bool */
	FIELD_CHOICE,  /* enum choice: a boolean that may be absent */
	FIELD_INT,     /* int64_t */
	FIELD_TEXTS,   /* struct strv: an array of strings */
	FIELD_INTS,    /* LIST_OF(int64_t): an array of integers */
	FIELD_MAP,     /* LIST_OF(struct name_value): an object of strings */
	FIELD_OBJECT,  /* the struct itself */
	FIELD_POINTER, /* struct *: NULL if absent */
	FIELD_LIST,    /* LIST_OF(struct): an array of objects */
	FIELD_RAW      /* char *: the value's compact JSON, for a later reader */
};

enum field_flag {
	FIELD_REQUIRED = 1 << 0, /* must be there; a text or an array not empty */
	FIELD_KEEP = 1 << 1,  /* encode also when empty: "", false, 0, []; a text is "" if
	                            absent, never NULL */
	FIELD_NULL = 1 << 2,  /* encode null when empty */
	FIELD_BLANK = 1 << 3, /* FIELD_TEXT: "" is absence */
	FIELD_NUMBER = 1 << 4, /* FIELD_TEXT: a number will do, and gives its text */
	FIELD_UNIQUE = 1 << 5  /* FIELD_LIST: no two alike in their first field, a text */
};

enum choice { CHOICE_UNSET, CHOICE_NO, CHOICE_YES };

/* An entry of labels, annotations, environment; and of an object of strings. */
struct name_value {
	char *name;
	char *value;
};

struct schema;

/* Judges a text: NULL if it is good, else what it should have been. */
typedef const char *field_check(const char *text);

/* Judges and completes the whole struct once its fields are there. The message begins with
 * the place below the struct: ".name: must be unique". */
typedef int schema_check(void *value, struct error *err);

/* Whether a field belongs to a struct such as *VALUE, whose other fields are there. */
typedef bool field_when(const void *value);

struct field {
	const char *name;
	enum field_kind kind;
	unsigned flags;
	size_t offset;           /* of the value in the struct */
	field_check *check;      /* FIELD_TEXT, and each of FIELD_TEXTS */
	const struct schema *of; /* FIELD_OBJECT, FIELD_POINTER, FIELD_LIST */
	int64_t min, max;        /* FIELD_INT, FIELD_INTS; both 0: any */
	field_when *when;        /* or NULL: refused and not encoded where it says no */
};

struct schema {
	size_t size;
	const struct field *fields; /* ends with a NULL name */
	schema_check *check;        /* or NULL */
};

enum schema_style { SCHEMA_COMPACT, SCHEMA_PRETTY }; /* pretty: indented by tabs */

/* Fills *INTO, all zero before, from the JSON TEXT of LEN bytes. On failure nothing in it
 * needs to be cleared. */
must_check int schema_decode(const struct schema *schema, const char *text, size_t len,
                             void *into, struct error *err);

/* The same, as decode, for callers that must refuse members that stand twice. */
must_check int schema_decode_strict(const struct schema *schema, const char *text,
                                    size_t len, void *into, struct error *err);

/* Adds the place of each member of TEXT that has no field: ".name", ".list[1].name". For
 * those who tell of what decoding leaves out. */
must_check int schema_find_unknown(const struct schema *schema, const char *text,
                                   size_t len, struct strv *places, struct error *err);

/* Whether TEXT is one JSON document within the limits. */
must_check int schema_check_syntax(const char *text, size_t len, struct error *err);

/* Adds *FROM as JSON, without a line end. Bytes that are no UTF-8 become U+FFFD. */
void schema_encode(const struct schema *schema, const void *from, enum schema_style style,
                   struct buf *out);

/* NULL if TEXT is UTF-8, and so comes back from JSON as it was; else what it should be. */
const char *schema_check_text(const char *text);

/* Re-writes any JSON document in STYLE, with its members in their order. */
must_check int schema_reformat(const char *text, size_t len, enum schema_style style,
                               struct buf *out, struct error *err);

/* Copies *FROM and all below it into *TO, all zero before. */
void schema_copy(const struct schema *schema, const void *from, void *to);

void schema_clear(const struct schema *schema, void *value);
