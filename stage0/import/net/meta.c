/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/net/meta.h"

#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#include "common/appc/schema.h"

enum {
	DEPTH_MAX = 512,  /* open elements: each end tag looks at them all */
	PARSERS_MAX = 16, /* a parser stops at the end of the document, a page may not */
	LOOK_AGAIN_MAX = 1024
};

/* Elements whose content is text. libxml2 knows it of the first two only, and so sees none
 * of it: it is skipped here. */
static const char *const texts[] = {"script",   "style",  "title",   "textarea",
                                    "noframes", "iframe", "noembed", "xmp"};

struct scan {
	htmlParserCtxtPtr parser;
	meta_found *found;
	void *context;
	const char *text; /* the element that was begun, of those */
	size_t depth;
	bool is_over;
};

static const char *attribute(const xmlChar **attributes, const char *name)
{
	for (; attributes && attributes[0]; attributes += 2)
		if (strcmp((const char *)attributes[0], name) == 0)
			return (const char *)attributes[1];
	return NULL;
}

static void begin_element(void *context, const xmlChar *element,
                          const xmlChar **attributes)
{
	struct scan *scan = context;
	const char *name = attribute(attributes, "name");
	const char *content = attribute(attributes, "content");

	if (scan->is_over)
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp((const char *)element, texts[i]) == 0)
			scan->text = texts[i];
	if (++scan->depth > DEPTH_MAX ||
	    (strcmp((const char *)element, "meta") == 0 && name && content &&
	     !scan->found(name, content, scan->context)))
		scan->is_over = true;
}

static void end_element(void *context, const xmlChar *element __attribute__((unused)))
{
	struct scan *scan = context;

	scan->depth--;
}

static bool start_parser(struct scan *scan)
{
	htmlSAXHandler handler = {
		.startElement = begin_element,
		.endElement = end_element,
	};

	scan->depth = 0;
	scan->parser = htmlCreatePushParserCtxt(&handler, scan, NULL, 0, NULL,
	                                        XML_CHAR_ENCODING_UTF8);
	if (!scan->parser)
		return false;
	/* What the page says of its encoding is none of our business. */
	htmlCtxtUseOptions(scan->parser, HTML_PARSE_IGNORE_ENC | HTML_PARSE_NOERROR |
	                                         HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
	                                         HTML_PARSE_NOIMPLIED);
	return true;
}

/* Where the end tag of the element begins, or the page ends. */
static size_t skip_text(const char *html, size_t at, size_t len, const char *element)
{
	size_t name = strlen(element);

	for (; at < len; at++) {
		if (html[at] != '<' || len - at < name + 3 || html[at + 1] != '/' ||
		    strncasecmp(html + at + 2, element, name) != 0)
			continue;
		if (strchr(" \t\r\n\f/>", html[at + 2 + name]))
			return at;
	}
	return len;
}

/* libxml2 ends at a NUL, and guesses at what is no UTF-8. */
static void make_plain(const char *html, size_t len, struct buf *plain)
{
	bool is_utf8;

	buf_add(plain, html, len);
	for (size_t i = 0; i < len; i++)
		if (!html[i])
			plain->data[i] = ' ';
	is_utf8 = !schema_check_text(buf_string(plain));
	for (size_t i = 0; i < len && !is_utf8; i++)
		if (plain->data[i] < 0)
			plain->data[i] = '?';
}

/* What was fed and waits for more, as the beginning of a tag does. */
static size_t waiting(htmlParserCtxtPtr parser)
{
#if LIBXML_VERSION < 21100
	/* Where it stands in a quoted value it forgets: it has to look at all of it again. */
	parser->checkIndex = 0;
#endif
	return (size_t)(parser->input->end - parser->input->cur);
}

/* Feeds one parser until it, or the page, is at its end; returns how far it came. A piece
 * ends with each '>', so that nothing behind a start tag is read before the tag is known;
 * but for a very long tag, all of which is looked at again with each piece. */
static size_t feed(struct scan *scan, const char *html, size_t at, size_t len)
{
	size_t waits = 0;

	while (at < len && !scan->is_over) {
		size_t least = waits < LOOK_AGAIN_MAX ? 0 : waits;
		const char *end = least < len - at ? memchr(html + at + least, '>',
		                                            len - at - least)
		                                   : NULL;
		size_t piece = end ? (size_t)(end - html) + 1 - at : len - at;

		if (htmlParseChunk(scan->parser, html + at, (int)piece, 0) ==
		    XML_ERR_DOCUMENT_END)
			break;
		waits = waiting(scan->parser);
		at += piece;
		if (scan->text)
			at = skip_text(html, at, len, scan->text);
		scan->text = NULL;
	}
	return at;
}

void meta_scan(const char *html, size_t len, meta_found *found, void *context)
{
	struct scan scan = {.found = found, .context = context};
	autoclear(buf) plain = {0};
	size_t at = 0;

	make_plain(html, len, &plain);
	for (int i = 0; i < PARSERS_MAX && at < len && !scan.is_over; i++) {
		if (!start_parser(&scan))
			return;
		at = feed(&scan, plain.data, at, len);
		htmlFreeParserCtxt(scan.parser);
	}
}
