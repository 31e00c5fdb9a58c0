# SPDX-License-Identifier: Apache-2.0
"""Every command has a page, and its table has the command's options, neither more nor less."""

import re

from tree import Finding

FOLDER = "Documentation/subcommands/"


def section(help, title):
    """The lines of a help's section."""
    lines = iter(help.split("\n"))
    for line in lines:
        if line == title + ":":
            break
    for line in lines:
        if line and not line[0].isspace():
            return
        if line.strip():
            yield line


def commands_of(help):
    return [line.strip().split("\t")[0] for line in section(help, "COMMANDS")]


def options_of(help, title="OPTIONS"):
    found = (re.match(r" +(?:-\w, )?--([\w-]+)", line) for line in section(help, title))
    return {match.group(1) for match in found if match}


def rows_of(text):
    """Each (line, option) that the first cell of a table's row names."""
    for number, line in enumerate(text.split("\n"), 1):
        cell = re.match(r"\| (`--.*?) \|", line)
        for option in re.findall(r"`--([\w-]+)", cell.group(1) if cell else ""):
            yield number, option


def check_page(tree, path, name, options):
    text = tree.files[path]
    if not text.startswith("# gantry%s\n" % (name and " " + name)):
        yield Finding(path, 1, "the title is the command: # gantry %s" % name)
    rows = list(rows_of(text))
    for option in sorted(options - {option for _, option in rows}):
        yield Finding(path, 1, "no row for --%s, which the help shows" % option)
    for line, option in rows:
        if option not in options and option != "help":
            yield Finding(path, line, "--%s is not in the command's help" % option)


def check(tree):
    if not tree.help:
        return
    top = tree.help("")
    pages = {FOLDER + "gantry.md": ("", options_of(top, "GLOBAL OPTIONS"))}
    for name in commands_of(top):
        path = FOLDER + name.replace(" ", "-") + ".md"
        pages[path] = (name, options_of(tree.help(name)))
    for path, (name, options) in sorted(pages.items()):
        if path in tree.files:
            yield from check_page(tree, path, name, options)
        else:
            yield Finding(path, 1, "the command '%s' has no page" % name)
    for path, _ in tree.texts(FOLDER + "*.md"):
        if path not in pages:
            yield Finding(path, 1, "a page of no command")


HELP = {
    "": "NAME:\n\tgantry\n\nCOMMANDS:\n\tgc\t\tCollects\n\timage list\tLists\n\n"
    "GLOBAL OPTIONS:\n      --debug=false\tTell\n  -d, --dir=DIR\tData\n",
    "gc": "OPTIONS:\n      --grace-period=30m0s\tKept\n      --mark-only=false\tMark\n\n"
    "GLOBAL OPTIONS:\n      --debug=false\tTell\n",
    "image list": "NAME:\n\tgantry image list\n",
}
GOOD = {
    FOLDER + "gantry.md": "# gantry\n| `--debug`, `-d` | a |\n| `--dir=DIR` | b |\n",
    FOLDER + "gc.md": "# gantry gc\n| `--grace-period=T` | a |\n| `--mark-only` | see `--x` |\n",
    FOLDER + "image-list.md": "# gantry image list\nas `--full`\n",
}


def but(name, text):
    return {**GOOD, FOLDER + name: text}


def without(name):
    return {path: text for path, text in GOOD.items() if path != FOLDER + name}


SAMPLES = [
    (GOOD, [], HELP.get),
    (without("gc.md"), [FOLDER + "gc.md:1"], HELP.get),
    (without("gantry.md"), [FOLDER + "gantry.md:1"], HELP.get),
    (but("gc.md", "# gantry gc\n| `--mark-only` | a |\n"), [FOLDER + "gc.md:1"], HELP.get),
    (but("image-list.md", "# gantry image list\n| `--full` | a |\n"), [FOLDER + "image-list.md:2"], HELP.get),
    (but("image-list.md", "# gantry images\n"), [FOLDER + "image-list.md:1"], HELP.get),
    (but("old.md", "# gantry old\n"), [FOLDER + "old.md:1"], HELP.get),
]
