# SPDX-License-Identifier: Apache-2.0
"""Kill any command at any instruction: the next one works, and gc removes what is left.

Each case dies at a random system call of its own; GANTRY_TEST_SEED repeats a run."""

import json
import shutil
import unittest

from harness import entry, image_manifest, needs_program, needs_root, tar
from killing import POINTS, Killing


@needs_root
@needs_program("strace")
class Kill(Killing):
    def setUp(self):
        super().setUp()
        self.image = self.host.aci({f"etc/file-{n}": "x" * n for n in range(50)},
                                   exec=["/probe", "report", "write /etc/new x", "exit 42"])

    def assert_clean(self):
        """What is gone without gc: processes and mounts; and with it: all the rest."""
        self.host.assert_nothing_left()

    def kill_fetches(self, image, count=POINTS):
        """IMAGE is fetched, killed, fetched, run and removed, COUNT times."""
        words = ["fetch", "--pull-policy=new", image]
        # The first of all makes directories too, which the others find.
        for _ in range(2):
            calls = self.calls(*words)
            self.host.ok("image", "rm", self.host.ok(*words, "--full").strip())
        killed, key = 0, None
        for call in self.points(calls, count):
            with self.subTest(call=call):
                killed += self.kill_at(call, *words)
                self.host.assert_no_processes()
                self.host.assert_no_mounts()
                fetched = self.host.ok(*words, "--full").strip()
                self.assertEqual(fetched, key or fetched)
                key = fetched
                self.assertEqual(self.host.pod(key).status, 42)
                self.assert_clean()
                self.host.ok("image", "rm", key)
        self.assertGreater(killed, count * 2 // 3)

    def test_fetch(self):
        self.kill_fetches(self.image)

    def test_fetch_of_an_image_that_depends_on_another(self):
        self.host.fetch(self.host.aci({f"etc/file-{n}": "x" * n for n in range(50)},
                                      name="example.com/base"))
        manifest = json.loads(image_manifest("example.com/top", exec=["/probe", "exit", "42"]))
        manifest["dependencies"] = [{"imageName": "example.com/base"}]
        self.kill_fetches(self.host.file("top.aci", tar([
            entry("manifest", json.dumps(manifest)), entry("rootfs"), entry("rootfs/top", "x")])), 25)

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
