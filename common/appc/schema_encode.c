/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/schema.h"

#include <string.h>

#include "common/memory.h"

struct writer {
	struct buf *out;
	enum schema_style style;
	int depth;
};

static void write_object(struct writer *w, const struct schema *s, const void *from);

static const void *at(const struct field *f, const void *base)
{
	return (const char *)base + f->offset;
}

static void new_line(struct writer *w)
{
	if (w->style == SCHEMA_COMPACT)
		return;
	buf_char(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		buf_char(w->out, '\t');
}

static void open_bracket(struct writer *w, char bracket)
{
	buf_char(w->out, bracket);
	w->depth++;
}

/* An empty pair stays together. */
static void close_bracket(struct writer *w, char bracket, bool empty)
{
	w->depth--;
	if (!empty)
		new_line(w);
	buf_char(w->out, bracket);
}

/* Comes before each item of an array or object. */
static void next_item(struct writer *w, bool first)
{
	if (!first)
		buf_char(w->out, ',');
	new_line(w);
}

/* The length of the UTF-8 character at TEXT, 0 if it is none. */
static size_t utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char low, high, second_low, second_high, length;
	} rows[] = {
		{0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (text[0] < rows[i].low || text[0] > rows[i].high)
			continue;
		if (rows[i].length > 1 &&
		    (text[1] < rows[i].second_low || text[1] > rows[i].second_high))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

const char *schema_check_text(const char *text)
{
	size_t len;

	for (; *text; text += len) {
		len = utf8_length((const unsigned char *)text);
		if (len == 0)
			return "must be UTF-8";
	}
	return NULL;
}

/* Adds the character of LEN bytes as the reference tools spell it; LEN 0 is none. */
static void write_character(struct writer *w, const char *text, size_t len)
{
	unsigned char c = (unsigned char)*text;

	if (len == 0)
		buf_text(w->out, "\\ufffd");
	else if (c == '"' || c == '\\')
		buf_format(w->out, "\\%c", c);
	else if (c == '\n' || c == '\r' || c == '\t')
		buf_format(w->out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (c < ' ' || c == '<' || c == '>' || c == '&')
		buf_format(w->out, "\\u%04x", c);
	else if (len == 3 && memcmp(text, "\u2028", 3) == 0)
		buf_text(w->out, "\\u2028");
	else if (len == 3 && memcmp(text, "\u2029", 3) == 0)
		buf_text(w->out, "\\u2029");
	else
		buf_add(w->out, text, len);
}

/* Whether a byte stands for itself in a string, so that runs of such are added at once. */
static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && !strchr("\"\\<>&", c);
}

static void write_text(struct writer *w, const char *text)
{
	buf_char(w->out, '"');
	while (*text) {
		size_t run = 0;
		size_t len;

		while (is_plain(text[run]))
			run++;
		buf_add(w->out, text, run);
		text += run;
		if (!*text)
			break;
		len = utf8_length((const unsigned char *)text);
		write_character(w, text, len);
		text += len ? len : 1;
	}
	buf_char(w->out, '"');
}

static void write_key(struct writer *w, const char *key)
{
	write_text(w, key);
	buf_text(w->out, w->style == SCHEMA_PRETTY ? ": " : ":");
}

/* Adds the string at TEXT, quotes and escapes as they are but for what the reference tools
 * escape besides; returns how long it is. */
static size_t rewrite_string(struct writer *w, const char *text)
{
	size_t i = 1;

	buf_char(w->out, '"');
	while (text[i] != '"') {
		size_t len = utf8_length((const unsigned char *)text + i);

		if (text[i] == '\\') {
			buf_add(w->out, text + i, 2);
			i += 2;
		} else {
			write_character(w, text + i, len);
			i += len ? len : 1;
		}
	}
	buf_char(w->out, '"');
	return i + 1;
}

/* Adds the JSON of LEN bytes, known to be good and with a NUL after it, in W's style. */
static void rewrite(struct writer *w, const char *text, size_t len)
{
	bool opened = false;
	size_t i = 0;

	while (i < len) {
		char c = text[i];

		if (strchr(" \t\r\n", c)) {
			i++;
			continue;
		}
		if (c == '}' || c == ']') {
			close_bracket(w, c, opened);
			opened = false;
			i++;
			continue;
		}
		if (opened)
			new_line(w);
		opened = c == '{' || c == '[';
		if (c == '"') {
			i += rewrite_string(w, text + i);
			continue;
		}
		if (opened)
			open_bracket(w, c);
		else if (c == ',')
			next_item(w, false);
		else if (c == ':')
			buf_text(w->out, w->style == SCHEMA_PRETTY ? ": " : ":");
		else
			buf_char(w->out, c);
		i++;
	}
}

static void write_texts(struct writer *w, const struct strv *texts)
{
	open_bracket(w, '[');
	for (size_t i = 0; i < texts->count; i++) {
		next_item(w, i == 0);
		write_text(w, texts->items[i]);
	}
	close_bracket(w, ']', texts->count == 0);
}

static void write_ints(struct writer *w, const struct list *list)
{
	const int64_t *items = list->items;

	open_bracket(w, '[');
	for (size_t i = 0; i < list->count; i++) {
		next_item(w, i == 0);
		buf_format(w->out, "%lld", (long long)items[i]);
	}
	close_bracket(w, ']', list->count == 0);
}

static void write_list(struct writer *w, const struct schema *of, const struct list *list)
{
	open_bracket(w, '[');
	for (size_t i = 0; i < list->count; i++) {
		next_item(w, i == 0);
		write_object(w, of, (const char *)list->items + i * of->size);
	}
	close_bracket(w, ']', list->count == 0);
}

static void write_map(struct writer *w, const struct list *list)
{
	const struct name_value *items = list->items;

	open_bracket(w, '{');
	for (size_t i = 0; i < list->count; i++) {
		next_item(w, i == 0);
		write_key(w, items[i].name);
		write_text(w, items[i].value);
	}
	close_bracket(w, '}', list->count == 0);
}

static void write_value(struct writer *w, const struct field *f, const void *from)
{
	const char *text = f->kind == FIELD_TEXT || f->kind == FIELD_RAW
	                           ? *(char *const *)from
	                           : NULL;
	bool yes;

	switch (f->kind) {
	case FIELD_TEXT:
		write_text(w, text ? text : "");
		break;
	case FIELD_BOOL:
	case FIELD_CHOICE:
		yes = f->kind == FIELD_BOOL ? *(const bool *)from
		                            : *(const enum choice *)from == CHOICE_YES;
		buf_text(w->out, yes ? "true" : "false");
		break;
	case FIELD_INT:
		buf_format(w->out, "%lld", (long long)*(const int64_t *)from);
		break;
	case FIELD_TEXTS:
		write_texts(w, from);
		break;
	case FIELD_INTS:
		write_ints(w, from);
		break;
	case FIELD_LIST:
		write_list(w, f->of, from);
		break;
	case FIELD_MAP:
		write_map(w, from);
		break;
	case FIELD_POINTER:
		from = *(void *const *)from;
		/* fallthrough */
	case FIELD_OBJECT:
		write_object(w, f->of, from);
		break;
	case FIELD_RAW:
		rewrite(w, text, strlen(text));
		break;
	}
}

static bool is_empty(const struct field *f, const void *from)
{
	const char *const *text = from;

	switch (f->kind) {
	case FIELD_TEXT:
		return !*text || !**text;
	case FIELD_RAW:
	case FIELD_POINTER:
		return !*text;
	case FIELD_BOOL:
		return !*(const bool *)from;
	case FIELD_CHOICE:
		return *(const enum choice *)from == CHOICE_UNSET;
	case FIELD_INT:
		return *(const int64_t *)from == 0;
	case FIELD_OBJECT:
		return false;
	case FIELD_TEXTS:
	case FIELD_INTS:
	case FIELD_LIST:
	case FIELD_MAP:
		return ((const struct list *)from)->count == 0;
	}
	return true;
}

static void write_object(struct writer *w, const struct schema *s, const void *from)
{
	bool first = true;

	open_bracket(w, '{');
	for (const struct field *f = s->fields; f->name; f++) {
		bool empty = is_empty(f, at(f, from));

		if ((f->when && !f->when(from)) ||
		    (empty && !(f->flags & (FIELD_KEEP | FIELD_NULL))))
			continue;
		next_item(w, first);
		first = false;
		write_key(w, f->name);
		if (empty && f->flags & FIELD_NULL)
			buf_text(w->out, "null");
		else
			write_value(w, f, at(f, from));
	}
	close_bracket(w, '}', first);
}

void schema_encode(const struct schema *schema, const void *from, enum schema_style style,
                   struct buf *out)
{
	struct writer w = {out, style, 0};

	write_object(&w, schema, from);
}

int schema_reformat(const char *text, size_t len, enum schema_style style,
                    struct buf *out, struct error *err)
{
	struct writer w = {out, style, 0};
	int r = schema_check_syntax(text, len, err);

	if (r == 0)
		rewrite(&w, text, len);
	return r;
}
