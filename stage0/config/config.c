/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/config.h"

#include <string.h>

#include "common/appc/schema.h"
#include "common/log.h"
#include "common/memory.h"
#include "stage0/config/config_kind.h"

#define VERSION "v1"

struct head {
	char *version;
	char *kind;
};

static const struct field head_fields[] = {
	{"rktVersion", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct head, version)},
	{"rktKind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct head, kind)},
	{0},
};
static const struct schema head_schema = {sizeof(struct head), head_fields};

static void head_clear(struct head *head)
{
	schema_clear(&head_schema, head);
}

static const struct kind {
	const char *name;
	enum config_part part;
	config_read_kind *read;
} kinds[] = {
	{"auth", CONFIG_AUTH, auth_read},
	{"dockerAuth", CONFIG_AUTH, auth_read_docker},
	{"paths", CONFIG_PATHS, config_read_paths},
	{"stage1", CONFIG_STAGE1, config_read_stage1},
	{0},
};

static const struct part {
	const char *dir;
	enum config_part part;
} parts_of[] = {
	{"auth.d", CONFIG_AUTH},
	{"paths.d", CONFIG_PATHS},
	{"stage1.d", CONFIG_STAGE1},
	{0},
};

int config_may_set(const struct config_origin *origin, const struct config_source *source,
                   const char *place, const char *key, struct error *err)
{
	if (!origin->path || origin->layer != source->layer)
		return 0;
	if (strcmp(origin->path, source->path) == 0)
		return error_set(err, -EBADMSG, "%s: '%s' stands twice", place, key);
	return error_set(err, -EBADMSG, "%s: '%s' is set by '%s' too, which is as good",
	                 place, key, origin->path);
}

void config_was_set(struct config_origin *origin, const struct config_source *source)
{
	free(origin->path);
	origin->path = memory_text(source->path);
	origin->layer = source->layer;
}

int config_decode(const struct schema *schema, const char *text, size_t len,
                  const struct config_source *source, const char *above, void *into,
                  struct error *err)
{
	autoclear(strv) unknown = {0};
	struct error inner;

	if (schema_decode_strict(schema, text, len, into, &inner) < 0)
		return error_set(err, inner.code, "%s%s%s", above,
		                 *above && *inner.text != '.' ? ": " : "", inner.text);
	if (schema_find_unknown(schema, text, len, &unknown, err) < 0)
		return err->code;
	for (size_t i = 0; i < unknown.count; i++)
		log_warning("'%s': %s%s: is not known, and does nothing", source->path,
		            above, unknown.items[i]);
	return 0;
}

static const struct kind *find_kind(const char *name)
{
	for (const struct kind *k = kinds; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static const char *dir_of(enum config_part part)
{
	const struct part *p = parts_of;

	while (p->part != part)
		p++;
	return p->dir;
}

static int read_source(struct config *config, const struct part *part,
                       const struct config_source *source, struct error *err)
{
	autoclear(head) head = {0};
	const struct kind *kind;

	if (schema_decode_strict(&head_schema, source->text, source->len, &head, err) < 0)
		return err->code;
	kind = find_kind(head.kind);
	if (!kind)
		return error_set(err, -EBADMSG, ".rktKind: '%.64s' is not known",
		                 head.kind);
	if (kind->part != part->part)
		return error_set(err, -EBADMSG, ".rktKind: '%s' belongs in %s, not in %s",
		                 kind->name, dir_of(kind->part), part->dir);
	if (strcmp(head.version, VERSION) != 0)
		return error_set(err, -EBADMSG,
		                 ".rktVersion: '%.64s' is not known, only '%s' is",
		                 head.version, VERSION);
	return kind->read(config, source, err);
}

static int read_file(struct config *config, const struct part *part,
                     const struct config_dir *dir, enum config_layer layer,
                     const char *name, struct error *err)
{
	autofree char *path = memory_format("%s/%s", config_dir_path(dir), name);
	autoclear(config_file) file = {0};
	int r = config_dir_read(dir, name, CONFIG_NO_LINKS, &file, err);
	struct config_source source = {
		.text = buf_string(&file.text),
		.len = file.text.len,
		.path = path,
		.layer = layer,
	};

	if (r)
		return r < 0 ? r : 0;
	if (read_source(config, part, &source, err) < 0)
		return error_wrap(err, "'%s'", path);
	if (file.is_public && part->part == CONFIG_AUTH)
		strv_add(&config->public_secrets, path);
	return 0;
}

static bool is_json(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(".json") &&
	       strcmp(name + len - strlen(".json"), ".json") == 0;
}

static int read_part(struct config *config, const struct part *part,
                     const struct config_dir *top, enum config_layer layer,
                     struct error *err)
{
	autoptr(config_dir) dir = NULL;
	autoclear(strv) names = {0};
	int r = config_dir_open_below(top, part->dir, CONFIG_LINKS, &dir, err);

	if (r)
		return r < 0 ? r : 0;
	r = config_dir_list(dir, &names, err);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (is_json(names.items[i]))
			r = read_file(config, part, dir, layer, names.items[i], err);
	return r;
}

static int read_layer(struct config *config, const char *path, enum config_layer layer,
                      unsigned parts, struct error *err)
{
	autoptr(config_dir) top = NULL;
	int r = config_dir_open(path, &top, err);

	if (r == CONFIG_MISSING)
		return 0;
	for (const struct part *p = parts_of; r >= 0 && p->dir; p++)
		if (p->part & parts)
			r = read_part(config, p, top, layer, err);
	return r;
}

int config_read(struct config *config, const struct config_paths *paths, unsigned parts,
                struct error *err)
{
	for (enum config_layer layer = 0; layer < CONFIG_LAYERS; layer++)
		if (paths->of[layer] &&
		    read_layer(config, paths->of[layer], layer, parts, err) < 0)
			return error_wrap(err, "configuration");
	auth_sort(&config->auth);
	return 0;
}

static void setting_clear(struct config_setting *setting)
{
	free(setting->text);
	free(setting->origin.path);
}

void config_clear(struct config *config)
{
	auth_clear(&config->auth);
	setting_clear(&config->data);
	setting_clear(&config->stage1_images);
	setting_clear(&config->stage1_name);
	setting_clear(&config->stage1_version);
	setting_clear(&config->stage1_location);
	strv_clear(&config->public_secrets);
	memset(config, 0, sizeof(*config));
}
