/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vectors.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "common/file.h"
#include "common/path.h"
#include "tests/unit/unit.h"

struct run {
	const char *name;
	vector_judge *judge;
	const void *context;
	size_t cases;
	size_t wrong;
};

void vectors_read(const char *name, struct buf *text)
{
	struct error err;
	autoclose int dir = path_open(AT_FDCWD, VECTORS "/appc", PATH_HOST,
	                              O_RDONLY | O_DIRECTORY, &err);

	if (dir < 0 || file_read_at(dir, name, 1 << 20, text, &err) < 0)
		fail_msg("%s", err.text);
}

static void judge(struct run *run, const char *json, bool accept)
{
	struct error err = {.text = "accepted"};
	bool accepted = run->judge(json, run->context, &err) == 0;

	run->cases++;
	if (accepted == accept)
		return;
	run->wrong++;
	print_error("%s: %s\n\t%s\n", run->name, json, err.text);
}

static void judge_value(struct run *run, const json_t *value, bool accept)
{
	char *json = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	judge(run, json, accept);
	free(json);
}

static void judge_lists(struct run *run, const json_t *from, bool accept)
{
	const json_t *values = json_object_get(from, accept ? "valid" : "invalid");
	const json_t *raw = json_object_get(from, accept ? "valid_raw" : "invalid_raw");
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) judge_value(run, value, accept);
	json_array_foreach(raw, i, value) judge(run, json_string_value(value), accept);
}

static void judge_divergent(struct run *run, const json_t *one)
{
	const char *decision = json_string_value(json_object_get(one, "gantry"));
	const char *raw = json_string_value(json_object_get(one, "raw"));
	bool accept;

	if (!decision || !json_is_string(json_object_get(one, "because")))
		fail_msg("%s: a divergent case without a decision", run->name);
	accept = strcmp(decision, "accept") == 0;
	if (!accept)
		assert_string_equal(decision, "reject");
	if (raw)
		judge(run, raw, accept);
	else
		judge_value(run, json_object_get(one, "value"), accept);
}

void vectors_check(const char *name, const char *member, vector_judge *judge_one,
                   const void *context)
{
	struct run run = {name, judge_one, context, 0, 0};
	autoclear(buf) text = {0};
	const json_t *from;
	const json_t *one;
	json_t *file;
	size_t i;

	vectors_read(name, &text);
	file = json_loadb(text.data, text.len, 0, NULL);
	from = member ? json_object_get(file, member) : file;
	judge_lists(&run, from, true);
	judge_lists(&run, from, false);
	json_array_foreach(json_object_get(from, "divergent"), i, one)
		judge_divergent(&run, one);
	json_decref(file);
	assert_true(run.cases);
	assert_int_equal(run.wrong, 0);
}
