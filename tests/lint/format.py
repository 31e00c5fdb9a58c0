# SPDX-License-Identifier: Apache-2.0
"""clang-format decides how C looks."""

import concurrent.futures
import os
import re
import subprocess

from tree import Finding

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def formatted(path, text):
    command = ["clang-format", "--assume-filename=" + os.path.join(ROOT, path)]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=True
    ).stdout


def check(tree):
    sources = list(tree.texts("*.c", "*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        results = list(workers.map(formatted, *zip(*sources)))
    for (path, text), result in zip(sources, results):
        now, then = text.split("\n"), result.split("\n")
        for number, (line, wanted) in enumerate(zip(now, then), 1):
            if line != wanted:
                what = "clang-format writes: " + re.sub(r"\s+", " ", wanted).strip()
                yield Finding(path, number, what)
                break
        else:
            if len(now) != len(then):
                yield Finding(path, min(len(now), len(then)), "clang-format ends otherwise")


SAMPLES = [
    ({"common/a.c": "int main(void)\n{\n\treturn 0;\n}\n"}, []),
    ({"common/a.c": "int main(void)\n{\n  return 0;\n}\n"}, ["common/a.c:3"]),
    ({"tests/unit/a.c": "int a;\n\n\n\nint b;\n"}, ["tests/unit/a.c:3"]),
]
