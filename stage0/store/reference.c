/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/store/reference.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/memory.h"
#include "common/path.h"

static int invalid(const char *text, struct error *err)
{
	return error_set(err, -EINVAL, "invalid image string \"%s\"", text);
}

static bool ends_in_aci(const char *text, size_t len)
{
	return len > 4 && memcmp(text + len - 4, ".aci", 4) == 0;
}

/* The length of the URL scheme TEXT begins with, without its ':'; 0 if there is none. */
static size_t scheme_length(const char *text)
{
	size_t len = 0;

	if (!isalpha((unsigned char)text[0]))
		return 0;
	while (isalnum((unsigned char)text[len]) ||
	       (text[len] && strchr("+-.", text[len])))
		len++;
	return text[len] == ':' ? len : 0;
}

static int set_file(const char *text, const char *path, struct reference *ref,
                    struct error *err)
{
	autofree char *here = NULL;

	if (!ends_in_aci(path, strlen(path)))
		return invalid(text, err);
	ref->kind = REFERENCE_FILE;
	if (path[0] == '/') {
		ref->text = memory_text(path);
		return 0;
	}
	here = getcwd(NULL, 0);
	if (!here)
		return error_errno(err, "cannot tell where '%s' is", path);
	ref->text = memory_format("%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
	return 0;
}

/* "file:///PATH", or with an authority that is this host. */
static int parse_file_url(const char *text, const char *rest, struct reference *ref,
                          struct error *err)
{
	if (strncmp(rest, "//localhost/", 12) == 0)
		rest += 11;
	else if (strncmp(rest, "///", 3) == 0)
		rest += 2;
	if (rest[0] != '/' || rest[1] == '/' || strpbrk(rest, "%?#"))
		return invalid(text, err);
	return set_file(text, rest, ref, err);
}

static int parse_http_url(const char *text, const char *rest, struct reference *ref,
                          struct error *err)
{
	if (name_check_url(text) || !ends_in_aci(rest, strcspn(rest, "?#")))
		return invalid(text, err);
	ref->kind = REFERENCE_URL;
	ref->text = memory_text(text);
	return 0;
}

static int parse_docker_url(const char *text, const char *rest, struct reference *ref,
                            struct error *err)
{
	if (strncmp(rest, "//", 2) == 0)
		rest += 2;
	if (!rest[0])
		return invalid(text, err);
	ref->kind = REFERENCE_DOCKER;
	ref->text = memory_text(text);
	return 0;
}

static int parse_distribution(const char *text, const char *rest, struct reference *ref,
                              struct error *err)
{
	(void)rest;
	(void)ref;
	return error_set(err, -EOPNOTSUPP,
	                 "image string \"%s\": distribution strings are not served yet",
	                 text);
}

/* Schemes; any other is the first part of a name with a version. */
static const struct {
	const char *name;
	int (*parse)(const char *text, const char *rest, struct reference *ref,
	             struct error *err);
} schemes[] = {
	{"file", parse_file_url},     {"http", parse_http_url},
	{"https", parse_http_url},    {"docker", parse_docker_url},
	{"cimd", parse_distribution},
};

static bool is_regular_file(const char *path)
{
	struct error ignored;
	autoclose int fd = path_open(AT_FDCWD, path, PATH_HOST, O_PATH, &ignored);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A file by its looks, or because it is there (rkt 4.1, rule 3). */
static bool is_path(const char *text)
{
	if (text[0] == '/' || is_regular_file(text))
		return true;
	if (strchr(text, ':'))
		return false;
	return strstr(text, "./") || ends_in_aci(text, strlen(text));
}

int reference_parse(const char *text, struct reference *ref, struct error *err)
{
	size_t scheme = scheme_length(text);

	*ref = (struct reference){0};
	if (image_id_is_hash(text)) {
		ref->kind = REFERENCE_HASH;
		ref->text = memory_text(text);
		return 0;
	}
	for (size_t i = 0; scheme && i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i].name) == scheme &&
		    strncasecmp(text, schemes[i].name, scheme) == 0)
			return schemes[i].parse(text, text + scheme + 1, ref, err);
	if (!scheme && is_path(text))
		return set_file(text, text, ref, err);
	return reference_parse_name(text, ref, err);
}

