/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/listing.h"

#include <string.h>

#include "common/appc/name.h"
#include "common/file.h"
#include "common/log.h"
#include "stage0/host.h"

static const char *const format_names[] = {
	[LISTING_TEXT] = "",
	[LISTING_JSON] = "json",
	[LISTING_JSON_PRETTY] = "json-pretty",
};

int option_format(void *value, const char *arg, struct error *err)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(*format_names); i++) {
		if (strcmp(arg, format_names[i]) != 0)
			continue;
		*(enum listing_format *)value = (enum listing_format)i;
		return 0;
	}
	return error_set(err, -EINVAL, "must be 'json' or 'json-pretty'");
}

int listing_print(enum listing_format format, const struct buf *text, struct error *err)
{
	if (file_write(STDOUT_FILENO, text->data, text->len, err) < 0)
		return err->code;
	if (format == LISTING_TEXT)
		return 0;
	return file_write(STDOUT_FILENO, "\n", 1, err);
}

void listing_print_problems(const struct host *host, const char *what,
                            const struct strv *problems)
{
	static const char line[] = "----------------------------------------";

	if (!problems->count)
		return;
	log_warning("%zu error(s) encountered when %s:", problems->count, what);
	log_warning("%s", line);
	for (size_t i = 0; i < problems->count; i++) {
		log_warning("%s", problems->items[i]);
		log_warning("%s", line);
	}
	log_warning("misc:");
	log_warning("  %s's appc version: %s", host_program(host), APPC_VERSION);
	log_warning("%s", "");
}
