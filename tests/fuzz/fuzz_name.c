/* SPDX-License-Identifier: Apache-2.0 */
/* Names, IDs and the like: what is made of a text passes the check of its kind. */
#include <stdlib.h>
#include <string.h>

#include "common/appc/name.h"
#include "common/boolean.h"
#include "common/memory.h"
#include "common/uuid.h"
#include "tests/fuzz/fuzz.h"

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_all(const char *text)
{
	(void)name_check_identifier(text);
	(void)name_check_version(text);
	(void)name_check_timestamp(text);
	(void)name_check_url(text);
	(void)name_check_environment(text);
	(void)name_check_absolute(text);
	(void)name_check_mount_path(text);
	(void)name_check_errno(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = memory_bytes(data, size);
	autofree char *name = NULL;
	struct image_id id;
	struct uuid uuid;
	struct error err;
	bool value;

	check_all(text);
	if (name_sanitize(text, &name, &err) == 0)
		must(strlen(name) > NAME_MAX_LENGTH || !name_check_name(name));
	if (image_id_parse(text, &id, &err) == 0)
		must(image_id_is_hash(text) && !name_check_image_id(id.text) &&
		     strncmp(text, id.text, strlen(id.text)) == 0);
	if (uuid_parse(text, &uuid, &err) == 0)
		must(uuid_is(uuid.text));
	(void)!boolean_parse(text, &value, &err);
	return 0;
}
