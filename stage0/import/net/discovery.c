/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/discovery.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "stage0/fetch/net_protocol.h"
#include "stage0/import/net/meta.h"

static const char *const tags[] = {
	[DISCOVER_IMAGES] = "ac-discovery",
	[DISCOVER_KEYS] = "ac-discovery-pubkeys",
};

/* A page being read: what it has for the name, and if nothing, why. */
struct reading {
	const struct discovery_walk *walk;
	const char *url;
	struct discovery *found;
	char *why;
};

enum page_outcome { PAGE_USED, PAGE_SILENT };

/* The pages that did not do, with the reason of each, and the last of these alone. */
struct tried {
	struct buf all, last;
};

static const char *label(const struct discovery_walk *walk, const char *name, size_t len)
{
	for (size_t i = 0; i < walk->label_count; i++)
		if (strlen(walk->labels[i].name) == len &&
		    memcmp(walk->labels[i].name, name, len) == 0)
			return walk->labels[i].value;
	return NULL;
}

/* What the variable NAME stands for; NULL if nothing does. */
static const char *variable(const struct discovery_walk *walk, const char *name,
                            size_t len, const char *ext)
{
	static const char name_word[] = "name", ext_word[] = "ext", version[] = "version";
	const char *value;

	if (len == strlen(name_word) && memcmp(name, name_word, len) == 0)
		return walk->name;
	value = label(walk, name, len);
	if (len == strlen(version) && memcmp(name, version, len) == 0)
		return value && *value ? value : "latest";
	if (!value && len == strlen(ext_word) && memcmp(name, ext_word, len) == 0)
		return ext;
	return value;
}

/* What no URL may have is encoded; all else stays, so that a name's '/' does. */
static void add_encoded(struct buf *url, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] > ' ' && text[i] <= '~' && !strchr("\"<>\\^`|{}", text[i]))
			buf_char(url, text[i]);
		else
			buf_format(url, "%%%02X", (unsigned char)text[i]);
}

/* The URL that TEMPLATE makes, the caller's; EXT is what {ext} becomes. NULL if no label is
 * there for one of the variables: *MISSING is that, the caller's. */
static char *fill(const struct discovery_walk *walk, const char *template,
                  const char *ext, char **missing)
{
	autoclear(buf) filled = {0};

	while (*template) {
		size_t plain = strcspn(template, "{");
		const char *end = strchr(template + plain, '}');
		const char *name = template + plain + 1;
		const char *value;

		if (!end)
			plain = strlen(template);
		add_encoded(&filled, template, plain);
		template += plain;
		if (!*template)
			break;
		value = variable(walk, name, (size_t)(end - name), ext);
		if (!value) {
			*missing = memory_bytes(name, (size_t)(end - name));
			return NULL;
		}
		add_encoded(&filled, value, strlen(value));
		template = end + 1;
	}
	return buf_take(&filled);
}

printf_like(2, 3) static void explain(struct reading *reading, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	free(reading->why);
	reading->why = memory_text(text);
}

static void add_endpoint(struct reading *reading, const char *template)
{
	autofree char *missing = NULL;
	autofree char *image = fill(reading->walk, template, "aci", &missing);
	autofree char *signature = NULL;
	struct endpoint *endpoint;

	if (image)
		signature = fill(reading->walk, template, "aci.asc", &missing);
	if (!signature) {
		explain(reading, "its template needs the label '%s'", missing);
		return;
	}
	if (net_check_url(image) || net_check_url(signature)) {
		explain(reading, "its template makes no URL");
		return;
	}
	endpoint = list_add(&reading->found->endpoints);
	endpoint->image = take(image);
	if (strcmp(endpoint->image, signature) != 0)
		endpoint->signature = take(signature);
}

static void add_key(struct reading *reading, const char *url)
{
	if (net_check_url(url))
		explain(reading, "its tag for keys has no URL");
	else
		strv_add(&reading->found->keys, url);
}

static size_t count(const struct discovery *found)
{
	return found->endpoints.count + found->keys.count;
}

/* Whether a tag for PREFIX is for the name. */
static bool is_for(struct reading *reading, const char *prefix)
{
	const struct discovery_walk *walk = reading->walk;
	size_t len = strlen(prefix);
	char next;

	if (strncmp(walk->name, prefix, len) != 0) {
		explain(reading, "its tag '%s' is for '%s'", tags[walk->kind], prefix);
		return false;
	}
	next = walk->name[len];
	if (next == '\0' || next == '/' || prefix[len - 1] == '/')
		return true;
	log_warning("'%s': its tag '%s' is for '%s', which ends within a part of '%s'%s",
	            reading->url, tags[walk->kind], prefix, walk->name,
	            walk->kind == DISCOVER_KEYS ? ": not used" : "");
	explain(reading, "its tag '%s' is for '%s', which ends within a part of the name",
	        tags[walk->kind], prefix);
	return walk->kind != DISCOVER_KEYS;
}

