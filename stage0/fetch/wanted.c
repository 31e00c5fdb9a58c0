/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/wanted.h"

#include <string.h>

#include "common/memory.h"

void wanted_free(struct wanted *wanted)
{
	if (!wanted)
		return;
	free(wanted->text);
	reference_clear(&wanted->ref);
	free(wanted->image_id);
	image_manifest_clear(&wanted->manifest);
	arrival_free(wanted->arrival);
	free(wanted->origin);
	free(wanted->signed_by);
	remote_record_clear(&wanted->record);
	remote_free(wanted->remote);
	free(wanted->dependencies.items);
	free(wanted);
}

int wanted_check(const struct image_manifest *manifest, const char *name,
                 const struct name_value *labels, size_t count, struct error *err)
{
	const struct name_value *lacks = image_manifest_lacks(manifest, labels, count);
	const char *value;

	if (strcmp(manifest->name, name) != 0)
		return error_set(err, -EBADMSG,
		                 "error when reading the app name: \"%s\" expected but "
		                 "\"%s\" found",
		                 name, manifest->name);
	if (!lacks)
		return 0;
	value = image_manifest_label(manifest, lacks->name);
	if (!value)
		return error_set(err, -EBADMSG,
		                 "requested label \"%s\" not provided by the image "
		                 "manifest",
		                 lacks->name);
	return error_set(err, -EBADMSG,
	                 "requested value for label \"%s\": \"%s\" differs from fetched "
	                 "aci label value: \"%s\"",
	                 lacks->name, lacks->value, value);
}

int fetching_net(struct fetching *fetching, size_t slot, struct net **net,
                 struct error *err)
{
	const struct auth **auth = &fetching->net_options.auth;

	/* Once: a thread that rests reads them. */
	if (!*auth && host_auth(fetching->host, auth, err) < 0)
		return err->code;
	if (!fetching->nets[slot] &&
	    net_start(&fetching->net_options, &fetching->nets[slot], err) < 0)
		return err->code;
	*net = fetching->nets[slot];
	return 0;
}
