/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/schema.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>

#include "common/memory.h"

/* What one decoding needs to know; IN changes, this does not. */
struct decoder {
	bool strict;
	struct error *err;
};

static int decode_object(const struct decoder *d, const struct schema *s, json_t *in,
                         void *into);

static void *at(const struct field *f, void *base)
{
	return (char *)base + f->offset;
}

static int wants(const struct decoder *d, const char *what)
{
	return error_set(d->err, -EBADMSG, "%s", what);
}

/* Puts one step of the way before what is known of it: "[1]" before ".name: required". */
printf_like(2, 3) static int place(const struct decoder *d, const char *fmt, ...)
{
	struct error inner = *d->err;
	char step[80];
	va_list args;
	bool is_step = inner.text[0] == '.' || inner.text[0] == '[';

	va_start(args, fmt);
	vsnprintf(step, sizeof(step), fmt, args);
	va_end(args);
	return error_set(d->err, inner.code, "%s%s%s", step, is_step ? "" : ": ",
	                 inner.text);
}

/* 15 digits are what a double keeps of any number's text. */
static int decode_raw(const struct decoder *d, json_t *in, char **to)
{
	*to = json_dumps(in, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	return *to ? 0 : wants(d, "cannot be kept");
}

static int decode_text(const struct decoder *d, const struct field *f, json_t *in,
                       char **to)
{
	const char *text = json_string_value(in);
	const char *wrong;

	if (f->flags & FIELD_NUMBER && json_is_number(in))
		return decode_raw(d, in, to);
	if (!text)
		return wants(d, "must be a string");
	if (!*text && f->flags & FIELD_BLANK)
		return 0;
	if (!*text && f->flags & FIELD_REQUIRED)
		return wants(d, "must not be empty");
	wrong = f->check ? f->check(text) : NULL;
	if (wrong)
		return wants(d, wrong);
	*to = memory_bytes(text, json_string_length(in));
	return 0;
}

static int decode_bool(const struct decoder *d, const struct field *f, json_t *in,
                       void *to)
{
	if (!json_is_boolean(in))
		return wants(d, "must be true or false");
	if (f->kind == FIELD_CHOICE)
		*(enum choice *)to = json_is_true(in) ? CHOICE_YES : CHOICE_NO;
	else
		*(bool *)to = json_is_true(in);
	return 0;
}

static int decode_int(const struct decoder *d, const struct field *f, json_t *in,
                      int64_t *to)
{
	int64_t n = json_integer_value(in);

	if (!json_is_integer(in))
		return wants(d, "must be an integer");
	if ((f->min || f->max) && (n < f->min || n > f->max))
		return error_set(d->err, -EBADMSG, "must be from %lld to %lld",
		                 (long long)f->min, (long long)f->max);
	*to = n;
	return 0;
}

static int by_first_text(const void *a, const void *b)
{
	return strcmp(**(char **const *)a, **(char **const *)b);
}

/* The first fields of the items, all texts that are there, must differ. Sorted, as an
 * image may list very many. */
static int check_unique(const struct decoder *d, const struct field *f,
                        const struct list *list)
{
	const struct field *first = f->of->fields;
	autofree char ***texts = memory_zeroed(list->count, sizeof(*texts));

	for (size_t i = 0; i < list->count; i++)
		texts[i] = at(first, (char *)list->items + i * f->of->size);
	qsort(texts, list->count, sizeof(*texts), by_first_text);
	for (size_t i = 1; i < list->count; i++)
		if (strcmp(*texts[i - 1], *texts[i]) == 0)
			return error_set(d->err, -EBADMSG, "the %s '%.64s' stands twice",
			                 first->name, *texts[i]);
	return 0;
}

static int decode_list(const struct decoder *d, const struct field *f, json_t *in,
                       struct list *list)
{
	json_t *item;
	size_t i;

	list->items = memory_zeroed(json_array_size(in), f->of->size);
	json_array_foreach(in, i, item)
	{
		list->count = i + 1;
		if (decode_object(d, f->of, item, (char *)list->items + i * f->of->size) <
		    0)
			return place(d, "[%zu]", i);
	}
	return f->flags & FIELD_UNIQUE ? check_unique(d, f, list) : 0;
}

static int decode_texts(const struct decoder *d, const struct field *f, json_t *in,
                        struct strv *texts)
{
	json_t *item;
	size_t i;

	json_array_foreach(in, i, item)
	{
		char *text = NULL;

		/* An item may be empty, whatever its array must be. */
		if (decode_text(d, &(struct field){.check = f->check}, item, &text) < 0)
			return place(d, "[%zu]", i);
		strv_take(texts, text);
	}
	return 0;
}

static int decode_ints(const struct decoder *d, const struct field *f, json_t *in,
                       struct list *list)
{
	json_t *item;
	size_t i;

	list->items = memory_zeroed(json_array_size(in), sizeof(int64_t));
	list->count = json_array_size(in);
	json_array_foreach(in, i,
	                   item) if (decode_int(d, f, item, (int64_t *)list->items + i) <
	                             0) return place(d, "[%zu]", i);
	return 0;
}

static int decode_array(const struct decoder *d, const struct field *f, json_t *in,
                        void *to)
{
	if (!json_is_array(in))
		return wants(d, "must be an array");
	if (f->flags & FIELD_REQUIRED && json_array_size(in) == 0)
		return wants(d, "must not be empty");
	if (f->kind == FIELD_TEXTS)
		return decode_texts(d, f, in, to);
	if (f->kind == FIELD_INTS)
		return decode_ints(d, f, in, to);
	return decode_list(d, f, in, to);
}

static int decode_map(const struct decoder *d, json_t *in, struct list *list)
{
	struct name_value *entry;
	const char *key;
	json_t *value;

	if (!json_is_object(in))
		return wants(d, "must be an object");
	entry = list->items = memory_zeroed(json_object_size(in), sizeof(*entry));
	json_object_foreach(in, key, value)
	{
		if (!json_is_string(value)) {
			(void)!wants(d, "must be a string");
			return place(d, "['%.64s']", key);
		}
		entry->name = memory_text(key);
		entry->value = memory_text(json_string_value(value));
		entry++;
		list->count++;
	}
	return 0;
}

static int decode_field(const struct decoder *d, const struct field *f, json_t *in,
                        void *to)
{
	switch (f->kind) {
	case FIELD_TEXT:
		return decode_text(d, f, in, to);
	case FIELD_BOOL:
	case FIELD_CHOICE:
		return decode_bool(d, f, in, to);
	case FIELD_INT:
		return decode_int(d, f, in, to);
	case FIELD_TEXTS:
	case FIELD_INTS:
	case FIELD_LIST:
		return decode_array(d, f, in, to);
	case FIELD_MAP:
		return decode_map(d, in, to);
	case FIELD_POINTER:
		to = *(void **)to = memory_zeroed(1, f->of->size);
		/* fallthrough */
	case FIELD_OBJECT:
		return decode_object(d, f->of, in, to);
	case FIELD_RAW:
		return decode_raw(d, in, to);
	}
	return wants(d, "is of no known kind");
}

/* The member called NAME: the one spelled so, else the last that differs only in case. */
static json_t *member(const struct decoder *d, json_t *in, const char *name, bool *twice)
{
	json_t *exact = json_object_get(in, name);
	json_t *found = NULL;
	json_t *value;
	const char *key;
	size_t count = 0;

	*twice = false;
	if (exact && !d->strict)
		return exact;
	json_object_foreach(in, key, value)
	{
		if (strcasecmp(key, name) != 0)
			continue;
		found = value;
		count++;
	}
	*twice = d->strict && count > 1;
	return found;
}

static bool is_absent(const struct field *f, const json_t *value)
{
	return !value || (json_is_null(value) && f->kind != FIELD_RAW);
}

static int decode_member(const struct decoder *d, const struct field *f, json_t *in,
                         void *into)
{
	bool twice;
	json_t *value = member(d, in, f->name, &twice);
	char **text = at(f, into);
	int r = 0;

	if (twice)
		r = wants(d, "stands twice");
	else if (!is_absent(f, value))
		r = decode_field(d, f, value, at(f, into));
	else if (f->flags & FIELD_REQUIRED)
		r = wants(d, "required");
	if (r < 0)
		return place(d, ".%s", f->name);
	if (f->kind == FIELD_TEXT && f->flags & FIELD_KEEP && !*text)
		*text = memory_text("");
	return 0;
}

/* Members that have no place in such a struct must not be there. */
static int check_when(const struct decoder *d, const struct schema *s, json_t *in,
                      const void *value)
{
	bool twice;

	for (const struct field *f = s->fields; f->name; f++) {
		if (!f->when || f->when(value) ||
		    is_absent(f, member(d, in, f->name, &twice)))
			continue;
		return error_set(d->err, -EBADMSG, ".%s: has no place here", f->name);
	}
	return 0;
}

static int decode_object(const struct decoder *d, const struct schema *s, json_t *in,
                         void *into)
{
	int r;

	if (!json_is_object(in))
		return wants(d, "must be an object");
	for (const struct field *f = s->fields; f->name; f++) {
		r = decode_member(d, f, in, into);
		if (r < 0)
			return r;
	}
	r = check_when(d, s, in, into);
	return r < 0 || !s->check ? r : s->check(into, d->err);
}

/* Brackets that stand open at once, counted before anything recurses into them. */
static bool is_too_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (text[i] == '{' || text[i] == '[')
			depth++;
		else if ((text[i] == '}' || text[i] == ']') && depth)
			depth--;
		if (depth > SCHEMA_DEPTH_MAX)
			return true;
	}
	return false;
}

