# SPDX-License-Identifier: Apache-2.0
"""image extract and image render: an image's files in a directory of the user's (rkt 2.23)."""

import contextlib
import fcntl
import json
import os
import shutil
import stat
import subprocess
import tarfile
import unittest

import archives
from harness import (Host, entry, image_manifest, needs_program, needs_root, read, symlink, tar,
                     write)

OURS = 254
NAME = "example.com/web"
XATTRS = {"SCHILY.xattr.user.test": "value"}


@contextlib.contextmanager
def opened(directory):
    fd = os.open(directory, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def hard_link(name, target):
    return entry(name, type=tarfile.LNKTYPE, linkname=target)


# Every kind of entry, and what a careless copy would lose. Each has its parent before it.
ENTRIES = [
    entry("rootfs", mode=0o751, uid=11, gid=12, mtime=1111),
    entry("rootfs/dir", mode=0o1777, uid=1, gid=2, mtime=1000.5, pax_headers=XATTRS),
    entry("rootfs/dir/file", "content", mode=0o4755, uid=3, gid=4, mtime=2000.25,
          pax_headers=XATTRS),
    hard_link("rootfs/other", "rootfs/dir/file"),
    symlink("rootfs/link", "/etc/passwd"),
    entry("rootfs/fifo", type=tarfile.FIFOTYPE, mode=0o620, uid=5),
    entry("rootfs/null", type=tarfile.CHRTYPE, mode=0o666, devmajor=1, devminor=3),
    entry("rootfs/disk", type=tarfile.BLKTYPE, mode=0o660, devmajor=259, devminor=70000),
    entry("rootfs/secret", mode=0o700),
    entry("rootfs/secret/key", "key", mode=0o400),
]


def image(*entries, **manifest):
    text = image_manifest(name=NAME, app=False)
    return tar([entry("manifest", json.dumps({**json.loads(text), **manifest}))] +
               list(entries or ENTRIES))


@needs_root
class Output(unittest.TestCase):
    """What is true of both commands."""

    command = "extract"

    def setUp(self):
        self.host = Host(self)
        self.place = os.path.join(self.host.images, "place")
        os.mkdir(self.place)
        self.out = os.path.join(self.place, "out")

    def fetch(self, content):
        return self.host.fetch(self.host.file("web.aci", content))

    def write(self, *words, image=None, out=None):
        return self.host.run("image", self.command, *words, image or NAME,
                             self.out if out is None else out)

    def writes(self, *words, **options):
        result = self.write(*words, **options)
        self.assertEqual((result.status, result.out, result.err), (0, "", ""), result)
        self.host.assert_no_processes()

    def refuses(self, text, *words, **options):
        """It fails with one line, and nothing has changed."""
        before = archives.snapshot(self.host.tmp, times=False)
        result = self.write(*words, **options)
        self.assertEqual(result.status, OURS, result)
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assertIn(text, result.err)
        self.assertEqual(archives.snapshot(self.host.tmp, times=False), before)

    def unpacked(self, archive):
        """What GNU tar makes of it."""
        place = os.path.join(self.host.images, "tar")
        os.mkdir(place)
        subprocess.run(["tar", "-C", place, "--numeric-owner", "--same-owner", "--xattrs",
                        "--xattrs-include=*", "-xpf", write(place + ".tar", archive)],
                       check=True, capture_output=True)
        os.unlink(place + ".tar")
        found = archives.snapshot(os.path.join(place, "rootfs"))
        shutil.rmtree(place)
        return found


class Both:
    """Tests of each, by subclassing."""

    def test_the_files_are_what_the_archive_has(self):
        self.fetch(image())
        self.writes()
        self.assertEqual(sorted(os.listdir(self.out)), ["manifest", "rootfs"])
        self.assertEqual(stat.S_IMODE(os.stat(self.out).st_mode), 0o755)
        self.assertEqual(os.listdir(self.place), ["out"])
        wanted = self.unpacked(image())
        self.assertEqual(archives.snapshot(self.out + "/rootfs"), wanted)
        self.assertEqual(wanted[b"dir/file"]["xattrs"], {"user.test": b"value"})
        self.assertEqual(len(wanted), len(ENTRIES))

    def test_the_files_alone(self):
        self.fetch(image())
        self.writes("--rootfs-only")
        self.assertEqual(archives.snapshot(self.out), self.unpacked(image()))
        self.assertEqual(os.listdir(self.place), ["out"])

    def test_the_store_shares_nothing_with_it(self):
        id = self.fetch(image())
        self.writes()
        write(os.path.join(self.out, "rootfs/dir/file"), "changed")
        tree = os.readlink(os.path.join(self.host.data, "cas/image", id, "tree"))
        self.assertEqual(
            read(os.path.join(self.host.data, "cas/image", id, tree, "rootfs/dir/file")), "content")

    def test_the_image_is_named_in_every_way(self):
        id = self.fetch(image())
        for name in (id, id[:12], NAME, NAME + ",os=linux"):
            self.writes("--overwrite", image=name)
        self.refuses("cannot find aci satisfying name", image="example.com/none")
        self.refuses("cannot resolve image ID", image="sha512-" + "0" * 64)

    def test_what_is_there_is_replaced_only_when_asked(self):
        self.fetch(image())
        os.mkdir(self.out)
        self.refuses(f"cannot write '{self.out}': output directory exists (try --overwrite)")
        write(os.path.join(self.out, "old"), "old")
        for words in (["--rootfs-only"], []):
            self.writes("--overwrite", *words)
            self.assertIn("rootfs" if not words else "dir", os.listdir(self.out))
            self.assertNotIn("old", os.listdir(self.out))
            self.assertEqual(os.listdir(self.place), ["out"])

    def test_a_name_with_slashes_at_its_end_is_the_directory(self):
        self.fetch(image())
        self.writes(out=self.out + "//")
        self.writes("--overwrite", out=self.out + "/")

    def test_only_a_directory_is_ever_replaced(self):
        self.fetch(image())
        target = os.path.join(self.place, "target")
        os.mkdir(target)
        os.symlink(target, os.path.join(self.place, "link"))
        write(os.path.join(self.place, "file"), "file")
        for name in ("link", "file"):
            path = os.path.join(self.place, name)
            self.refuses("output directory exists", out=path)
            self.refuses(f"cannot write '{path}': is not a directory", "--overwrite", out=path)

    def test_what_would_delete_too_much_is_refused(self):
        self.fetch(image())
        link = os.path.join(self.place, "link")
        os.symlink(self.host.data, link)
        for out in ("/", "//"):
            self.refuses("this would delete your root filesystem: refused", "--overwrite", out=out)
        for out in (self.host.data, self.host.tmp, self.host.data + "/cas", link + "/cas",
                    self.host.data + "/new", self.host.data + "/../" + "data"):
            self.refuses("is in the data directory", "--overwrite", out=out)
        for out in (".", self.place + "/..", ""):
            self.refuses("does not end in a name", "--overwrite", out=out)
        self.refuses("No such file or directory", out=self.place + "/none/out")

    def test_the_draft_of_one_that_was_killed_goes(self):
        self.fetch(image())
        draft = os.path.join(self.place, ".out.gantry")
        os.mkdir(draft)
        write(os.path.join(draft, "file"), "half")
        with opened(draft) as fd:
            fcntl.flock(fd, fcntl.LOCK_EX)
            self.refuses("another command is writing it")
        self.writes()
        self.assertEqual(os.listdir(self.place), ["out"])

    @needs_program("strace")
    def test_one_that_is_killed_leaves_no_half(self):
        self.fetch(image())
        for words in (["--rootfs-only"], ["--rootfs-only", "--overwrite"]):
            argv = ["strace", "-f", "-qq", "-o", os.path.join(self.host.images, "trace"),
                    "--inject=renameat2:signal=KILL:when=1",
                    *self.host.argv("image", self.command, *words, NAME, self.out)]
            before = os.path.exists(self.out)
            killed = subprocess.run(argv, capture_output=True, check=False, **self.host.options())
            self.assertEqual(killed.returncode, -9, killed)
            self.host.assert_no_processes()
            self.assertEqual(os.path.exists(self.out), before)
            self.assertIn(".out.gantry", os.listdir(self.place))
            self.writes(*words)
            self.assertEqual(os.listdir(self.place), ["out"])

    def test_it_takes_an_image_and_a_directory(self):
        for words in ([], [NAME], [NAME, "a", "b"]):
            result = self.host.run("image", self.command, *words)
            self.assertEqual(result.status, OURS)
            self.assertIn("Error: takes an image and a directory", result.err)

    def test_it_takes_root(self):
        result = self.host.run("image", self.command, NAME, self.out, user=65534, group=65534)
        self.assertEqual(result.status, OURS)
        self.assertIn(f"{self.command}: cannot run as unprivileged user", result.err)


class Extract(Both, Output):
    def test_the_manifest_is_the_archives_own(self):
        text = '{"acKind": "ImageManifest",\n\n "acVersion": "0.8.11", "name": "%s"}' % NAME
        self.fetch(tar([entry("manifest", text), *ENTRIES]))
        self.writes()
        self.assertEqual(read(self.out + "/manifest"), text)

    def test_what_the_whitelist_leaves_out_is_there(self):
        self.fetch(image(pathWhitelist=["/link"]))
        self.writes("--rootfs-only")
        self.assertEqual(archives.snapshot(self.out), self.unpacked(image()))

    def test_an_archive_that_was_tampered_with_is_refused(self):
        """Also one that still is an archive."""
        id = self.fetch(image())
        path = os.path.join(self.host.data, "cas/image", id, "aci")
        os.mkdir(self.out)
        for content, text in ((image()[:-2000], ""), (b"", ""),
                              (image(entry("rootfs"), entry("rootfs/other", "evil")),
                               f"image '{id}': the archive in the store has become another")):
            write(path, content)
            for words in ([], ["--overwrite"]):
                out = self.out + "-new" if not words else self.out
                self.refuses(text, *words, out=out)
                self.assertEqual(os.listdir(self.place), ["out"])


class Render(Both, Output):
    command = "render"

    def test_the_manifest_is_compact(self):
        text = '{"acKind": "ImageManifest",\n\n "acVersion": "0.8.11", "name": "%s"}' % NAME
        self.fetch(tar([entry("manifest", text), *ENTRIES]))
        self.writes()
        self.assertEqual(read(self.out + "/manifest"),
                         '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"%s"}' % NAME)

    def test_what_the_whitelist_leaves_out_is_not_there(self):
        self.fetch(image(pathWhitelist=["/link", "/dir", "/dir/file"]))
        self.writes("--rootfs-only")
        self.assertEqual(set(archives.snapshot(self.out)), {b".", b"dir", b"dir/file", b"link"})

    def test_a_tree_that_was_tampered_with_is_put_right_first(self):
        id = self.fetch(image())
        tree = os.path.join(self.host.data, "cas/image", id, "tree")
        rootfs = os.path.join(os.path.dirname(tree), os.readlink(tree), "rootfs")
        os.chmod(os.path.join(rootfs, "secret"), 0o777)
        result = self.write()
        self.assertEqual(result.status, 0, result)
        self.assertIn(f'warning: tree of image "{NAME}" is in a bad state: \'secret\'', result.err)
        self.assertEqual(archives.snapshot(self.out + "/rootfs"), self.unpacked(image()))

    def test_an_image_whose_archive_has_become_another_is_refused(self):
        id = self.fetch(image())
        write(os.path.join(self.host.data, "cas/image", id, "aci"), image(entry("rootfs")))
        self.refuses(f"image '{NAME}': the archive in the store has become another")


if __name__ == "__main__":
    unittest.main()
