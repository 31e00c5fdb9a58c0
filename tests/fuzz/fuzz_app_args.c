/* SPDX-License-Identifier: Apache-2.0 */
/* A command line of run, a word on each line, and the manifest it makes: which, if it passes
 * its own check, can be read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stage0/pod/app_args.h"
#include "stage0/pod/manifest.h"
#include "stage0/pod/served.h"
#include "tests/fuzz/fuzz.h"

enum { APPS_MAX = 8 };

static const char image[] =
	"{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/"
	"x\","
	"\"labels\":[{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"arch\",\"value\":"
	"\"amd64\"}],\"app\":{\"exec\":[\"/"
	"x\"],\"user\":\"0\",\"group\":\"0\",\"ports\":[{"
	"\"name\":\"http\",\"protocol\":\"tcp\",\"port\":80}],\"isolators\":[{\"name\":"
	"\"os/linux/capabilities-retain-set\",\"value\":{\"set\":[\"CAP_KILL\"]}}]}}";

static void check_readable(const struct pod_manifest *pod)
{
	autoclear(pod_manifest) again = {0};
	autoclear(buf) text = {0};
	struct error err = {0};

	pod_manifest_encode(pod, SCHEMA_COMPACT, &text);
	if (pod_manifest_decode(text.data, text.len, &again, &err) < 0) {
		fprintf(stderr, "%s\n%s\n", text.data, err.text);
		abort();
	}
}

static void make(void)
{
	struct found_image images[APPS_MAX] = {0};
	autoclear(pod_manifest) pod = {0};
	char *none[] = {NULL};
	struct error err = {0};

	for (size_t i = 0; i < pod_asked.apps.count; i++)
		if (image_manifest_decode(image, strlen(image), &images[i].manifest,
		                          &err) < 0 ||
		    image_id_parse(
			    "sha512-000000000000000000000000000000000000000000000000"
			    "0000000000000000",
			    &images[i].id, &err) < 0)
			abort();
	if (manifest_make(&pod_asked, images, none, &pod, &err) == 0 &&
	    manifest_check(&pod, images, &err) == 0) {
		check_readable(&pod);
		(void)!served_pod(&pod, images, &err);
	}
	for (size_t i = 0; i < pod_asked.apps.count; i++)
		image_manifest_clear(&images[i].manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct option_tables tables = {{run_options}};
	autofree char *text = memory_bytes(data, size);
	autoclear(strv) words = {0};
	struct error err = {0};
	int at = 0;

	/* Files are the host's. */
	if (strstr(text, "set-env-file"))
		return 0;
	strv_split(&words, text, '\n');
	if (options_take(&tables, words.items, &at, &err) >= 0 &&
	    app_args_parse(&tables, words.items + at, &err) >= 0 &&
	    pod_asked.apps.count <= APPS_MAX)
		make();
	pod_request_clear(&pod_asked);
	return 0;
}
