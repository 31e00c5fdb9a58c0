/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/completion.h"

#include <string.h>

static bool is_shown(const struct command *command)
{
	return !command->unserved && !(command->needs & HIDDEN);
}

/* What a word in a command's "args" stands for: words, or what the program prints. */
static const struct {
	const char *arg;
	const char *words;
	const char *printed_by;
} kinds[] = {
	{"FINGERPRINT", NULL, "trust list --no-legend"},
	{"IMAGE", NULL, "image list --fields=name --no-legend"},
	{"SHELL", "bash fish zsh", NULL},
	{"UUID", NULL, "list --full --no-legend"},
};

/* Whether the last word of COMMAND may follow the words of GROUP ("": nothing yet). */
static bool may_follow(const struct command *command, const char *group)
{
	size_t len = strlen(group);

	if (!is_shown(command))
		return false;
	if (!len)
		return !strchr(command->name, ' ');
	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

static void add_words(const char *group, struct buf *out)
{
	for (size_t i = 0; commands[i]; i++)
		if (may_follow(commands[i], group))
			buf_format(out, " %s", command_word(commands[i]));
}

/* Adds what the arguments of COMMAND may be; OPEN begins a command's output. */
static void add_values(const struct help_about *about, const struct command *command,
                       const char *open, struct buf *out)
{
	const char *args = command->args ? command->args : "";

	if (strstr(args, "COMMAND"))
		add_words("", out);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strstr(args, kinds[i].arg))
			continue;
		if (kinds[i].words)
			buf_format(out, " %s", kinds[i].words);
		else
			buf_format(out, " %s%s %s 2>/dev/null | cut -f1)", open,
			           about->program, kinds[i].printed_by);
	}
}

static void add_options(const struct option_spec *options, struct buf *out)
{
	autofree const struct option_spec **sorted = help_sort_options(options);

	for (size_t i = 0; sorted[i]; i++)
		buf_format(out, " --%s", sorted[i]->name);
}

/* What can stand after the words of COMMAND. */
static void add_bash_case(const struct help_about *about, const struct command *command,
                          struct buf *out)
{
	buf_format(out, "	'%s')\n		options='--help", command->name);
	add_options(command->options, out);
	add_options(about->globals, out);
	buf_text(out, "'\n		words=\"");
	add_words(command->name, out);
	add_values(about, command, "$(", out);
	buf_text(out, "\";;\n");
}

/* The words before the one to be completed name the command. Where nothing is offered the
 * shell offers files. */
static void bash(const struct help_about *about, struct buf *out)
{
	static const struct command top = {.name = ""};

	buf_format(out, "_%s()\n{\n", about->program);
	buf_text(out, "	local current=${COMP_WORDS[COMP_CWORD]} command= options= words= "
	              "i\n"
	              "	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	              "		case \"${command:+$command }${COMP_WORDS[i]}\" in\n"
	              "		''");
	for (size_t i = 0; commands[i]; i++)
		if (is_shown(commands[i]))
			buf_format(out, "|'%s'", commands[i]->name);
	buf_text(out, ")\n"
	              "			command=\"${command:+$command "
	              "}${COMP_WORDS[i]}\";;\n"
	              "		esac\n"
	              "	done\n"
	              "	case \"$command\" in\n");
	add_bash_case(about, &top, out);
	for (size_t i = 0; commands[i]; i++)
		if (is_shown(commands[i]))
			add_bash_case(about, commands[i], out);
	buf_text(out, "	esac\n"
	              "	case \"$current\" in\n"
	              "	-*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\"));;\n"
	              "	*) COMPREPLY=($(compgen -W \"$words\" -- \"$current\"));;\n"
	              "	esac\n"
	              "}\n");
	buf_format(out, "complete -o default -F _%s %s\n", about->program,
	           about->program);
}

/* zsh runs what was made for bash. */
static void zsh(const struct help_about *about, struct buf *out)
{
	buf_format(out, "#compdef %s\nautoload -Uz bashcompinit\nbashcompinit\n",
	           about->program);
	bash(about, out);
}

/* TEXT between single quotes. */
static void add_quoted(const char *text, struct buf *out)
{
	buf_char(out, '\'');
	for (; *text; text++)
		buf_format(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
	buf_char(out, '\'');
}

static void add_fish_option(const char *program, const char *condition,
                            const struct option_spec *option, struct buf *out)
{
	buf_format(out, "complete -c %s %s -l %s%s -d ", program, condition, option->name,
	           option_takes_word(option) ? " -r" : "");
	add_quoted(option->help, out);
	buf_char(out, '\n');
}

static void add_fish_options(const char *program, const char *condition,
                             const struct option_spec *options, struct buf *out)
{
	autofree const struct option_spec **sorted = help_sort_options(options);

	for (size_t i = 0; sorted[i]; i++)
		add_fish_option(program, condition, sorted[i], out);
}

static void add_fish_command(const struct help_about *about,
                             const struct command *command, struct buf *out)
{
	const char *program = about->program;
	const char *word = command_word(command);
	int group = word > command->name ? (int)(word - command->name - 1) : 0;
	autoclear(buf) condition = {0}, values = {0};

	buf_format(out, "complete -c %s -f -n '__fish_%s_at \"%.*s\"' -a %s -d ", program,
	           program, group, command->name, word);
	add_quoted(command->summary, out);
	buf_char(out, '\n');
	buf_format(&condition, "-n '__fish_%s_at \"%s\"'", program, command->name);
	add_fish_options(program, buf_string(&condition), command->options, out);
	if (command->run)
		add_values(about, command, "(", &values);
	if (values.len)
		buf_format(out, "complete -c %s %s -a '%s'\n", program,
		           buf_string(&condition), values.data + 1);
}

static void fish(const struct help_about *about, struct buf *out)
{
	const char *program = about->program;

	buf_format(out, "function __fish_%s_at\n", program);
	buf_text(out, "	set -l command\n"
	              "	for word in (commandline -opc)[2..-1]\n"
	              "		switch (string join ' ' $command $word)\n"
	              "			case ''");
	for (size_t i = 0; commands[i]; i++)
		if (is_shown(commands[i]))
			buf_format(out, " '%s'", commands[i]->name);
	buf_text(out, "\n"
	              "				set command $command $word\n"
	              "		end\n"
	              "	end\n"
	              "	set -l line (string join ' ' $command)\n"
	              "	test \"$line\" = \"$argv[1]\"\n"
	              "end\n");
	add_fish_options(program, "", about->globals, out);
	for (size_t i = 0; commands[i]; i++)
		if (is_shown(commands[i]))
			add_fish_command(about, commands[i], out);
}

static const struct {
	const char *name;
	void (*script)(const struct help_about *about, struct buf *out);
} shells[] = {
	{"bash", bash},
	{"fish", fish},
	{"zsh", zsh},
};

int completion_script(const struct help_about *about, const char *shell, struct buf *out,
                      struct error *err)
{
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].script(about, out);
			return 0;
		}
	return error_set(err, -EINVAL,
	                 "no completion for the shell '%s': bash, fish or zsh", shell);
}
