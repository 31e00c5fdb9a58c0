/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/appc/isolator.h"
#include "common/pod/pod_mounts.h"
#include "stage0/pod/manifest.h"

/* The machines that a pod's programs may be for: rkt's, and the specification's others. */
static const char *const archs[] = {
	"amd64",  "i386",   "aarch64", "aarch64_be", "armv6l",
	"armv7l", "armv7b", "ppc64",   "ppc64le",    "s390x",
};

static int check_machine(const struct image_manifest *image, struct error *err)
{
	const char *os = image_manifest_label(image, "os");
	const char *arch = image_manifest_label(image, "arch");

	if (!os || !arch)
		return error_set(err, -EINVAL, "image '%s': label '%s' is missing",
		                 image->name, os ? "arch" : "os");
	if (strcmp(os, "linux") != 0)
		return error_set(err, -EINVAL, "image '%s': is for '%s', not for 'linux'",
		                 image->name, os);
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (!strcmp(archs[i], arch))
			return 0;
	return error_set(err, -EINVAL, "image '%s': unknown arch '%s'", image->name,
	                 arch);
}

/* What the manifest says of its image must be so (appc 3.2). */
static int check_image(const struct pod_app *app, const struct image_manifest *image,
                       struct error *err)
{
	if (app->image.name && strcmp(app->image.name, image->name) != 0)
		return error_set(err, -EINVAL, "its image is called '%s', not '%s'",
		                 image->name, app->image.name);
	for (size_t i = 0; i < app->image.labels.count; i++) {
		const struct name_value *label = &app->image.labels.items[i];
		const char *value = image_manifest_label(image, label->name);

		if (!value || strcmp(value, label->value) != 0)
			return error_set(err, -EINVAL,
			                 "its image's label '%s' is not '%s'",
			                 label->name, label->value);
	}
	return check_machine(image, err);
}

/* The command line may have put together what an image's author may not. */
static int check_isolators(const struct app *app, struct error *err)
{
	if (isolator_check_list(app->isolators.items, app->isolators.count, ISOLATOR_APP,
	                        err) < 0)
		return error_wrap(err, "isolators");
	return 0;
}

/* A second mount on a path would hide the first. */
static int check_path(const struct pod_app *app, size_t at, struct error *err)
{
	autofree char *path = pod_mounts_path(app->mounts.items[at].path);

	for (size_t i = 0; i < at; i++) {
		autofree char *other = pod_mounts_path(app->mounts.items[i].path);

		if (!strcmp(path, other))
			return error_set(err, -EEXIST, "two mounts on '%s'", path);
	}
	return 0;
}

static int check_mounts(const struct pod_manifest *pod, const struct pod_app *app,
                        struct error *err)
{
	for (size_t i = 0; i < app->mounts.count; i++) {
		const struct mount *mount = &app->mounts.items[i];

		if (!pod_mounts_volume(pod, mount))
			return error_set(err, -EINVAL,
			                 "dangling mount point \"%s\": volume \"%s\" not "
			                 "found",
			                 mount->path, mount->volume);
		if (check_path(app, i, err) < 0)
			return err->code;
	}
	return 0;
}

static int check_app(const struct pod_manifest *pod, const struct found_image *images,
                     size_t at, struct error *err)
{
	const struct pod_app *self = &pod->apps.items[at];
	const struct app *app = manifest_app(pod, images, at);

	if (check_image(self, &images[at].manifest, err) < 0)
		return err->code;
	if (!app)
		return error_set(err, -EINVAL,
		                 "neither the pod nor image '%s' has an "
		                 "app section",
		                 images[at].manifest.name);
	if (app->exec.count == 0 || !*app->exec.items[0])
		return error_set(err, -EINVAL, "has no command: give it one with --exec");
	if (check_isolators(app, err) < 0)
		return err->code;
	return check_mounts(pod, self, err);
}

/* The one app port called NAME, over all apps (rkt 8.6). */
static int find_port(const struct pod_manifest *pod, const struct found_image *images,
                     const char *name, const struct port **port, struct error *err)
{
	*port = NULL;
	for (size_t i = 0; i < pod->apps.count; i++) {
		const struct app *app = manifest_app(pod, images, i);

		for (size_t k = 0; k < app->ports.count; k++) {
			if (strcmp(app->ports.items[k].name, name) != 0)
				continue;
			if (*port)
				return error_set(err, -EINVAL,
				                 "port name \"%s\" is ambiguous: more "
				                 "than one app has it",
				                 name);
			*port = &app->ports.items[k];
		}
	}
	if (!*port)
		return error_set(err, -EINVAL,
		                 "port name \"%s\" could not be found in any apps", name);
	return 0;
}

static bool is_everywhere(const char *ip)
{
	return !ip || !*ip || !strcmp(ip, "0.0.0.0");
}

static bool ports_collide(const struct exposed_port *a, const struct exposed_port *b)
{
	return a->host_port == b->host_port &&
	       (is_everywhere(a->host_ip) || is_everywhere(b->host_ip) ||
	        !strcmp(a->host_ip, b->host_ip));
}

static int check_port(const struct pod_manifest *pod, const struct found_image *images,
                      size_t at, struct error *err)
{
	const struct exposed_port *exposed = &pod->ports.items[at];
	const struct port *port = exposed->pod_port;

	if (!port && find_port(pod, images, exposed->name, &port, err) < 0)
		return err->code;
	for (size_t i = 0; i < at; i++) {
		const struct exposed_port *other = &pod->ports.items[i];
		const struct port *other_port = other->pod_port;

		if (!ports_collide(exposed, other))
			continue;
		if (!other_port &&
		    find_port(pod, images, other->name, &other_port, err) < 0)
			return err->code;
		if (strcmp(port->protocol, other_port->protocol) != 0)
			continue;
		return error_set(
			err, -EINVAL, "port %s-%s:%d already mapped to pod port %d",
			port->protocol,
			is_everywhere(other->host_ip) ? "0.0.0.0" : other->host_ip,
			(int)other->host_port, (int)other_port->port);
	}
	return 0;
}

static int check_names(const struct pod_manifest *pod, struct error *err)
{
	for (size_t i = 0; i < pod->apps.count; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(pod->apps.items[i].name, pod->apps.items[k].name))
				return error_set(err, -EEXIST,
				                 "multiple apps with name %s: give each "
				                 "another --name",
				                 pod->apps.items[i].name);
	for (size_t i = 0; i < pod->volumes.count; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(pod->volumes.items[i].name,
			            pod->volumes.items[k].name))
				return error_set(err, -EEXIST,
				                 "duplicate volume name \"%s\"",
				                 pod->volumes.items[i].name);
	return 0;
}

int manifest_check(const struct pod_manifest *pod, const struct found_image *images,
                   struct error *err)
{
	if (pod->apps.count == 0)
		return error_set(err, -EINVAL,
		                 "pod must contain at least one application");
	if (check_names(pod, err) < 0)
		return err->code;
	for (size_t i = 0; i < pod->apps.count; i++)
		if (check_app(pod, images, i, err) < 0)
			return error_wrap(err, "app '%s'", pod->apps.items[i].name);
	for (size_t i = 0; i < pod->ports.count; i++)
		if (check_port(pod, images, i, err) < 0)
			return err->code;
	return 0;
}
