/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/config/config.h"
#include "stage0/config/keystore.h"
#include "stage0/store/store.h"

enum { OPTION_COUNT = 10 };

struct host {
	const char *program;
	const char *default_dir;
	char *dir; /* NULL: not given */
	char *local_config;
	char *system_config;
	char *user_config;
	bool debug;
	bool trust_https;
	unsigned insecure;

	struct config config;
	unsigned config_parts; /* those that were read */
	struct keystore *keystore;
	int data_fd;
	bool is_complete; /* has all its subdirectories */
	char *data_path;
	struct store *store;
	struct option_spec options[OPTION_COUNT];
};

/* What a program of that name uses when nobody says otherwise. */
static const struct {
	const char *program;
	const char *dir;
	const char *local_config;
	const char *system_config;
} programs[] = {
	{"gantry", "/var/lib/gantry", "/etc/gantry", "/usr/lib/gantry"},
	{"rkt", "/var/lib/rkt", "/etc/rkt", "/usr/lib/rkt"},
};

/* In the order they are made: a data directory with the last one has them all. */
static const struct {
	const char *path;
	mode_t mode;
} data_dirs[] = {
	{"cas", 0750},          {"cas/image", 0750},
	{"cas/name", 0750},     {"cas/tmp", 0700},
	{"cas/tree", 0700},     {"pods", 0750},
	{"pods/prepare", 0750}, {"pods/prepared", 0750},
	{"pods/run", 0750},     {"pods/exited-garbage", 0750},
	{"pods/garbage", 0750}, {"locks", 0750},
};

enum { DATA_DIRS = sizeof(data_dirs) / sizeof(*data_dirs) };

static const struct {
	const char *word;
	unsigned bits;
} insecure_words[] = {
	{"none", 0},
	{"image", INSECURE_IMAGE},
	{"tls", INSECURE_TLS},
	{"ondisk", INSECURE_ONDISK},
	{"http", INSECURE_HTTP},
	{"pubkey", INSECURE_PUBKEY},
	{"capabilities", INSECURE_CAPABILITIES},
	{"paths", INSECURE_PATHS},
	{"seccomp", INSECURE_SECCOMP},
	{"all-fetch", INSECURE_ALL_FETCH},
	{"all-run", INSECURE_ALL_RUN},
	{"all", INSECURE_ALL},
};

/* A path, made absolute: the current directory may be another one when it is used. */
static int option_path(void *value, const char *arg, struct error *err)
{
	autofree char *here = NULL;
	char **path = value;

	if (!*arg)
		return error_set(err, -EINVAL, "must not be empty");
	if (*arg != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return error_errno(err, "cannot tell the current directory");
	}
	free(*path);
	*path = here ? memory_format("%s/%s", strcmp(here, "/") ? here : "", arg)
	             : memory_text(arg);
	return 0;
}

static int option_debug(void *value, const char *arg, struct error *err)
{
	int r = option_flag(value, arg, err);

	log_set_debug(*(bool *)value);
	return r;
}

static int option_insecure(void *value, const char *arg, struct error *err)
{
	enum { WORDS = sizeof(insecure_words) / sizeof(*insecure_words) };
	autoclear(strv) words = {0};
	bool seen[WORDS] = {0};
	unsigned bits = 0;

	strv_split(&words, arg, ',');
	for (size_t i = 0; i < words.count; i++) {
		size_t w = 0;

		while (w < WORDS && strcasecmp(insecure_words[w].word, words.items[i]))
			w++;
		if (w == WORDS)
			return error_set(err, -EINVAL, "unknown option '%s'",
			                 words.items[i]);
		if (seen[w])
			return error_set(err, -EINVAL, "option '%s' is given twice",
			                 words.items[i]);
		seen[w] = true;
		bits |= insecure_words[w].bits;
	}
	*(unsigned *)value = bits;
	return 0;
}

static void fill_options(struct host *host, const char *dir, const char *local_config,
                         const char *system_config)
{
	const struct option_spec rows[OPTION_COUNT] = {
		{.name = "debug",
	         .help = "print more, and pass it on to stage1",
	         .parse = option_debug,
	         .value = &host->debug},
		{.name = "dir",
	         .arg = "PATH",
	         .help = "the data directory: images and pods",
	         .initial = dir,
	         .parse = option_path,
	         .value = &host->dir},
		{.name = "insecure-options",
	         .arg = "LIST",
	         .help = "security features to do without, separated by commas: none, "
	                 "image, tls, ondisk, http, pubkey, capabilities, paths, "
	                 "seccomp, all-fetch, all-run, all",
	         .initial = "none",
	         .parse = option_insecure,
	         .value = &host->insecure},
		{.name = "local-config",
	         .arg = "PATH",
	         .help = "the administrator's configuration directory",
	         .initial = local_config,
	         .parse = option_path,
	         .value = &host->local_config},
		{.name = "system-config",
	         .arg = "PATH",
	         .help = "the vendor's configuration directory",
	         .initial = system_config,
	         .parse = option_path,
	         .value = &host->system_config},
		{.name = "trust-keys-from-https",
	         .help = "accept signing keys that come over https, without asking",
	         .parse = option_flag,
	         .value = &host->trust_https},
		{.name = "user-config",
	         .arg = "PATH",
	         .help = "the user's configuration directory",
	         .parse = option_path,
	         .value = &host->user_config},
		{.name = "cpuprofile",
	         .arg = "FILE",
	         .flags = OPTION_HIDDEN,
	         .unserved = "profiles are not served"},
		{.name = "memprofile",
	         .arg = "FILE",
	         .flags = OPTION_HIDDEN,
	         .unserved = "profiles are not served"},
		{0},
	};

	memcpy(host->options, rows, sizeof(rows));
}

