# SPDX-License-Identifier: Apache-2.0
"""Each deliberate difference has a reason, and a test that holds it, which is there."""

import re

from tree import Finding, matches

PAGE = "Documentation/differences.md"


def held_by(tree, cell):
    """What is wrong with the cell that names the test, or None."""
    named = re.fullmatch(r"`(tests/[\w./-]+)`(?:: `(\w+)`)?", cell)
    if not named:
        return "names no test: `tests/FILE`: `name`"
    path, name = named.groups()
    if path not in tree.files:
        return "there is no '%s'" % path
    if name and not re.search(r"\b%s\b" % re.escape(name), tree.files[path]):
        return "'%s' has no test '%s'" % (path, name)
    return None


def check(tree):
    for line, match in matches(r"^\| (?!difference |-)(.*) \|$", tree.files.get(PAGE, "")):
        cells = [cell.strip() for cell in match.group(1).split(" | ")]
        if len(cells) != 3 or not all(cells[:2]):
            yield Finding(PAGE, line, "a row has three cells: difference, reason, test")
            continue
        wrong = held_by(tree, cells[2])
        if wrong:
            yield Finding(PAGE, line, wrong)


HEAD = "| difference | reason | held by |\n|---|---|---|\n"
TEST = {"tests/unit/test_a.c": "test(a_is_b)\n"}

SAMPLES = [
    ({PAGE: HEAD + "| a | b | `tests/unit/test_a.c`: `a_is_b` |\n", **TEST}, []),
    ({PAGE: HEAD + "| a | b | `tests/unit/test_a.c`: `a_is` |\n", **TEST}, [PAGE + ":3"]),
    ({PAGE: HEAD + "| a | b | `tests/unit/test_a.c` |\n| a | b | `tests/unit/a.c` |\n", **TEST}, [PAGE + ":4"]),
    ({PAGE: HEAD + "| a | b | `tests/unit/test_b.c`: `a_is_b` |\n", **TEST}, [PAGE + ":3"]),
    ({PAGE: HEAD + "| a | b | |\n| a | b |\n", **TEST}, [PAGE + ":3", PAGE + ":4"]),
]
