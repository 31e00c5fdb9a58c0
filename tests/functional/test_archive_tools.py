# SPDX-License-Identifier: Apache-2.0
"""One archive, one tree, whoever unpacks it (threat 12): what GNU tar makes of an archive that we
take is what we make of it, in every format and from every tool that writes one."""

import io
import itertools
import os
import random
import shutil
import stat
import subprocess
import tarfile
import unittest

import archives
from archives import MANIFEST
from harness import Host, needs_root, read

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
TOP = {"manifest": dict(content=MANIFEST.encode()), "rootfs": dict(type=tarfile.DIRTYPE)}


def packed(entries, format, **options):
    """The archive of {name: fields of its TarInfo, or its content}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format, **options) as archive:
        for name, fields in {**TOP, **entries}.items():
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = 0o755 if "type" in fields else 0o644, 1000
            content = fields.get("content", b"")
            info.size = len(content)
            for key in fields.keys() - {"content"}:
                setattr(info, key, fields[key])
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def of_type(type, **fields):
    return dict(type=type, **fields)


# What every format can say.
PLAIN = {
    "rootfs/empty": dict(),
    "rootfs/file": dict(content=b"content\n", mode=0o640, uid=1, gid=2, mtime=10**9),
    "rootfs/block": dict(content=b"x" * 512),
    "rootfs/large": dict(content=b"0123456789abcdef" * 70000, mode=0),
    "rootfs/special": dict(mode=0o7777, uid=1000, gid=1000),
    "rootfs/dir": of_type(tarfile.DIRTYPE, mode=0o1777, uid=3, mtime=5),
    "rootfs/dir/sub/": of_type(tarfile.DIRTYPE, mode=0o2700, gid=70000),
    "rootfs/dir/sub/deep": dict(content=b"deep", mtime=0),
    "rootfs/dir/link": of_type(tarfile.SYMTYPE, linkname="../../..//etc/./passwd", uid=7),
    "rootfs/dir/hard": of_type(tarfile.LNKTYPE, linkname="rootfs/file"),
    "rootfs/dir/again": of_type(tarfile.LNKTYPE, linkname="rootfs/dir/hard"),
    "rootfs/ with \n and \t ": dict(content=b"a name"),
    "rootfs/-rf": dict(content=b"another"),
}
NODES = {
    "rootfs/null": of_type(tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
    "rootfs/disk": of_type(tarfile.BLKTYPE, devmajor=259, devminor=70000, gid=6, mode=0o660),
    "rootfs/fifo": of_type(tarfile.FIFOTYPE, mode=0o620, uid=9),
}
PREFIX = {"rootfs/" + "p" * 90: of_type(tarfile.DIRTYPE),
          "rootfs/" + "p" * 90 + "/" + "n" * 99: dict(content=b"in two fields")}
LONG = {
    "rootfs/" + "n" * 250: dict(content=b"a long name"),
    "rootfs/" + "/".join(["d" * 100] * 1): of_type(tarfile.DIRTYPE),
    "rootfs/" + "/".join(["d" * 100] * 2): of_type(tarfile.DIRTYPE, mtime=77),
    "rootfs/" + "/".join(["d" * 100] * 2) + "/f": dict(content=b"deep"),
    "rootfs/far": of_type(tarfile.SYMTYPE, linkname="t/" * 700),
    "rootfs/hard": of_type(tarfile.LNKTYPE, linkname="rootfs/" + "n" * 250),
    "rootfs/" + "l" * 200: of_type(tarfile.SYMTYPE, linkname="m" * 200),
}
NUMBERS = {
    "rootfs/owner": dict(uid=2**21, gid=2**32 - 2),
    "rootfs/late": dict(mtime=2**33 + 5),
    "rootfs/early": dict(mtime=-86400),
}
FRACTIONS = {f"rootfs/at{time}": dict(pax_headers={"mtime": time}) for time in (
    "1000000000.123456789", "0.5", "-1.5", "-0.5", "-0.0", "-2", "1.0000000001", "-1.0000000001",
    "-1.9999999999", "7.")}
UNICODE = {"rootfs/\u00e9": dict(content=b"composed"), "rootfs/e\u0301": dict(content=b"not"),
           "rootfs/\U0001f980": of_type(tarfile.SYMTYPE, linkname="\u00e9")}

WRITTEN = {
    "ustar": packed({**PLAIN, **NODES, **PREFIX}, tarfile.USTAR_FORMAT),
    "gnu": packed({**PLAIN, **NODES, **LONG, **NUMBERS, **UNICODE}, tarfile.GNU_FORMAT),
    "pax": packed({**PLAIN, **NODES, **LONG, **NUMBERS, **FRACTIONS, **UNICODE},
                  tarfile.PAX_FORMAT),
    "pax, with a comment": packed(PLAIN, tarfile.PAX_FORMAT, pax_headers={"comment": "none"}),
}


def random_entries(seed):
    """A small tree of whatever there is, in an order in which parents come first."""
    choose = random.Random(seed)
    entries, directories, files = {}, ["rootfs"], []
    for number in range(choose.randrange(1, 40)):
        name = choose.choice(directories) + "/" + choose.choice("abc\u00fc-. ") \
            * choose.choice((1, 3, 90, 99, 100, 101, 120)) + str(number)
        fields = dict(mode=choose.randrange(0o10000), uid=choose.choice((0, 1, 70000, 3000000)),
                      gid=choose.choice((0, 5, 2**31)), mtime=choose.randrange(-9, 2**34))
        kind = choose.choice("fffffdddlhp")
        if kind == "f":
            fields["content"] = choose.randbytes(choose.choice((0, 1, 511, 512, 513, 70000)))
            files.append(name)
        elif kind == "d":
            fields["type"] = tarfile.DIRTYPE
            directories.append(name)
        elif kind == "l":
            fields.update(type=tarfile.SYMTYPE, linkname=choose.choice(directories) * 2)
        elif kind == "p":
            fields["type"] = tarfile.FIFOTYPE
        elif files:
            fields.update(type=tarfile.LNKTYPE, linkname=choose.choice(files))
        entries[name] = fields
    return entries


@needs_root
class Tools(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.counter = itertools.count()

    def ours(self, archive):
        """What gantry makes of ARCHIVE; None, and why, if it refuses it."""
        result = self.host.run("fetch", "--full", self.host.file("a.aci", archive))
        if result.status:
            return None, result.err
        rootfs = os.path.join(self.host.data, "cas/image", result.out.strip(), "tree", "rootfs")
        return archives.snapshot(os.path.realpath(rootfs)), ""

    def theirs(self, archive, xattrs=True):
        """What GNU tar makes of it, without complaint; None if it does not."""
        top = os.path.join(self.host.images, f"theirs-{next(self.counter)}")
        os.mkdir(top)
        options = ["--xattrs", "--xattrs-include=*"] if xattrs else []
        done = subprocess.run(["tar", "-C", top, "--numeric-owner", "--same-owner", *options,
                               "--delay-directory-restore", "-xpf", "-"], input=archive, capture_output=True)
        if done.returncode or not os.path.isdir(os.path.join(top, "rootfs")):
            return None
        return archives.snapshot(os.path.join(top, "rootfs"))

    def compare(self, archive, xattrs=True):
        """Both take ARCHIVE, and make the same of it. How many files that were."""
        found, why = self.ours(archive)
        self.assertIsNotNone(found, why)
        wanted = self.theirs(archive, xattrs)
        self.assertIsNotNone(wanted, "GNU tar does not take it")
        self.assertEqual(set(found), set(wanted))
        for name in wanted:
            self.assertEqual(found[name], wanted[name], name)
        return len(found)

    def test_archives_that_python_writes(self):
        for name, archive in WRITTEN.items():
            with self.subTest(name):
                self.assertGreater(self.compare(archive), len(PLAIN))

    def test_trees_of_whatever_there_is(self):
        for seed in range(30):
            for name in ("gnu", "pax"):
                with self.subTest(name, seed=seed):
                    self.compare(packed(random_entries(seed), FORMATS[name]))

    def make_tree(self, nodes):
        """What PLAIN and NODES say, as files; the directory."""
        top = os.path.join(self.host.images, "tree")
        shutil.rmtree(top, ignore_errors=True)
        os.mkdir(top)
        with tarfile.open(fileobj=io.BytesIO(packed(PLAIN, tarfile.GNU_FORMAT))) as archive:
            archive.extractall(top, numeric_owner=True)
        rootfs = os.path.join(top, "rootfs")
        with open(rootfs + "/holes", "wb") as file:
            for number in range(100):
                file.seek(number * 30000)
                file.write(b"data")
            file.truncate(5 << 20)
        if nodes:
            os.mkfifo(rootfs + "/fifo", 0o620)
            os.mknod(rootfs + "/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        return top

    def written_by(self, *argv, nodes=True):
        top = self.make_tree(nodes)
        path = os.path.join(self.host.images, "written.tar")
        argv = [word.replace("ARCHIVE", path) for word in argv]
        subprocess.run([*argv, "manifest", "rootfs"], cwd=top, check=True, capture_output=True)
        return read(path, "rb")

    def test_archives_that_gnu_tar_writes(self):
        for format in ("v7", "oldgnu", "gnu", "ustar", "posix"):
            for sparse in ([], ["--sparse"]) if format in ("oldgnu", "gnu", "posix") else ([],):
                with self.subTest(format, sparse=sparse):
                    self.compare(self.written_by("tar", f"--format={format}", *sparse, "-cf",
                                                 "ARCHIVE", nodes=format != "v7"))

    def test_archives_that_busybox_writes(self):
        self.compare(self.written_by("busybox", "tar", "-cf", "ARCHIVE"))
