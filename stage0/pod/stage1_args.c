/* SPDX-License-Identifier: Apache-2.0 */
/* Which stage1: one of five options, once (rkt 2.1). */
#include "stage0/pod/app_flags.h"
#include "stage0/pod/stage1_image.h"

static const char *const names[] = {
	[STAGE1_NAME] = "--stage1-name",         [STAGE1_PATH] = "--stage1-path",
	[STAGE1_FROM_DIR] = "--stage1-from-dir", [STAGE1_HASH] = "--stage1-hash",
	[STAGE1_URL] = "--stage1-url",
};

static int choose(struct stage1_choice *choice, enum stage1_flag flag, const char *arg,
                  struct error *err)
{
	if (choice->flag == flag)
		return error_set(err, -EEXIST, "%s already used", names[flag]);
	if (choice->flag != STAGE1_DEFAULT)
		return error_set(err, -EEXIST, "flags %s and %s are mutually exclusive",
		                 names[choice->flag], names[flag]);
	if (!*arg)
		return error_set(err, -EINVAL, "must not be empty");
	choice->flag = flag;
	choice->value = arg;
	return 0;
}

int flag_stage1_name(void *value, const char *arg, struct error *err)
{
	return choose(value, STAGE1_NAME, arg, err);
}

int flag_stage1_path(void *value, const char *arg, struct error *err)
{
	return choose(value, STAGE1_PATH, arg, err);
}

int flag_stage1_from_dir(void *value, const char *arg, struct error *err)
{
	return choose(value, STAGE1_FROM_DIR, arg, err);
}

int flag_stage1_hash(void *value, const char *arg, struct error *err)
{
	return choose(value, STAGE1_HASH, arg, err);
}

int flag_stage1_url(void *value, const char *arg, struct error *err)
{
	return choose(value, STAGE1_URL, arg, err);
}
