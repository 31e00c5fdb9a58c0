/* SPDX-License-Identifier: Apache-2.0 */
/* A URL, a line end, a file of the kind auth: credentials are given to https and a domain's own
 * host and port only, as somebody reads the URL who knows less of URLs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "stage0/config/config_kind.h"
#include "tests/fuzz/fuzz.h"

/* LEN bytes of HOST[:PORT] in one spelling: "example.com:443". */
static char *spelled(const char *text, size_t len)
{
	autofree char *copy = memory_bytes(text, len);
	char *colon = strrchr(copy, ':');
	const char *port = "443";

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (colon && !strchr(colon, ']')) {
		*colon = '\0';
		port = colon + 1;
		while (*port == '0')
			port++;
	}
	return memory_format("%s:%s", copy, port);
}

static bool is_domain(const struct auth *auth, const char *authority)
{
	for (size_t i = 0; i < auth->domains.count; i++) {
		const char *text = auth->domains.items[i].domain;
		autofree char *domain = spelled(text, strlen(text));

		if (strcmp(domain, authority) == 0)
			return true;
	}
	return false;
}

static void check(const struct auth *auth, const char *url)
{
	const char *rest = strstr(url, "://");
	autofree char *authority = NULL;

	if (!auth_for(auth, url))
		return;
	if (!rest || strncasecmp(url, "https", (size_t)(rest - url)) != 0)
		abort();
	rest += strlen("://");
	authority = spelled(rest, strcspn(rest, "/?#\\@"));
	if (!is_domain(auth, authority))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = memory_bytes(data, size);
	char *line_end = strchr(text, '\n');
	autoclear(config) config = {0};
	struct config_source source = {.path = "/auth.d/a.json", .layer = CONFIG_LOCAL};
	struct error err;

	if (!line_end)
		return 0;
	*line_end = '\0';
	source.text = line_end + 1;
	source.len = strlen(source.text);
	if (auth_read(&config, &source, &err) >= 0)
		check(&config.auth, text);
	return 0;
}
