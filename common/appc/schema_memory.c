/* SPDX-License-Identifier: Apache-2.0 */
#include "common/appc/schema.h"

#include <string.h>

#include "common/memory.h"

/* What the items of a map are, so that they go the way of any list. */
static const struct field map_fields[] = {
	{"name", FIELD_TEXT, .offset = offsetof(struct name_value, name)},
	{"value", FIELD_TEXT, .offset = offsetof(struct name_value, value)},
	{0},
};
static const struct schema map_schema = {sizeof(struct name_value), map_fields, NULL};

static const struct schema *item_schema(const struct field *f)
{
	return f->kind == FIELD_MAP ? &map_schema : f->of;
}

static void copy_items(const struct schema *of, const struct list *from, struct list *to)
{
	if (!from->count)
		return;
	to->items = memory_zeroed(from->count, of->size);
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		schema_copy(of, (const char *)from->items + i * of->size,
		            (char *)to->items + i * of->size);
}

static void copy_ints(const struct list *from, struct list *to)
{
	if (!from->count)
		return;
	to->items = memory_bytes(from->items, from->count * sizeof(int64_t));
	to->count = from->count;
}

static void copy_pointer(const struct schema *of, const void *from, void **to)
{
	if (!from)
		return;
	*to = memory_zeroed(1, of->size);
	schema_copy(of, from, *to);
}

static void copy_field(const struct field *f, const void *from, void *to)
{
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_RAW:
		*(char **)to = memory_text(*(char *const *)from);
		break;
	case FIELD_BOOL:
		*(bool *)to = *(const bool *)from;
		break;
	case FIELD_CHOICE:
		*(enum choice *)to = *(const enum choice *)from;
		break;
	case FIELD_INT:
		*(int64_t *)to = *(const int64_t *)from;
		break;
	case FIELD_TEXTS:
		strv_extend(to, from);
		break;
	case FIELD_INTS:
		copy_ints(from, to);
		break;
	case FIELD_LIST:
	case FIELD_MAP:
		copy_items(item_schema(f), from, to);
		break;
	case FIELD_POINTER:
		copy_pointer(f->of, *(void *const *)from, to);
		break;
	case FIELD_OBJECT:
		schema_copy(f->of, from, to);
		break;
	}
}

void schema_copy(const struct schema *schema, const void *from, void *to)
{
	for (const struct field *f = schema->fields; f->name; f++)
		copy_field(f, (const char *)from + f->offset, (char *)to + f->offset);
}

static void clear_items(const struct schema *of, struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		schema_clear(of, (char *)list->items + i * of->size);
	free(list->items);
}

static void clear_field(const struct field *f, void *value)
{
	switch (f->kind) {
	case FIELD_BOOL:
	case FIELD_CHOICE:
	case FIELD_INT:
		break;
	case FIELD_TEXT:
	case FIELD_RAW:
		free(*(void **)value);
		break;
	case FIELD_TEXTS:
		strv_clear(value);
		break;
	case FIELD_INTS:
		free(((struct list *)value)->items);
		break;
	case FIELD_LIST:
	case FIELD_MAP:
		clear_items(item_schema(f), value);
		break;
	case FIELD_POINTER:
		if (*(void **)value)
			schema_clear(f->of, *(void **)value);
		free(*(void **)value);
		break;
	case FIELD_OBJECT:
		schema_clear(f->of, value);
		break;
	}
}

void schema_clear(const struct schema *schema, void *value)
{
	for (const struct field *f = schema->fields; f->name; f++)
		clear_field(f, (char *)value + f->offset);
	memset(value, 0, schema->size);
}
