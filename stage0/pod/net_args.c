/* SPDX-License-Identifier: Apache-2.0 */
/* The networks of a pod (rkt 8.1). */
#include <string.h>

#include "common/strv.h"
#include "stage0/pod/app_flags.h"

static size_t name_length(const char *item)
{
	return strcspn(item, ":");
}

/* What these words mean leaves nothing to say more of. */
static bool takes_arguments(const char *item, size_t len)
{
	static const char *const words[] = {"all", "host", "none"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == len && !memcmp(words[i], item, len))
			return false;
	return true;
}

static int check_item(const struct strv *nets, const char *item, struct error *err)
{
	size_t len = name_length(item);
	const char *args = item[len] ? item + len + 1 : NULL;

	if (len == 0)
		return error_set(err, -EINVAL, "network '%s' has no name", item);
	if (args && strchr(args, ':'))
		return error_set(err, -EINVAL, "network '%s' has more than one ':'",
		                 item);
	if (args && !takes_arguments(item, len))
		return error_set(err, -EINVAL, "network '%.*s' takes no arguments",
		                 (int)len, item);
	for (size_t i = 0; i < nets->count; i++)
		if (name_length(nets->items[i]) == len &&
		    !memcmp(nets->items[i], item, len))
			return error_set(err, -EEXIST, "found duplicate netname \"%.*s\"",
			                 (int)len, item);
	return 0;
}

int flag_net(void *value, const char *arg, struct error *err)
{
	struct strv *nets = value;
	autoclear(strv) items = {0};

	strv_split(&items, arg ? arg : "default", ',');
	for (size_t i = 0; i < items.count; i++) {
		if (check_item(nets, items.items[i], err) < 0)
			return err->code;
		strv_add(nets, items.items[i]);
	}
	return 0;
}
