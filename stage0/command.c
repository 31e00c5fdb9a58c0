/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/command.h"

#include <string.h>

/* A typing error away: this many letters to add, drop or change. */
enum { SIMILAR = 2, WORD_MAX = 32 };

const char *command_word(const struct command *command)
{
	const char *space = strrchr(command->name, ' ');

	return space ? space + 1 : command->name;
}

bool command_is_listed(const struct command *command)
{
	return command->run && !(command->needs & HIDDEN);
}

/* Whether COMMAND belongs to GROUP; NULL is the group of those with one word. */
static bool is_member(const struct command *command, const struct command *group)
{
	size_t len = group ? strlen(group->name) : 0;

	if (!group)
		return !strchr(command->name, ' ');
	return strncmp(command->name, group->name, len) == 0 && command->name[len] == ' ';
}

/* The member of GROUP that WORD is the whole, or the unambiguous beginning, of. For a group
 * that is a command itself it is the whole: any other word is an argument. */
static const struct command *find_member(const struct command *group, const char *word)
{
	const struct command *found = NULL;
	size_t len = strlen(word), count = 0;

	for (size_t i = 0; commands[i]; i++) {
		const char *name = command_word(commands[i]);

		if (!is_member(commands[i], group) || strncmp(name, word, len) != 0)
			continue;
		if (!name[len])
			return commands[i];
		found = commands[i];
		count++;
	}
	return count == 1 && len && !(group && group->run) ? found : NULL;
}

/* Whether the word after the option WORD is its value, as far as any command knows it. */
static bool takes_next(const char *word, const struct option_spec *globals)
{
	const char *name = word + 1 + (word[1] == '-');
	size_t len = strlen(name);
	struct option_tables tables = {{globals}};

	for (size_t i = 0;; i++) {
		const struct option_spec *option =
			word[1] == '-' ? options_find(&tables, name, len)
			: len == 1     ? options_find_letter(&tables, name[0])
				       : NULL;

		if (option)
			return option_takes_word(option);
		if (!commands[i])
			return false;
		tables = (struct option_tables){{commands[i]->options}};
	}
}

/* The next of ARGV from AT that is neither an option nor an option's value, or -1. */
static int next_word(char **argv, int at, const struct option_spec *globals)
{
	for (; argv[at]; at++) {
		if (argv[at][0] != '-' || !argv[at][1])
			return at;
		if (strcmp(argv[at], "--") == 0)
			return -1;
		if (takes_next(argv[at], globals) && !argv[++at])
			return -1;
	}
	return -1;
}

static void take_out(char **argv, int at)
{
	do {
		argv[at] = argv[at + 1];
	} while (argv[at++]);
}

int command_find(char **argv, const struct option_spec *globals,
                 const struct command **command, const char **unknown, struct error *err)
{
	int at = next_word(argv, 0, globals);

	*command = NULL;
	*unknown = NULL;
	if (at < 0)
		return 0;
	*command = find_member(NULL, argv[at]);
	if (!*command) {
		*unknown = argv[at];
		return error_set(err, USAGE_ERROR, "unknown command \"%s\"", argv[at]);
	}
	take_out(argv, at);
	if ((*command)->unserved)
		return 0;

	at = next_word(argv, at, globals);
	if (at >= 0) {
		const struct command *member = find_member(*command, argv[at]);

		if (member || !(*command)->run)
			take_out(argv, at);
		if (member)
			*command = member;
	}
	return 0;
}

/* How many letters must be added, dropped or changed to make B of A; at most WORD_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], b_len = strlen(b);

	if (strlen(a) > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			best = row[j] + 1 < best ? row[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[b_len];
}

bool command_is_similar(const struct command *command, const char *word)
{
	if ((command->needs & HIDDEN) || command->unserved || strchr(command->name, ' '))
		return false;
	return distance(word, command->name) <= SIMILAR ||
	       (*word && strncmp(command->name, word, strlen(word)) == 0);
}
