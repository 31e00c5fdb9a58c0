# SPDX-License-Identifier: Apache-2.0
"""Where things lie and how a file begins: the top-level folders are fixed, a name says what
is inside, a source names its licence, a header has an essay before its first declaration."""

import re

from tree import Finding

TOP = """
    common stage0 stage1 stage2 tests Documentation dist .ci
    README.md CMakeLists.txt CMakePresets.json LICENSE .clang-format .editorconfig .gitignore
""".split()

EMPTY_WORDS = re.compile(r"(^|[_-])(utils?|helpers?|misc|common|manager|stuff)$")
LICENCE = "SPDX-License-Identifier: Apache-2.0"


def check_top(tree):
    seen = set()
    for path in sorted(tree.files):
        top = path.partition("/")[0]
        if top not in TOP and top not in seen:
            seen.add(top)
            yield Finding(path, 1, "'%s' at the top level: put it where it belongs" % top)


def check_name(path):
    name = path.rpartition("/")[2].partition(".")[0]
    if EMPTY_WORDS.search(name):
        return "'%s' says nothing of what is inside" % name
    return None


def begins_badly(path, text):
    lines = text.split("\n")
    if LICENCE not in "\n".join(lines[:3]):
        return 1, "the first lines name the licence: " + LICENCE
    if not path.endswith(".h"):
        return None
    if "#pragma once" not in lines[:3]:
        return 2, "a header is included once: #pragma once"
    comment = text.find("/*", text.find("#pragma once"))
    if comment < 0 or re.search(r"^(struct|enum|int|void|extern)\b", text[:comment], re.M):
        return 3, "a header says what it is for, before its first declaration"
    return None


def check(tree):
    yield from check_top(tree)
    for path, text in tree.texts("*.c", "*.h", "*.py"):
        wrong = check_name(path)
        if wrong:
            yield Finding(path, 1, wrong)
        wrong = begins_badly(path, text)
        if wrong:
            yield Finding(path, *wrong)


C = "/* %s */\n" % LICENCE
SAMPLES = [
    ({"src/a.c": C, "src/b.c": C, "notes.txt": "", ".ci/run": ""}, ["src/a.c:1", "notes.txt:1"]),
    ({"common/utils.c": C, "common/path_helper.c": C, "common/path.c": C}, ["common/utils.c:1", "common/path_helper.c:1"]),
    ({"common/a.c": "int a;\n", "tests/a.py": "# %s\n" % LICENCE}, ["common/a.c:1"]),
    ({"common/a.h": C + "\n/* For a. */\nint a(void);\n"}, ["common/a.h:2"]),
    ({"common/a.h": C + "#pragma once\n\nint a(void); /* a */\n"}, ["common/a.h:3"]),
    ({"common/a.h": C + "#pragma once\n\n/* For a. */\n\nint a(void);\n"}, []),
]