/* Takes over NAME and VALUE. */
static void add_label(struct reference *ref, char *name, char *value)
{
	ref->labels.items = memory_resized(ref->labels.items, ref->labels.count + 1,
	                                   sizeof(*ref->labels.items));
	ref->labels.items[ref->labels.count++] = (struct name_value){name, value};
}

static const char *label_value(const struct reference *ref, const char *name)
{
	for (size_t i = 0; i < ref->labels.count; i++)
		if (strcmp(ref->labels.items[i].name, name) == 0)
			return ref->labels.items[i].value;
	return NULL;
}

/* One "LABEL=VALUE". */
static int parse_label(const char *text, struct reference *ref, struct error *err)
{
	const char *equals = strchr(text, '=');
	autofree char *name = NULL;
	const char *wrong;

	if (!equals)
		return error_set(err, -EINVAL, "label '%s' has no value", text);
	name = memory_bytes(text, (size_t)(equals - text));
	wrong = name_check_identifier(name);
	if (wrong)
		return error_set(err, -EINVAL, "label '%s' %s", name, wrong);
	if (strcmp(name, "name") == 0)
		return error_set(err, -EINVAL, "no label can be called 'name'");
	if (label_value(ref, name))
		return error_set(err, -EINVAL, "label '%s' is given twice", name);
	if (strchr(equals, ':'))
		return error_set(err, -EINVAL,
		                 "label '%s': a ':' can only stand before the labels",
		                 name);
	add_label(ref, take(name), memory_text(equals + 1));
	return 0;
}

static int parse_parts(const struct strv *parts, struct reference *ref, struct error *err)
{
	const char *first = parts->items[0];
	const char *colon = strchr(first, ':');
	const char *wrong;

	ref->kind = REFERENCE_NAME;
	ref->text = memory_bytes(first, colon ? (size_t)(colon - first) : strlen(first));
	wrong = name_check_identifier(ref->text);
	if (wrong)
		return error_set(err, -EINVAL, "the name %s", wrong);
	if (colon && strchr(colon + 1, ':'))
		return error_set(err, -EINVAL, "more than one version");
	if (colon)
		add_label(ref, memory_text("version"), memory_text(colon + 1));
	for (size_t i = 1; i < parts->count; i++) {
		int r = parse_label(parts->items[i], ref, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int reference_parse_name(const char *text, struct reference *ref, struct error *err)
{
	autoclear(reference) parsed = {0};
	autoclear(strv) parts = {0};

	strv_split(&parts, text, ',');
	if (parse_parts(&parts, &parsed, err) < 0)
		return error_wrap(err, "image name '%s'", text);
	*ref = parsed;
	parsed = (struct reference){0};
	return 0;
}

/* What uname(2) calls a machine, and the specification (appc 1.6.1). Others are called
 * alike. */
static const struct {
	const char *machine;
	const char *arch;
} machines[] = {
	{"x86_64", "amd64"}, {"i386", "i386"}, {"i486", "i386"},
	{"i586", "i386"},    {"i686", "i386"},
};

static const char *arch_of(const char *machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (strcmp(machine, machines[i].machine) == 0)
			return machines[i].arch;
	return machine;
}

void reference_add_defaults(struct reference *ref)
{
	struct utsname host;

	if (!label_value(ref, "os"))
		add_label(ref, memory_text("os"), memory_text("linux"));
	if (!label_value(ref, "arch") && uname(&host) == 0)
		add_label(ref, memory_text("arch"), memory_text(arch_of(host.machine)));
}

void reference_clear(struct reference *ref)
{
	for (size_t i = 0; i < ref->labels.count; i++) {
		free(ref->labels.items[i].name);
		free(ref->labels.items[i].value);
	}
	free(ref->labels.items);
	free(ref->text);
	*ref = (struct reference){0};
}
