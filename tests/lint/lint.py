#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one lint: lint.py NAME [GANTRY]

A lint is a file of this folder with check(tree), which yields findings, and SAMPLES: small
trees with the places that must be found in them. The samples are tried first, so that a
lint which can no longer find anything fails, and then the source tree."""

import importlib
import os
import subprocess
import sys

from tree import Tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def places(findings):
    return sorted("%s:%d" % (f.path, f.line) for f in findings)


def blind_spots(lint):
    for number, (files, expected, *help) in enumerate(lint.SAMPLES):
        found = places(lint.check(Tree(files, *help)))
        if found != sorted(expected):
            yield "sample %d: found %s, should find %s" % (number, found, expected)


def help_of(gantry):
    def help(words):
        command = [gantry, *words.split(), "--help"]
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
        ).stdout

    return help


def main(name, gantry=None):
    lint = importlib.import_module(name)
    blind = list(blind_spots(lint))
    for text in blind:
        print("%s: the lint does not see what it should: %s" % (name, text))
    findings = list(lint.check(Tree.read(ROOT, gantry and help_of(gantry))))
    for finding in findings:
        print("%s:%d: %s" % finding)
    warns_only = getattr(lint, "WARNS_ONLY", False)
    return 1 if blind or (findings and not warns_only) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