/* Jansson would open /dev/urandom for the seed of its hash; the kernel left us some bytes. */
static void seed(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT */
	size_t value = 0;

	if (random)
		memcpy(&value, random, sizeof(value));
	json_object_seed(value);
}

static json_t *load(const char *text, size_t len, size_t flags, struct error *err)
{
	json_error_t why;
	json_t *in;

	if (len > SCHEMA_DOCUMENT_MAX) {
		(void)!error_set(err, -EFBIG, "is larger than %d bytes",
		                 SCHEMA_DOCUMENT_MAX);
		return NULL;
	}
	if (is_too_deep(text, len)) {
		(void)!error_set(err, -EBADMSG, "is nested deeper than %d levels",
		                 SCHEMA_DEPTH_MAX);
		return NULL;
	}
	seed();
	in = json_loadb(text, len, flags, &why);
	if (!in)
		(void)!error_set(err, -EBADMSG, "line %d, column %d: %s", why.line,
		                 why.column, why.text);
	return in;
}

static int decode(const struct schema *schema, const char *text, size_t len, bool strict,
                  void *into, struct error *err)
{
	const struct decoder d = {strict, err};
	json_t *in = load(text, len, strict ? JSON_REJECT_DUPLICATES : 0, err);
	int r;

	if (!in)
		return err->code;
	r = decode_object(&d, schema, in, into);
	json_decref(in);
	if (r < 0)
		schema_clear(schema, into);
	return r;
}

