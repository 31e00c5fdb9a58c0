# SPDX-License-Identifier: Apache-2.0
"""Kill a fetch, by name, signed, over HTTPS, at any moment: what was in the store is there and
sound, the next fetch succeeds, and nothing is left of the one that was killed.

GANTRY_TEST_SEED repeats a run."""

import os
import signal
import unittest

import network
from harness import aci, describe, descendants, needs_program, needs_root, wait_until
from https_server import Authority, Server, Site
from killing import POINTS, Killing
from signing import Keyring
from test_fetch import Secure

setUpModule = network.enter

OURS = 254
BEFORE, NEW = "example.test/before", "example.test/new"

# More than a pipe holds, in several files.
FILES = {**{f"etc/file-{n}": f"{n}" * 1000 for n in range(10)}, "random": os.urandom(200000)}


@needs_root
@needs_program("strace")
@needs_program("openssl")
@needs_program("gpg")
class KillFetch(Killing):
    @classmethod
    def setUpClass(cls):
        cls.authority, cls.keyring = Authority(cls), Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>")
        cls.content = aci(FILES, name=NEW)
        cls.signature = cls.key.sign(cls.content)

    def make_host(self):
        return Secure(self, self.authority)

    def setUp(self):
        super().setUp()
        self.server = Server(self, self.authority)
        self.site = Site(self.server, "example.test")
        self.site.add(BEFORE, aci(name=BEFORE), key=self.key)
        self.put()
        self.host.trust(self.key, "example.test")
        self.before, = self.host.fetched(BEFORE)
        self.new, = self.host.fetched(NEW)
        self.host.ok("image", "rm", self.new)

    def put(self, **fields):
        return self.site.add(NEW, self.content, signature=self.signature, **fields)

    def assert_sound(self):
        """Whatever is there is whole, and BEFORE is."""
        ids = self.host.image_ids()
        self.assertIn(self.before, ids)
        self.assertLessEqual(set(ids), {self.before, self.new})
        self.assertEqual(self.host.ok("image", "list", "--no-legend").count("\n"), len(ids))
        verified = self.host.run("image", "verify", "--signature", *ids)
        self.assertEqual((verified.status, verified.err), (0, ""), verified)

    def assert_nothing_left(self):
        """Once gc has been."""
        self.host.ok("gc", "--grace-period=0s")
        self.host.ok("image", "gc")
        self.host.assert_no_processes()
        self.host.assert_no_mounts()
        self.host.assert_no_drafts()
        self.assertEqual(self.host.partials(), [])
        self.assertEqual(os.listdir(self.host.scratch), [])
        self.assertEqual(len(os.listdir(os.path.join(self.host.data, "cas/tree"))),
                         len(self.host.image_ids()))

    def assert_goes_on(self):
        """After one that did not come to its end."""
        self.host.assert_no_processes()
        self.host.assert_no_mounts()
        self.assert_sound()
        self.assertEqual(self.host.fetched(NEW), [self.new])
        self.assert_sound()
        self.assert_nothing_left()
        self.host.ok("image", "rm", self.new)

    def test_at_any_system_call(self):
        calls = self.calls("fetch", NEW)
        self.host.ok("image", "rm", self.new)
        killed = 0
        for call in self.points(calls):
            with self.subTest(call=call):
                killed += self.kill_at(call, "fetch", NEW)
                self.assert_goes_on()
        self.assertGreater(killed, POINTS * 2 // 3)

    def offset(self):
        return self.random.randrange(len(self.content))

    def start_until(self, page):
        process = self.host.start("fetch", NEW)
        page.until_held()
        return process

    def test_in_the_middle_of_the_download(self):
        """What has come is not asked for again."""
        resumed = 0
        for at in sorted(self.offset() for _ in range(10)):
            with self.subTest(at=at):
                page = self.put(hold=at)
                process = self.start_until(page)
                process.signal(signal.SIGKILL)
                self.assertEqual(process.wait().status, 128 + signal.SIGKILL)
                page.go()
                self.put()
                self.server.forget()
                self.assert_goes_on()
                resumed += any("206" in line for line in self.server.lines)
        self.assertGreater(resumed, 0)

    @staticmethod
    def children(process):
        """All of them, once gpg has begun to verify."""
        def verifies():
            return any("--verify" in describe(pid) for pid in descendants(process.pid))
        wait_until(verifies, "gpg")
        return sorted(descendants(process.pid))

    def test_its_children(self):
        """Without one of them no image comes; it is said in one line, and nothing is left."""
        for at in range(4):
            page = self.put(hold=self.offset())
            process = self.start_until(page)
            child = self.children(process)[at]
            with self.subTest(child=describe(child)):
                os.kill(child, signal.SIGKILL)
                page.go()
                result = process.wait()
                self.assertEqual(result.status, OURS, result)
                self.assertEqual(result.err.count("\n"), 1, result)
                self.host.assert_no_drafts()
                self.assertEqual(self.host.image_ids(), [self.before])
                self.put()
                self.assert_goes_on()
        page = self.put(hold=self.offset())
        process = self.start_until(page)
        self.assertEqual(len(self.children(process)), 4)
        process.kill()
        page.go()


if __name__ == "__main__":
    unittest.main()
