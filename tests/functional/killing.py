# SPDX-License-Identifier: Apache-2.0
"""
Killing gantry at a system call of its choice: what a crash, or an impatient user, may do at any
instruction. Random choices repeat with GANTRY_TEST_SEED, which every run prints.
"""

import os
import random
import re
import signal
import subprocess
import sys
import unittest

from harness import Host, read

POINTS = 50


class Killing(unittest.TestCase):
    def make_host(self):
        return Host(self)

    def setUp(self):
        self.host = self.make_host()
        seed = int(os.environ.get("GANTRY_TEST_SEED") or random.randrange(1 << 32))
        self.random = random.Random(seed)
        print(f"GANTRY_TEST_SEED={seed}", file=sys.stderr, flush=True)

    def traced(self, log, *words, inject=()):
        """Runs gantry with WORDS under strace, which follows none of its children: they have
        to notice by themselves that it is gone. Its exit status."""
        argv = ["strace", "-qq", "-o", log, *inject, *self.host.argv(*words)]
        return subprocess.run(argv, capture_output=True, check=False,
                              **self.host.options()).returncode

    def calls(self, *words):
        """Every system call that it makes in its life, as (name, which of that name)."""
        log = os.path.join(self.host.images, "trace")
        self.traced(log, *words)
        made, calls = {}, []
        for name in re.findall(r"^(\w+)\(", read(log), re.MULTILINE):
            made[name] = made.get(name, 0) + 1
            calls.append((name, made[name]))
        return calls

    def kill_at(self, call, *words):
        """Whether it died as it made CALL; else it ended without making it."""
        name, number = call
        log = os.path.join(self.host.images, "trace")
        status = self.traced(log, *words, inject=[f"--inject={name}:signal=KILL:when={number}"])
        return status == -signal.SIGKILL

    def points(self, calls, count=POINTS):
        """The first and the last of CALLS, and random ones between."""
        chosen = self.random.sample(range(1, len(calls) - 1), min(count, len(calls)) - 2)
        return [calls[at] for at in [0, *sorted(chosen), len(calls) - 1]]
