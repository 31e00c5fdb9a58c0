/* SPDX-License-Identifier: Apache-2.0 */

/* The kinds of configuration files that set single values: paths and stage1. */

#include <string.h>
#include <strings.h>

#include "common/appc/name.h"
#include "common/appc/schema.h"
#include "common/memory.h"
#include "stage0/config/config_kind.h"

struct paths_file {
	char *version;
	char *kind;
	char *data;
	char *stage1_images;
};

static const struct field paths_fields[] = {
	{"rktVersion", FIELD_TEXT, 0, offsetof(struct paths_file, version)},
	{"rktKind", FIELD_TEXT, 0, offsetof(struct paths_file, kind)},
	{"data", FIELD_TEXT, FIELD_BLANK | FIELD_KEEP, offsetof(struct paths_file, data),
         .check = name_check_absolute},
	{"stage1-images", FIELD_TEXT, FIELD_BLANK | FIELD_KEEP,
         offsetof(struct paths_file, stage1_images), .check = name_check_absolute},
	{0},
};
static const struct schema paths_schema = {sizeof(struct paths_file), paths_fields};

static void paths_file_clear(struct paths_file *file)
{
	schema_clear(&paths_schema, file);
}

struct stage1_file {
	char *version;
	char *kind;
	char *name;
	char *image_version;
	char *location;
};

/* An absolute path, or a URL of something that can be fetched (rkt 3.5). */
static const char *check_location(const char *text)
{
	static const char *const begins[] = {"/", "file:///", "docker://", "http://",
	                                     "https://"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (strncasecmp(text, begins[i], strlen(begins[i])) == 0)
			return NULL;
	return "must be an absolute path, or a URL with file, docker, http or https";
}

static const struct field stage1_fields[] = {
	{"rktVersion", FIELD_TEXT, 0, offsetof(struct stage1_file, version)},
	{"rktKind", FIELD_TEXT, 0, offsetof(struct stage1_file, kind)},
	{"name", FIELD_TEXT, FIELD_BLANK | FIELD_KEEP, offsetof(struct stage1_file, name),
         .check = name_check_identifier},
	{"version", FIELD_TEXT, FIELD_BLANK | FIELD_KEEP,
         offsetof(struct stage1_file, image_version)},
	{"location", FIELD_TEXT, FIELD_BLANK | FIELD_KEEP,
         offsetof(struct stage1_file, location), .check = check_location},
	{0},
};

static int check_stage1(void *value, struct error *err)
{
	const struct stage1_file *file = value;

	if (*file->name && !*file->image_version)
		return error_set(err, -EBADMSG, ".version: required, as there is a name");
	if (*file->image_version && !*file->name)
		return error_set(err, -EBADMSG, ".name: required, as there is a version");
	return 0;
}

static const struct schema stage1_schema = {sizeof(struct stage1_file), stage1_fields,
                                            check_stage1};

static void stage1_file_clear(struct stage1_file *file)
{
	schema_clear(&stage1_schema, file);
}

/* "" sets nothing. */
static int set(struct config_setting *setting, const char *text, const char *place,
               const struct config_source *source, struct error *err)
{
	if (!*text)
		return 0;
	if (config_may_set(&setting->origin, source, place, text, err) < 0)
		return err->code;
	free(setting->text);
	setting->text = memory_text(text);
	config_was_set(&setting->origin, source);
	return 0;
}

int config_read_paths(struct config *config, const struct config_source *source,
                      struct error *err)
{
	autoclear(paths_file) file = {0};
	int r = config_decode(&paths_schema, source->text, source->len, source, "", &file,
	                      err);

	if (r >= 0)
		r = set(&config->data, file.data, ".data", source, err);
	if (r >= 0)
		r = set(&config->stage1_images, file.stage1_images, ".stage1-images",
		        source, err);
	return r;
}

int config_read_stage1(struct config *config, const struct config_source *source,
                       struct error *err)
{
	autoclear(stage1_file) file = {0};
	int r = config_decode(&stage1_schema, source->text, source->len, source, "",
	                      &file, err);

	if (r >= 0)
		r = set(&config->stage1_name, file.name, ".name", source, err);
	if (r >= 0)
		r = set(&config->stage1_version, file.image_version, ".version", source,
		        err);
	if (r >= 0)
		r = set(&config->stage1_location, file.location, ".location", source,
		        err);
	return r;
}

static char *text_of(const struct config_setting *setting)
{
	return memory_text(setting->text ? setting->text : "");
}

void config_encode(const struct config *config, bool secrets, struct buf *text)
{
	autoclear(paths_file) paths = {
		.version = memory_text("v1"),
		.kind = memory_text("paths"),
		.data = text_of(&config->data),
		.stage1_images = text_of(&config->stage1_images),
	};
	autoclear(stage1_file) stage1 = {
		.version = memory_text("v1"),
		.kind = memory_text("stage1"),
		.name = text_of(&config->stage1_name),
		.image_version = text_of(&config->stage1_version),
		.location = text_of(&config->stage1_location),
	};
	autoclear(buf) objects = {0};

	auth_encode(&config->auth, secrets, &objects);
	buf_text(&objects, objects.len ? "," : "");
	schema_encode(&paths_schema, &paths, SCHEMA_COMPACT, &objects);
	buf_char(&objects, ',');
	schema_encode(&stage1_schema, &stage1, SCHEMA_COMPACT, &objects);
	buf_format(text, "{\"stage0\":[%s]}", objects.data);
}
