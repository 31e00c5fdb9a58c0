/* SPDX-License-Identifier: Apache-2.0 */
/* A document as an image or a pod: what is accepted can be written, and read again as the
 * same; what was judged good can be asked for its meaning. */
#include <stdlib.h>
#include <string.h>

#include "common/appc/isolator.h"
#include "common/appc/pod_manifest.h"
#include "tests/fuzz/fuzz.h"

static void must(bool good)
{
	if (!good)
		abort();
}

/* The isolators that have a set, and those that have an amount. */
static void ask_isolator(const struct isolator *isolator)
{
	autoclear(strv) set = {0};
	autofree char *errno_name = NULL;
	const char *name = isolator->name;

	if (!isolator_is_known(name))
		return;
	if (strstr(name, "-set"))
		isolator_set(isolator, &set,
		             strstr(name, "seccomp") ? &errno_name : NULL);
	else if (strncmp(name, "resource/", 9) == 0)
		(void)isolator_amount(isolator);
	else if (strstr(name, "no-new"))
		(void)isolator_bool(isolator);
	else if (strstr(name, "cpu-shares") || strstr(name, "oom"))
		(void)isolator_int(isolator);
}

static void ask_app(const struct app *app)
{
	autoclear(app) copy = {0};

	if (!app)
		return;
	for (size_t i = 0; i < app->isolators.count; i++)
		ask_isolator(&app->isolators.items[i]);
	app_copy(app, &copy);
}

static void write_again(const struct schema *schema, const void *from, void *again)
{
	autoclear(buf) pretty = {0};
	autoclear(buf) compact = {0};
	autoclear(buf) same = {0};
	struct error err = {0};

	schema_encode(schema, from, SCHEMA_PRETTY, &pretty);
	schema_encode(schema, from, SCHEMA_COMPACT, &compact);
	/* Escapes and defaults may take it over the limit. */
	if (pretty.len > SCHEMA_DOCUMENT_MAX)
		return;
	must(schema_decode(schema, pretty.data, pretty.len, again, &err) == 0);
	schema_encode(schema, again, SCHEMA_COMPACT, &same);
	must(strcmp(same.data, compact.data) == 0);
}

static void try_image(const char *text, size_t len)
{
	autoclear(image_manifest) image = {0};
	autoclear(image_manifest) again = {0};
	struct error err = {0};

	if (image_manifest_decode(text, len, &image, &err) < 0)
		return;
	free(image_manifest_title(&image));
	ask_app(image.app);
	write_again(&image_manifest_schema, &image, &again);
}

static void try_pod(const char *text, size_t len)
{
	autoclear(pod_manifest) pod = {0};
	autoclear(pod_manifest) again = {0};
	struct error err = {0};

	if (pod_manifest_decode(text, len, &pod, &err) < 0)
		return;
	for (size_t i = 0; i < pod.apps.count; i++)
		ask_app(pod.apps.items[i].app);
	write_again(&pod_manifest_schema, &pod, &again);
}

static void try_salvage(const char *text, size_t len)
{
	autoclear(image_manifest) image = {0};
	autoclear(pod_manifest) pod = {0};
	struct error err = {0};

	(void)!image_manifest_salvage(text, len, &image, &err);
	(void)!pod_manifest_salvage(text, len, &pod, &err);
}

static void try_reformat(const char *text, size_t len)
{
	autoclear(buf) compact = {0};
	autoclear(buf) pretty = {0};
	autoclear(buf) same = {0};
	struct error err = {0};

	if (schema_reformat(text, len, SCHEMA_COMPACT, &compact, &err) < 0)
		return;
	must(schema_reformat(compact.data, compact.len, SCHEMA_PRETTY, &pretty, &err) ==
	     0);
	must(schema_reformat(pretty.data, pretty.len, SCHEMA_COMPACT, &same, &err) == 0);
	must(strcmp(same.data, compact.data) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	try_image(text, size);
	try_pod(text, size);
	try_salvage(text, size);
	try_reformat(text, size);
	return 0;
}
