/* SPDX-License-Identifier: Apache-2.0 */
/* Options that say what a pod shares with its host: volumes, mounts, ports. */
#include <arpa/inet.h>
#include <string.h>

#include "common/appc/pod_manifest.h"
#include "common/boolean.h"
#include "common/memory.h"
#include "common/number.h"
#include "stage0/pod/app_flags.h"

/* "KEY=VALUE", taken apart in place. */
static int split_item(char *item, char **value, struct error *err)
{
	*value = strchr(item, '=');
	if (!*value)
		return error_set(err, -EINVAL, "'%s' must be KEY=VALUE", item);
	*(*value)++ = '\0';
	return 0;
}

static int check_text(const char *key, const char *text, field_check *check,
                      struct error *err)
{
	const char *wrong = check(text);

	if (!wrong)
		wrong = schema_check_text(text);
	return wrong ? error_set(err, -EINVAL, "%s '%s' %s", key, text, wrong) : 0;
}

/* What the kinds of volumes may say of themselves. */
enum { FOR_HOST = 1 << 0, FOR_EMPTY = 1 << 1 };
enum { VOLUME_KEYS = 7 };

typedef int volume_parse(struct volume *volume, const char *text, struct error *err);

static int parse_kind(struct volume *volume, const char *text, struct error *err)
{
	if (strcmp(text, "host") != 0 && strcmp(text, "empty") != 0)
		return error_set(err, -EINVAL, "kind '%s' must be 'host' or 'empty'",
		                 text);
	volume->kind = memory_text(text);
	return 0;
}

static int parse_source(struct volume *volume, const char *text, struct error *err)
{
	volume->source = memory_text(text);
	return check_text("source", text, name_check_absolute, err);
}

static int parse_choice(const char *text, enum choice *choice, struct error *err)
{
	bool yes;

	if (boolean_parse(text, &yes, err) < 0)
		return err->code;
	*choice = yes ? CHOICE_YES : CHOICE_NO;
	return 0;
}

static int parse_read_only(struct volume *volume, const char *text, struct error *err)
{
	if (parse_choice(text, &volume->read_only, err) < 0)
		return error_wrap(err, "readOnly '%s'", text);
	return 0;
}

static int parse_recursive(struct volume *volume, const char *text, struct error *err)
{
	if (parse_choice(text, &volume->recursive, err) < 0)
		return error_wrap(err, "recursive '%s'", text);
	return 0;
}

static int parse_mode(struct volume *volume, const char *text, struct error *err)
{
	if (!*text || strlen(text) > 5 || text[strspn(text, "01234567")])
		return error_set(err, -EINVAL, "mode '%s' must be octal digits", text);
	volume->mode = memory_text(text);
	return 0;
}

static int parse_uid(struct volume *volume, const char *text, struct error *err)
{
	if (number_parse(text, 0, UINT32_MAX - 1, &volume->uid, err) < 0)
		return error_wrap(err, "uid '%s'", text);
	return 0;
}

static int parse_gid(struct volume *volume, const char *text, struct error *err)
{
	if (number_parse(text, 0, UINT32_MAX - 1, &volume->gid, err) < 0)
		return error_wrap(err, "gid '%s'", text);
	return 0;
}

static const struct volume_key {
	const char *name;
	unsigned kinds;
	volume_parse *parse;
} volume_keys[VOLUME_KEYS] = {
	{"kind", FOR_HOST | FOR_EMPTY, parse_kind},
	{"source", FOR_HOST, parse_source},
	{"readOnly", FOR_HOST | FOR_EMPTY, parse_read_only},
	{"recursive", FOR_HOST | FOR_EMPTY, parse_recursive},
	{"mode", FOR_EMPTY, parse_mode},
	{"uid", FOR_EMPTY, parse_uid},
	{"gid", FOR_EMPTY, parse_gid},
};

static int find_volume_key(const char *name)
{
	for (int i = 0; i < VOLUME_KEYS; i++)
		if (!strcmp(volume_keys[i].name, name))
			return i;
	return -1;
}

