# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, at every step of a fetch: one line that says so, a store that is sound, and
once there is room the next fetch succeeds.

The data directory is a tmpfs that grows from one attempt to the next, in bytes or in files, until
a fetch goes through."""

import json
import os
import sys
import unittest

import network
from harness import (Host, aci, checked, entry, image_manifest, libc, mounts, needs_program,
                     needs_root, tar)
from https_server import Authority, Server, Site
from signing import Keyring
from test_fetch import Secure

setUpModule = network.enter

OURS = 254
MS_REMOUNT = 32
PAGE = os.sysconf("SC_PAGE_SIZE")
PLENTY = f"size={64 << 20},nr_inodes=10000"

# Enough for directories, compressible and not, and several kinds of blocks.
FILES = {**{f"etc/file-{n}": f"{n}" * 1000 for n in range(20)}, "random": os.urandom(100000)}


@needs_root
class DiskFull(unittest.TestCase):
    """What every test of these does."""

    # How an image is verified in addition.
    signature = ()

    def make_host(self):
        return Host(self)

    def fetch_before(self):
        return self.host.fetch(self.host.aci(name="example.test/before"))

    def setUp(self):
        self.host = self.make_host()
        os.mkdir(self.host.data)
        checked(libc.mount(b"none", self.host.data.encode(), b"tmpfs", 0, PLENTY.encode()))
        self.addCleanup(lambda: checked(libc.umount2(self.host.data.encode(), 2)))
        self.host.mounts = mounts()
        self.before = self.fetch_before()
        self.host.ok("gc")

    def give(self, room):
        """ROOM: the tmpfs's options."""
        checked(libc.mount(b"none", self.host.data.encode(), None, MS_REMOUNT, room.encode()))

    def usage(self):
        """Bytes and files that are in use."""
        st = os.statvfs(self.host.data)
        return (st.f_blocks - st.f_bfree) * st.f_frsize, st.f_files - st.f_ffree

    def attempt(self, room, *words, **options):
        """A fetch with no more than ROOM. Whether it went through; if not, all is as before, and
        with room it does."""
        print(room, file=sys.stderr, flush=True)
        self.give(room)
        result = self.host.run(*words, **options)
        self.host.assert_no_processes()
        if result.status == 0:
            return True
        self.assertEqual(result.status, OURS, result)
        said = [line for line in result.err.splitlines()
                if not line.startswith(("fetch: image: ", "fetch:   "))]
        self.assertEqual(len(said), 1, result)
        self.assertIn("No space left on device", said[0])
        self.assertEqual(self.host.image_ids(), [self.before])
        self.host.assert_no_drafts()
        self.assertIn(self.before[:19], self.host.ok("image", "list"))
        self.give(PLENTY)
        self.assert_sound()
        self.host.ok(*words, **options)
        self.assert_sound()
        self.forget()
        return False

    def assert_sound(self):
        result = self.host.run("image", "verify", *self.signature, *self.host.image_ids())
        self.assertEqual((result.status, result.err), (0, ""), result)

    def forget(self):
        """Removes what was fetched."""
        self.give(PLENTY)
        self.host.ok("image", "rm", *set(self.host.image_ids()) - {self.before})
        self.host.ok("image", "gc")

    def fills(self, *words, **options):
        """Attempts with ever more room; enough of them fail, each at another place."""
        self.host.ok(*words, **options)
        enough = self.usage()
        self.forget()
        for which, option, unit, steps in ((0, "size", PAGE, 16), (1, "nr_inodes", 1, 12)):
            room, failed = self.usage()[which], 0
            step = max(unit, (enough[which] - room) // steps // unit * unit)
            other = PLENTY.split(",")[1 - which]
            while not self.attempt(f"{option}={room},{other}", *words, **options):
                failed += 1
                room += step
            self.assertGreaterEqual(failed, steps // 2)
            self.forget()
        self.host.ok("gc", "--grace-period=0s")
        self.host.assert_no_mounts()
        self.host.assert_no_drafts()
        self.assertEqual(len(os.listdir(os.path.join(self.host.data, "cas/tree"))), 1)
        self.assertEqual(os.listdir(self.host.scratch), [])


class FromFiles(DiskFull):
    def test_a_file(self):
        self.fills("fetch", self.host.aci(FILES, name="example.test/new"))

    def test_an_image_that_depends_on_another(self):
        manifest = json.loads(image_manifest("example.test/new", app=False))
        manifest["dependencies"] = [{"imageName": "example.test/before"}]
        archive = tar([entry("manifest", json.dumps(manifest)), entry("rootfs"),
                       *(entry(f"rootfs/{path}", content) for path, content in FILES.items())])
        self.fills("fetch", "--pull-policy=new", self.host.file("new.aci", archive))


@needs_program("openssl")
@needs_program("gpg")
class ByName(DiskFull):
    """Over HTTPS, with a signature."""

    signature = ("--signature",)
    @classmethod
    def setUpClass(cls):
        cls.authority, cls.keyring = Authority(cls), Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>")

    def make_host(self):
        self.site = Site(Server(self, self.authority), "example.test")
        self.site.add("example.test/before", aci(name="example.test/before"), key=self.key)
        self.site.add("example.test/new", aci(FILES, name="example.test/new"), key=self.key)
        host = Secure(self, self.authority)
        host.trust(self.key, "example.test")
        return host

    def fetch_before(self):
        return self.host.fetched("example.test/before")[0]

    def test_an_image_of_a_site(self):
        self.fills("fetch", "example.test/new")
        self.assertEqual(self.host.partials(), [])


if __name__ == "__main__":
    unittest.main()
