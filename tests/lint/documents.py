# SPDX-License-Identifier: Apache-2.0
"""What README.md and Documentation/ tell one to open or to type is there."""

import posixpath
import re

from pages import commands_of, options_of
from tree import Finding, matches

FENCE = r"^```(\w*)\n(.*?)^```$"


def check_links(tree, path, text):
    folders = {posixpath.dirname(name) for name in tree.files}
    for line, match in matches(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        target = posixpath.join(posixpath.dirname(path), match.group(1))
        target = posixpath.normpath(target)
        if target not in tree.files and target not in folders:
            yield Finding(path, line, "leads to '%s', which is not there" % target)


def check_gantry(tree, words):
    """What is wrong with the words after 'gantry', or None."""
    top = tree.help("")
    names = [n for n in commands_of(top) if words[: len(n.split())] == n.split()]
    if not names:
        return "gantry has no command '%s'" % " ".join(words[:1])
    # "trust list" rather than "trust", where both are commands.
    own = options_of(tree.help(max(names, key=len)))
    known = options_of(top, "GLOBAL OPTIONS") | own | {"help"}
    for word in words:
        if word == "--":
            return None
        option = re.match(r"--([a-z][\w-]*)", word)
        if option and option.group(1) not in known:
            return "gantry %s has no option --%s" % (names[0], option.group(1))
    return None


def check_fence(tree, path, start, language, text):
    for number, line in enumerate(text.split("\n"), start + 1):
        script = re.match(r"(dist/[\w-]+)", line) if language == "sh" else None
        if script and script.group(1) not in tree.files:
            yield Finding(path, number, "'%s' is not there" % script.group(1))
        typed = re.match(r"(?:[#$] |ExecStart=/usr/bin/)?(?:\w+=\$\()?gantry ([a-z].*)", line)
        wrong = typed and tree.help and check_gantry(tree, typed.group(1).split())
        if wrong:
            yield Finding(path, number, wrong)


def check(tree):
    for path, text in tree.texts("README.md", "Documentation/*.md"):
        yield from check_links(tree, path, text)
        for match in re.finditer(FENCE, text, flags=re.M | re.S):
            start = text.count("\n", 0, match.start()) + 1
            yield from check_fence(tree, path, start, *match.groups())


HELP = {
    "": "COMMANDS:\n\trun\tRuns\n\ttrust\tTrusts\n\ttrust list\tLists\n\timage list\tLists\n\nGLOBAL OPTIONS:\n      --dir=DIR\tData\n",
    "run": "OPTIONS:\n      --net=NETS\tNetworks\n",
    "image list": "",
    "trust": "OPTIONS:\n      --root\tRoot\n",
    "trust list": "OPTIONS:\n      --full\tFull\n",
}


def fence(*lines, language=""):
    return "```%s\n%s\n```\n" % (language, "\n".join(lines))


SAMPLES = [
    ({"README.md": "[a](Documentation/a.md)\n[b](b.md)\n", "Documentation/a.md": "[t](../README.md#x)\n"}, ["README.md:2"]),
    ({"README.md": "[a](dist)\n[b](https://example.com/)\n", "dist/check": ""}, []),
    ({"README.md": fence("dist/check  # all", "dist/chekc", language="sh"), "dist/check": ""}, ["README.md:3"]),
    ({"README.md": fence("gantry run --net=none a.aci -- --x", "# gantry rum a.aci")}, ["README.md:3"], HELP.get),
    ({"README.md": fence("$ gantry run --dir=a --nte=none a.aci")}, ["README.md:2"], HELP.get),
    ({"README.md": fence("gantry image list", "gantry image lost")}, ["README.md:3"], HELP.get),
    ({"README.md": fence("gantry trust --root", "gantry trust list --full", "gantry trust list --root")}, ["README.md:4"], HELP.get),
    ({"README.md": fence("gantry run IMAGE", "gantry COMMAND --help")}, [], HELP.get),
]