static const char spaces[] = " \t\r\n\f\v";

static bool take_tag(const char *name, const char *content, void *context)
{
	struct reading *reading = context;
	const char *prefix = content + strspn(content, spaces);
	size_t prefix_len = strcspn(prefix, " ");
	const char *url = prefix + prefix_len + strspn(prefix + prefix_len, spaces);
	size_t url_len = strlen(url);
	autofree char *prefix_text = memory_bytes(prefix, prefix_len);
	autofree char *url_text = NULL;
	size_t before = count(reading->found);

	while (url_len && strchr(spaces, url[url_len - 1]))
		url_len--;
	if (strcmp(name, tags[reading->walk->kind]) != 0 || !prefix_len || !url_len ||
	    !is_for(reading, prefix_text))
		return true;
	url_text = memory_bytes(url, url_len);
	if (reading->walk->kind == DISCOVER_KEYS)
		add_key(reading, url_text);
	else
		add_endpoint(reading, url_text);
	if (prefix_text[prefix_len - 1] == '/')
		prefix_text[prefix_len - 1] = '\0';
	if (before == 0 && count(reading->found) > 0)
		reading->found->prefix = take(prefix_text);
	return count(reading->found) < NET_LINKS_MAX;
}

/* Reads a page that is there. */
static int read_page(const struct discovery_walk *walk, const char *url,
                     const struct buf *html, struct discovery *found, struct error *err)
{
	struct reading reading = {.walk = walk, .url = url, .found = found};
	int r = PAGE_USED;

	explain(&reading, "has no meta tag '%s'", tags[walk->kind]);
	meta_scan(buf_string(html), html->len, take_tag, &reading);
	if (!count(found)) {
		(void)!error_set(err, -ENOENT, "%s", reading.why);
		r = PAGE_SILENT;
	}
	free(reading.why);
	return r;
}

/* The page of the first LEN bytes of the name. */
static char *page_url(const struct discovery_walk *walk, const char *scheme, size_t len)
{
	size_t host = strcspn(walk->name, "/");
	autoclear(buf) url = {0};

	buf_format(&url, "%s://%.*s", scheme, (int)host, walk->name);
	if (walk->port)
		buf_format(&url, ":%d", walk->port);
	buf_format(&url, "%.*s?ac-discovery=1", (int)(len - host), walk->name + host);
	return buf_take(&url);
}

/* Notes why a page did not do. */
static void note(struct tried *tried, const char *url, const char *why)
{
	bool is_same = strcmp(buf_string(&tried->last), why) == 0;

	log_debug("'%s': %s", url, why);
	buf_format(&tried->all, "%s'%s': %s", tried->all.len ? "; " : "", url,
	           is_same ? "the same" : why);
	buf_clear(&tried->last);
	buf_text(&tried->last, why);
}

static int try_page(const struct discovery_walk *walk, const char *scheme, size_t len,
                    struct discovery *found, struct tried *tried, struct error *err)
{
	autofree char *url = page_url(walk, scheme, len);
	autoclear(buf) html = {0};
	int r = walk->get_page(walk->context, url, &html, err);

	if (r >= 0)
		r = read_page(walk, url, &html, found, err);
	if (r != PAGE_USED && r != -ECANCELED)
		note(tried, url, err->text);
	return r;
}

static int climb(const struct discovery_walk *walk, struct discovery *found,
                 struct tried *tried, struct error *err)
{
	size_t len = strlen(walk->name);

	while (len > 0) {
		int r = try_page(walk, "https", len, found, tried, err);

		if (r < 0 && r != -ECANCELED && walk->insecure_http)
			r = try_page(walk, "http", len, found, tried, err);
		if (r == PAGE_USED || r == -ECANCELED)
			return r;
		while (len > 0 && walk->name[len - 1] != '/')
			len--;
		if (len > 0)
			len--;
	}
	return error_set(err, -ENOENT, "no page tells where %s '%s' are: %s",
	                 walk->kind == DISCOVER_KEYS ? "the keys of" : "images of",
	                 walk->name, buf_string(&tried->all));
}

int discovery_find(const struct discovery_walk *walk, struct discovery *found,
                   struct error *err)
{
	struct tried tried = {0};
	int r = climb(walk, found, &tried, err);

	buf_clear(&tried.all);
	buf_clear(&tried.last);
	return r;
}
