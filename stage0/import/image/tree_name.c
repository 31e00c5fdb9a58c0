/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/import/image/tree_name.h"

#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "stage0/import/digest.h"
#include "stage0/import/image/image.h"
#include "stage0/store/import_answer.h"

void tree_name_key(const char *digest, struct image_id *key)
{
	snprintf(key->text, sizeof(key->text), "sha512-%.*s", IMAGE_ID_DIGITS, digest);
}

void tree_name(const char *list, size_t len, struct tree_id *tree)
{
	autoptr(digest) digest = digest_new();
	char text[DIGEST_DIGITS + 1];
	struct image_id key;

	digest_add(digest, list, len);
	digest_end(digest, text);
	tree_name_key(text, &key);
	snprintf(tree->text, sizeof(tree->text), "deps-%s", key.text);
}

static int run_name_tree(char **argv, struct error *err)
{
	autoclear(buf) list = {0};
	struct tree_id tree;

	(void)argv;
	if (digest_prepare(err) < 0 ||
	    file_read(NAME_TREE_LIST, NAME_TREE_LIST_MAX, &list, err) < 0)
		return error_wrap(err, "cannot name a tree");
	tree_name(buf_string(&list), list.len, &tree);
	return file_write(NAME_TREE_ANSWER, &tree, sizeof(tree), err);
}

const struct half half_name_tree = {
	.name = IMPORT_NAME_TREE,
	.fd_count = NAME_TREE_FD_COUNT,
	.run = run_name_tree,
};
