# SPDX-License-Identifier: Apache-2.0
"""Tests wait for what they wait for, and never judge by the clock: a sleep is too short on a
slow machine and too long on every other. The bench measures, and is no test."""

import re

from tree import Finding, matches

PATTERNS = {
    r"(?<![\w.\"'/])(time\.)?(u|nano)?sleep\(": "sleeps: wait for the event itself",
    r"\b(time\.(time|monotonic|perf_counter)|clock_gettime|gettimeofday)(_ns)?\(": (
        "reads the clock: a test must not depend on how fast the machine is"
    ),
}

# A file, and why it may.
EXCEPTIONS = {
    "tests/functional/harness.py": "its wait_until() is the loop for what cannot be waited for",
    "tests/probe/family.c": "polls for a peer in another app, and for init to reap",
}


def check(tree):
    files = tree.texts("tests/unit/*", "tests/functional/*", "tests/fuzz/*", "tests/probe/*")
    for path, text in files:
        if path in EXCEPTIONS or not re.search(r"\.(c|h|py)$", path):
            continue
        for pattern, why in PATTERNS.items():
            for line, _ in matches(pattern, text):
                yield Finding(path, line, why)
    for path in EXCEPTIONS:
        if path not in tree.files and "common/path.c" in tree.files:
            yield Finding("tests/lint/waiting.py", 1, "exception for %s, which is gone" % path)


SAMPLES = [
    ({"tests/functional/a.py": "x()\ntime.sleep(1)\n"}, ["tests/functional/a.py:2"]),
    ({"tests/unit/a.c": "\tsleep(1);\n\tusleep(10);\n"}, ["tests/unit/a.c:1", "tests/unit/a.c:2"]),
    ({"tests/functional/a.py": "start = time.monotonic()\n"}, ["tests/functional/a.py:1"]),
    ({"tests/functional/a.py": 'run("/bin/sleep", "60")\n', "tests/bench/a.py": "time.sleep(1)\n"}, []),
]
