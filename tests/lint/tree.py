# SPDX-License-Identifier: Apache-2.0
"""The source tree as lints see it: paths and texts, from the disk or from a sample."""

import collections
import fnmatch
import os
import re

Finding = collections.namedtuple("Finding", "path line what")


class Tree:
    """FILES maps paths, relative to the top, to texts. HELP(words) is what `gantry WORDS
    --help` prints; None where there is no gantry to ask."""

    def __init__(self, files, help=None):
        self.files = files
        self.help = help

    @classmethod
    def read(cls, root, help=None):
        """What a clone holds: everything below ROOT that .gitignore does not name."""
        ignored = [".git"] + _ignored(os.path.join(root, ".gitignore"))
        files = {}
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if not _matches(f, ignored)]
            for name in names:
                if _matches(name, ignored):
                    continue
                path = os.path.join(folder, name)
                try:
                    with open(path, encoding="utf-8") as file:
                        text = file.read()
                except UnicodeDecodeError:
                    text = None
                files[os.path.relpath(path, root)] = text
        return cls(files, help)

    def texts(self, *patterns):
        """The text files whose path matches one of PATTERNS ('*' crosses folders), sorted."""
        for path in sorted(self.files):
            text = self.files[path]
            if text is not None and any(fnmatch.fnmatch(path, p) for p in patterns):
                yield path, text

    def sources(self):
        """C files of the product; tests are free of its rules."""
        for path, text in self.texts("*.c", "*.h"):
            if not path.startswith("tests/"):
                yield path, text


def _ignored(path):
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
    except FileNotFoundError:
        return []
    return [line.strip("/") for line in lines if line and not line.startswith("#")]


def _matches(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


_COMMENT = r"//[^\n]*|/\*.*?\*/"
_TEXT = r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'"


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code(text):
    """C without comments and the insides of strings; every line stays where it was."""
    return re.sub(_COMMENT + "|" + _TEXT, _blank, text, flags=re.S)


def uncommented(text):
    """C without comments; a comment's marks inside of a string are no comment."""

    def keep_texts(match):
        return match.group() if match.group()[0] in "\"'" else _blank(match)

    return re.sub(_COMMENT + "|" + _TEXT, keep_texts, text, flags=re.S)


def matches(pattern, text):
    """Each match of PATTERN with the number of its line."""
    for match in re.finditer(pattern, text, flags=re.M):
        yield text.count("\n", 0, match.start()) + 1, match