/* Whether the KEYS that were given are right together (appc 1.7.4). */
static int check_volume(struct volume *volume, const bool *keys, struct error *err)
{
	unsigned kind;

	if (!volume->kind)
		return error_set(err, -EINVAL, "kind=host or kind=empty is missing");
	kind = strcmp(volume->kind, "host") ? FOR_EMPTY : FOR_HOST;
	for (int i = 0; i < VOLUME_KEYS; i++)
		if (keys[i] && !(volume_keys[i].kinds & kind))
			return error_set(err, -EINVAL, "kind '%s' has no '%s'",
			                 volume->kind, volume_keys[i].name);
	if (kind == FOR_HOST && !volume->source)
		return error_set(err, -EINVAL, "kind 'host' needs a source");
	if (kind == FOR_EMPTY && !volume->mode)
		volume->mode = memory_text("0755");
	return 0;
}

static int parse_volume(struct volume *volume, const struct strv *items,
                        struct error *err)
{
	bool keys[VOLUME_KEYS] = {false};

	if (check_text("name", items->items[0], name_check_name, err) < 0)
		return err->code;
	volume->name = memory_text(items->items[0]);
	for (size_t i = 1; i < items->count; i++) {
		char *key = items->items[i];
		char *text;
		int at;

		if (split_item(key, &text, err) < 0)
			return err->code;
		at = find_volume_key(key);
		if (at < 0)
			return error_set(err, -EINVAL, "unknown volume parameter \"%s\"",
			                 key);
		if (keys[at])
			return error_set(err, -EEXIST, "'%s' stands twice", key);
		keys[at] = true;
		if (volume_keys[at].parse(volume, text, err) < 0)
			return err->code;
	}
	return check_volume(volume, keys, err);
}

int flag_volume(void *value, const char *arg, struct error *err)
{
	LIST_OF(struct volume) *volumes = value;
	autoclear(strv) items = {0};

	strv_split(&items, arg, ',');
	return parse_volume(list_add(volumes), &items, err);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes, in place, the '+' and "%XX" of a URL's query. */
static int decode_query(char *text, struct error *err)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from == '+' ? ' ' : *from;
			continue;
		}
		high = hex_digit(from[1]);
		low = high < 0 ? -1 : hex_digit(from[2]);
		if (low < 0 || high + low == 0)
			return error_set(err, -EINVAL,
			                 "'%s': '%%' must begin two hex "
			                 "digits of a byte other than 0",
			                 text);
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return 0;
}

static int parse_mount(struct mount *mount, const struct strv *items, struct error *err)
{
	for (size_t i = 0; i < items->count; i++) {
		char *key = items->items[i];
		char **into;
		char *text;

		if (split_item(key, &text, err) < 0 || decode_query(key, err) < 0 ||
		    decode_query(text, err) < 0)
			return err->code;
		into = !strcmp(key, "volume")   ? &mount->volume
		       : !strcmp(key, "target") ? &mount->path
		                                : NULL;
		if (!into)
			return error_set(err, -EINVAL, "unknown mount parameter \"%s\"",
			                 key);
		if (*into)
			return error_set(err, -EEXIST, "'%s' stands twice", key);
		*into = memory_text(text);
	}
	if (!mount->volume || !mount->path)
		return error_set(err, -EINVAL, "must be volume=NAME,target=PATH");
	if (check_text("volume", mount->volume, name_check_name, err) < 0)
		return err->code;
	return check_text("target", mount->path, name_check_mount_path, err);
}

int flag_mount(void *value, const char *arg, struct error *err)
{
	LIST_OF(struct mount) *mounts = value;
	autoclear(strv) items = {0};

	strv_split(&items, arg, ',');
	return parse_mount(list_add(mounts), &items, err);
}

int flag_port(void *value, const char *arg, struct error *err)
{
	LIST_OF(struct exposed_port) *ports = value;
	struct exposed_port *port = list_add(ports);
	autoclear(strv) parts = {0};
	struct in_addr address;

	strv_split(&parts, arg, ':');
	if (parts.count != 2 && parts.count != 3)
		return error_set(err, -EINVAL, "must be NAME:[HOSTIP:]HOSTPORT");
	port->name = memory_text(parts.items[0]);
	if (check_text("name", port->name, name_check_name, err) < 0)
		return err->code;
	if (parts.count == 3) {
		port->host_ip = memory_text(parts.items[1]);
		if (inet_pton(AF_INET, port->host_ip, &address) != 1)
			return error_set(err, -EINVAL,
			                 "host IP '%s' must be an IPv4 address",
			                 port->host_ip);
	}
	if (number_parse(parts.items[parts.count - 1], 1, 65535, &port->host_port, err) <
	    0)
		return error_wrap(err, "host port '%s'", parts.items[parts.count - 1]);
	return 0;
}
