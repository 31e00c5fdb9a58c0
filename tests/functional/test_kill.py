# SPDX-License-Identifier: Apache-2.0
"""Kill any command at any instruction: the next one works, and gc removes what is left.

Each case dies at a random system call of its own; GANTRY_TEST_SEED repeats a run."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import unittest

from harness import Host, needs_program, needs_root, read

POINTS = 50


@needs_root
@needs_program("strace")
class Kill(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.image = self.host.aci({f"etc/file-{n}": "x" * n for n in range(50)},
                                   exec=["/probe", "report", "write /etc/new x", "exit 42"])
        seed = int(os.environ.get("GANTRY_TEST_SEED") or random.randrange(1 << 32))
        self.random = random.Random(seed)
        print(f"GANTRY_TEST_SEED={seed}", file=sys.stderr, flush=True)

    def traced(self, log, *words, inject=()):
        """Runs gantry with WORDS under strace, which follows none of its children: they have
        to notice by themselves that it is gone. Its exit status."""
        argv = ["strace", "-qq", "-o", log, *inject, *self.host.argv(*words)]
        return subprocess.run(argv, capture_output=True, check=False, **self.host.options()).returncode

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

    def assert_clean(self):
        """What is gone without gc: processes and mounts; and with it: all the rest."""
        self.host.assert_nothing_left()

    def test_fetch(self):
        calls = self.calls("fetch", self.image)
        self.host.ok("image", "rm", *self.host.image_ids())
        killed, key = 0, None
        for call in self.points(calls):
            with self.subTest(call=call):
                killed += self.kill_at(call, "fetch", self.image)
                self.host.assert_no_processes()
                self.host.assert_no_mounts()
                fetched = self.host.fetch(self.image)
                self.assertEqual(fetched, key or fetched)
                key = fetched
                self.assertEqual(self.host.pod(key).status, 42)
                self.assert_clean()
                self.host.ok("image", "rm", key)
        self.assertGreater(killed, POINTS * 2 // 3)

    def test_run(self):
        run = ["run", "--net=none", self.image]
        self.host.fetch(self.image)
        self.host.run(*run)
        calls = self.calls(*run)
        killed = 0
        for call in self.points(calls):
            with self.subTest(call=call):
                killed += self.kill_at(call, *run)
                self.host.assert_no_processes()
                self.host.assert_no_mounts()
                self.assertEqual(self.host.run(*run).status, 42)
                self.assert_clean()
        self.assertGreater(killed, POINTS * 2 // 3)

    def test_run_of_an_image_that_is_not_here_yet(self):
        """The stage1 image and the app's are imported on the way."""
        run = ["run", "--net=none", self.image]
        calls = self.calls(*run)
        for call in self.points(calls, 10):
            with self.subTest(call=call):
                shutil.rmtree(self.host.data)
                self.kill_at(call, *run)
                self.assertEqual(self.host.run(*run).status, 42)
                self.assert_clean()

    def test_gc_and_rm(self):
        for command in (["gc", "--grace-period=0s"], ["rm"]):
            def words():
                pod = self.host.pod(self.image)
                return command + ([pod.uuid] if command == ["rm"] else [])
            calls = self.calls(*words())
            for call in self.points(calls, 10):
                with self.subTest(command=command[0], call=call):
                    self.kill_at(call, *words())
                    self.assertEqual(self.host.run("run", "--net=none", self.image).status, 42)
                    self.assert_clean()


if __name__ == "__main__":
    unittest.main()
