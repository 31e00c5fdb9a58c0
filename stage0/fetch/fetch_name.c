/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"
#include "common/memory.h"
#include "stage0/fetch/fetch_remote.h"
#include "stage0/fetch/proof.h"

static int discover(const struct wanted *wanted, struct net *net, struct discovery *found,
                    struct error *err)
{
	struct crew *crew = wanted->fetching->crew;
	const struct reference *ref = &wanted->ref;
	int r;

	log_debug("image: searching for app image %s", ref->text);
	crew_rest(crew);
	r = net_discover(net, DISCOVER_IMAGES, ref->text, ref->labels.items,
	                 ref->labels.count, found, err);
	crew_resume(crew);
	if (r >= 0 && !found->endpoints.count)
		r = error_set(err, -ENOENT, "no page says where it is");
	return r;
}

/* As rkt, by the first place that the page names (rkt 4.3). */
int fetch_name(struct wanted *wanted, size_t slot, struct error *err)
{
	autoclear(discovery) found = {0};
	autofree char *signature = NULL;
	const struct endpoint *endpoint;
	struct net *net;

	if (fetching_net(wanted->fetching, slot, &net, err) < 0 ||
	    discover(wanted, net, &found, err) < 0)
		return err->code;
	endpoint = &found.endpoints.items[0];
	signature = endpoint->signature ? memory_text(endpoint->signature)
	                                : proof_place(endpoint->image);
	return fetch_remote(wanted, net, endpoint->image, signature, err);
}