int schema_decode(const struct schema *schema, const char *text, size_t len, void *into,
                  struct error *err)
{
	return decode(schema, text, len, false, into, err);
}

int schema_decode_strict(const struct schema *schema, const char *text, size_t len,
                         void *into, struct error *err)
{
	return decode(schema, text, len, true, into, err);
}

static const struct field *find_field(const struct schema *s, const char *name)
{
	for (const struct field *f = s->fields; f->name; f++)
		if (strcasecmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void find_unknown(const struct schema *s, json_t *in, const char *above,
                         struct strv *places)
{
	const char *key;
	json_t *value, *item;
	size_t i;

	json_object_foreach(in, key, value)
	{
		autofree char *at = memory_format("%s.%.64s", above, key);
		const struct field *f = find_field(s, key);

		if (!f) {
			strv_add(places, at);
			continue;
		}
		if (f->kind == FIELD_OBJECT || f->kind == FIELD_POINTER)
			find_unknown(f->of, value, at, places);
		if (f->kind != FIELD_LIST)
			continue;
		json_array_foreach(value, i, item)
		{
			autofree char *one = memory_format("%s[%zu]", at, i);

			find_unknown(f->of, item, one, places);
		}
	}
}

int schema_find_unknown(const struct schema *schema, const char *text, size_t len,
                        struct strv *places, struct error *err)
{
	json_t *in = load(text, len, 0, err);

	if (!in)
		return err->code;
	find_unknown(schema, in, "", places);
	json_decref(in);
	return 0;
}

int schema_check_syntax(const char *text, size_t len, struct error *err)
{
	json_t *in = load(text, len, JSON_DECODE_ANY, err);

	if (!in)
		return err->code;
	json_decref(in);
	return 0;
}
