# SPDX-License-Identifier: Apache-2.0
"""The harness sees what it is there to see: each of these leaves something behind, as a gantry
with a defect would."""

import contextlib
import os
import unittest

import harness
from harness import Host, Process, needs_root


class Leaves(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def shell(self, script):
        process = Process(["/bin/sh", "-c", script], **self.host.options())
        self.host.processes.append(process)
        return process

    @contextlib.contextmanager
    def seen(self, text):
        with self.assertRaisesRegex(AssertionError, text):
            yield

    def test_a_process_that_has_run_away(self):
        """Into a session of its own, its parent dead."""
        self.shell("setsid sleep 1000 >/dev/null 2>&1 & :").wait()
        harness.wait_until(harness.descendants, "the process is there")
        with self.seen("sleep 1000"):
            self.host.assert_no_processes(patience=0)
        harness.kill(harness.descendants())
        self.host.assert_no_processes()

    def test_a_process_that_holds_the_output(self):
        shell = self.shell("sleep 1000 & echo done")
        with self.seen("holds its output"):
            shell.wait(timeout=1)
        harness.kill(harness.descendants())

    def test_a_command_that_does_not_end(self):
        with self.seen("did not end"):
            self.shell("sleep 1000; :").wait(timeout=0.1)
        self.host.assert_no_processes()

    @needs_root
    def test_a_mount_that_escaped_from_another_namespace(self):
        place = os.path.join(self.host.images, "place")
        os.mkdir(place)
        script = f"unshare -m --propagation unchanged mount -t tmpfs x {place}"
        self.assertEqual(self.shell(script).wait().status, 0)
        with self.seen("escaped"):
            self.host.assert_no_mounts()
        self.assertEqual(self.shell(f"umount {place}").wait().status, 0)
        self.host.assert_no_mounts()

    def test_files_outside_of_the_data_directory(self):
        for path in (self.host.scratch, self.host.config, self.host.tmp):
            file = harness.write(os.path.join(path, "file"), "")
            with self.seen("file"):
                self.host.assert_nothing_outside()
            os.unlink(file)
        self.host.assert_nothing_outside()

    def test_a_draft_and_a_pod(self):
        for path in ("cas/tmp/draft", "pods/prepare/draft"):
            os.makedirs(os.path.join(self.host.data, path))
            with self.seen("draft"):
                self.host.assert_no_drafts()
            os.rmdir(os.path.join(self.host.data, path))
        os.makedirs(os.path.join(self.host.data, "pods/run/uuid"))
        self.assertEqual(list(self.host.pods()), ["uuid"])


if __name__ == "__main__":
    unittest.main()