struct host *host_new(const char *program)
{
	struct host *host = memory_zeroed(1, sizeof(*host));
	const char *slash = strrchr(program, '/');
	bool is_rkt = strcmp(slash ? slash + 1 : program, "rkt") == 0;

	host->data_fd = -1;
	host->program = programs[is_rkt].program;
	host->default_dir = programs[is_rkt].dir;
	host->local_config = memory_text(programs[is_rkt].local_config);
	host->system_config = memory_text(programs[is_rkt].system_config);
	fill_options(host, programs[is_rkt].dir, programs[is_rkt].local_config,
	             programs[is_rkt].system_config);
	return host;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	store_free(host->store);
	keystore_free(host->keystore);
	config_clear(&host->config);
	if (host->data_fd >= 0)
		close(host->data_fd);
	free(host->dir);
	free(host->local_config);
	free(host->system_config);
	free(host->user_config);
	free(host->data_path);
	free(host);
}

const struct option_spec *host_options(struct host *host)
{
	return host->options;
}

unsigned host_insecure(const struct host *host)
{
	return host->insecure;
}

bool host_debug(const struct host *host)
{
	return host->debug;
}

bool host_trusts_https(const struct host *host)
{
	return host->trust_https;
}

const char *host_program(const struct host *host)
{
	return host->program;
}

const char *host_local_config(const struct host *host)
{
	return host->local_config;
}

/* Other processes may be making the same ones. */
static int make_data_dirs(int data_fd, struct error *err)
{
	for (size_t i = 0; i < DATA_DIRS; i++) {
		int r = path_make_dir(data_fd, data_dirs[i].path, data_dirs[i].mode, err);

		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static struct config_paths config_paths(const struct host *host)
{
	return (struct config_paths){{
		[CONFIG_SYSTEM] = host->system_config,
		[CONFIG_LOCAL] = host->local_config,
		[CONFIG_USER] = host->user_config,
	}};
}

int host_config(struct host *host, unsigned parts, const struct config **config,
                struct error *err)
{
	const struct config_paths paths = config_paths(host);
	unsigned missing = parts & ~host->config_parts;

	if (missing && config_read(&host->config, &paths, missing, err) < 0)
		return err->code;
	host->config_parts |= missing;
	*config = &host->config;
	return 0;
}

int host_auth(struct host *host, const struct auth **auth, struct error *err)
{
	const struct config *config = NULL;

	if (host_config(host, CONFIG_AUTH, &config, err) < 0)
		return err->code;
	for (size_t i = 0; i < config->public_secrets.count; i++)
		log_warning("everybody can read the secrets in '%s': run \"chmod o-r "
		            "'%s'\"",
		            config->public_secrets.items[i],
		            config->public_secrets.items[i]);
	strv_clear(&host->config.public_secrets);
	*auth = &config->auth;
	return 0;
}

const struct keystore *host_keystore(struct host *host)
{
	const struct config_paths paths = config_paths(host);

	if (!host->keystore)
		host->keystore = keystore_new(&paths);
	return host->keystore;
}

/* The path of the data directory, or NULL with ERR. */
static const char *data_dir(struct host *host, struct error *err)
{
	const struct config *config = NULL;

	if (host->dir)
		return host->dir;
	if (host_config(host, CONFIG_PATHS, &config, err) < 0)
		return NULL;
	return config->data.text ? config->data.text : host->default_dir;
}

static int open_data_dir(const char *path, bool make, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY;
	int fd = path_open(AT_FDCWD, path, PATH_HOST, flags, err);

	if (fd != -ENOENT || !make)
		return fd;
	if (path_make_dirs(AT_FDCWD, path, 0750, err) < 0)
		return err->code;
	return path_open(AT_FDCWD, path, PATH_HOST, flags, err);
}

/* One look tells that all is there: on the way to a pod nothing more is asked. */
static int complete_data_dir(int data_fd, struct error *err)
{
	struct stat st;
	int r = path_stat(data_fd, data_dirs[DATA_DIRS - 1].path, &st, err);

	return r == -ENOENT ? make_data_dirs(data_fd, err) : r;
}

int host_data_dir(struct host *host, bool make, struct error *err)
{
	const char *path = data_dir(host, err);

	if (!path)
		return err->code;
	if (host->data_fd < 0) {
		int fd = open_data_dir(path, make, err);

		if (fd < 0)
			return error_wrap(err, "data directory '%s'", path);
		host->data_fd = fd;
	}
	if (make && !host->is_complete) {
		if (complete_data_dir(host->data_fd, err) < 0)
			return error_wrap(err, "data directory '%s'", path);
		host->is_complete = true;
	}
	return host->data_fd;
}

const char *host_data_path(struct host *host)
{
	char link[32];
	struct error err;
	const char *path;

	if (host->data_path)
		return host->data_path;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", host->data_fd);
	if (path_read_link(AT_FDCWD, link, &host->data_path, &err) < 0) {
		path = data_dir(host, &err);
		host->data_path = memory_text(path ? path : host->default_dir);
	}
	return host->data_path;
}

int host_store(struct host *host, struct store **store, struct error *err)
{
	int data_fd;

	if (!host->store) {
		data_fd = host_data_dir(host, true, err);
		if (data_fd < 0 || store_open(&host->store, data_fd, err) < 0)
			return err->code;
	}
	*store = host->store;
	return 0;
}
