/* SPDX-License-Identifier: Apache-2.0 */
/* A page of HTML: what is found of it lies within it, and makes URLs or nothing. */
#include <stdlib.h>
#include <string.h>

#include "stage0/fetch/net_protocol.h"
#include "stage0/import/net/discovery.h"
#include "tests/fuzz/fuzz.h"

struct page {
	const uint8_t *data;
	size_t size;
};

static int get_page(void *context, const char *url __attribute__((unused)),
                    struct buf *html, struct error *err __attribute__((unused)))
{
	const struct page *page = context;

	buf_add(html, page->data, page->size);
	return 0;
}

static void must(bool good)
{
	if (!good)
		abort();
}

static void check(const struct discovery *found, const char *name)
{
	must(found->endpoints.count + found->keys.count <= NET_LINKS_MAX);
	must(strncmp(name, found->prefix, strlen(found->prefix)) == 0);
	for (size_t i = 0; i < found->endpoints.count; i++)
		must(!net_check_url(found->endpoints.items[i].image));
	for (size_t i = 0; i < found->keys.count; i++)
		must(!net_check_url(found->keys.items[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct name_value labels[] = {{(char[]){"os"}, (char[]){"linux"}},
	                              {(char[]){"arch"}, (char[]){"{os}"}}};
	struct page page = {data, size};
	struct discovery_walk walk = {
		.name = "example.com/app",
		.labels = labels,
		.label_count = 2,
		.get_page = get_page,
		.context = &page,
	};
	struct error err;

	for (int kind = DISCOVER_IMAGES; kind <= DISCOVER_KEYS; kind++) {
		autoclear(discovery) found = {0};

		walk.kind = kind;
		if (discovery_find(&walk, &found, &err) == 0)
			check(&found, walk.name);
	}
	return 0;
}
