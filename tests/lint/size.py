# SPDX-License-Identifier: Apache-2.0
"""What has grown long: function 60 lines, file 600, header 120. Warns; judgement decides."""

import re

from tree import Finding

WARNS_ONLY = True
FUNCTION, FILE, HEADER = 60, 600, 120


def functions(lines):
    """Each (line of its brace, lines) of a body that begins and ends in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif re.match(r"}$", line) and start:
            yield start, number - start - 1
            start = None


def check(tree):
    for path, text in tree.texts("*.c", "*.h"):
        lines = text.split("\n")[:-1]
        limit = HEADER if path.endswith(".h") else FILE
        if len(lines) > limit:
            yield Finding(path, limit, "%d lines, more than %d" % (len(lines), limit))
        for start, length in functions(lines):
            if length > FUNCTION:
                what = "a function of %d lines, more than %d" % (length, FUNCTION)
                yield Finding(path, start, what)


def body(length):
    return "void f(void)\n{\n" + "\tx();\n" * length + "}\n"


SAMPLES = [
    ({"a.c": body(60), "b.c": body(61)}, ["b.c:2"]),
    ({"a.h": "\n" * 120, "b.h": "\n" * 121}, ["b.h:120"]),
    ({"a.c": "\n" * 600, "b.c": "\n" * 601}, ["b.c:600"]),
]
