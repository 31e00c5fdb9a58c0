# SPDX-License-Identifier: Apache-2.0
"""The disk is full at any step: a clear error, the store intact, and the next fetch succeeds.

The data directory is a small tmpfs, in the mount namespace of the tests."""

import os
import unittest

import archives
from harness import Host, checked, libc, needs_root

MS_REMOUNT, MNT_DETACH = 32, 2
PAGE = 4096
ROOM, INODES = 64 << 20, 1 << 20


@needs_root
class FullDisk(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        os.mkdir(self.host.data)
        self.mount()
        self.addCleanup(lambda: checked(libc.umount2(self.host.data.encode(), MNT_DETACH)))
        self.first = self.host.fetch(self.host.aci({"keep": "x" * 5000}, name="example.com/first"))
        self.tree = self.snapshot(self.first)

    def mount(self, size=ROOM, inodes=INODES, flags=0):
        options = f"size={size},nr_inodes={inodes},mode=755".encode()
        checked(libc.mount(b"tmpfs", self.host.data.encode(), b"tmpfs", flags, options))

    def snapshot(self, id):
        return archives.snapshot(os.path.join(self.host.data, "cas", "image", id, "tree", "rootfs"))

    def used(self):
        """Bytes and inodes."""
        st = os.statvfs(self.host.data)
        return (st.f_blocks - st.f_bfree) * st.f_frsize, st.f_files - st.f_ffree

    def assert_sound(self):
        """What was there is there, whole; what failed has left nothing that gc does not know."""
        self.assertEqual(self.host.image_ids(), [self.first])
        self.assertEqual(self.snapshot(self.first), self.tree)
        self.host.ok("image", "cat-manifest", "example.com/first")

    def fails(self, path, size=ROOM, inodes=INODES):
        """Whether there was too little room for PATH; it is said in one line then."""
        self.mount(size, inodes, MS_REMOUNT)
        result = self.host.run("fetch", "--pull-policy=new", path)
        self.mount(flags=MS_REMOUNT)
        if result.status == 0:
            return False
        self.assertEqual(result.status, 254, result)
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assertIn("No space left on device", result.err)
        self.assert_sound()
        return True

    def try_all(self, path, need):
        """From no room at all to NEED, at many steps, of bytes and then of inodes."""
        (size, inodes), failed = self.used(), 0
        for pages in range(0, need[0] // PAGE, max(1, need[0] // PAGE // 20)):
            with self.subTest(pages=pages):
                failed += self.fails(path, size=size + pages * PAGE)
                self.again(path)
        for more in range(0, need[1], max(1, need[1] // 20)):
            with self.subTest(inodes=more):
                failed += self.fails(path, inodes=inodes + more)
                self.again(path)
        self.assertGreater(failed, 25)

    def again(self, path):
        """With room it works; and what was left meanwhile goes."""
        id = self.host.fetch(path)
        self.host.ok("image", "rm", id)
        self.host.ok("image", "gc")
        self.host.assert_no_drafts()
        self.assert_sound()

    def need(self, path):
        """Bytes and inodes that fetching PATH takes, of what lies on the disk afterwards."""
        before = self.used()
        self.host.fetch(path)
        after = self.used()
        self.host.ok("image", "rm", *(set(self.host.image_ids()) - {self.first}))
        self.host.ok("image", "gc")
        return [b - a for a, b in zip(before, after)]

    def test_an_image_of_many_files(self):
        path = self.host.aci({f"etc/file-{n}": "x" * 3000 for n in range(100)}, name="example.com/many")
        self.try_all(path, self.need(path))

    def test_an_image_of_one_large_file(self):
        path = self.host.aci({"large": os.urandom(4 << 20)}, name="example.com/large")
        self.try_all(path, self.need(path))


if __name__ == "__main__":
    unittest.main()
