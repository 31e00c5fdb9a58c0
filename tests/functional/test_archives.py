# SPDX-License-Identifier: Apache-2.0
"""Image archives, good and hostile (threats 10 to 14): what they become in the store, or that they
are refused with one line, and nothing is left behind or touched outside."""

import bz2
import fcntl
import gzip
import hashlib
import json
import lzma
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import unittest
import zlib

import archives
import tracing
from archives import BLOCK, COMPRESSIONS, END, MANIFEST, TOP, extended, header, image, member
from harness import IMPORT, ROOT, Host, checked, libc, needs_root, read, wait_until

VECTORS = os.path.join(ROOT, "tests", "vectors", "appc", "archive-layout.json")
UNPACKER = IMPORT % "image"

# Of the whole import, beyond what it takes to start.
MEMORY_MAX = 64 << 20


MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def sanitized():
    return os.path.exists(UNPACKER) and b"__asan_init" in read(UNPACKER, "rb")


@needs_root
class Archives(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.tripwire = os.path.join(self.host.images, "outside")
        os.makedirs(os.path.join(self.tripwire, "etc"))
        for name in ("file", "etc/passwd"):
            self.host.file("outside/" + name, "untouched\n", 0o640)
        self.before = archives.snapshot(self.tripwire)
        self.addCleanup(self.assert_untouched)

    def assert_untouched(self):
        self.assertEqual(archives.snapshot(self.tripwire), self.before)

    def store(self, folder):
        path = os.path.join(self.host.data, "cas", folder)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def fetch(self, content, name="web.aci"):
        return self.host.run("fetch", "--full", self.host.file(name, content))

    def imports(self, content):
        """Stores the image; the path of its tree's rootfs."""
        result = self.fetch(content)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.store("tmp"), [])
        return self.tree(result.out.strip())

    def tree(self, key):
        """The rootfs of the image, by the link that it has."""
        link = os.path.join(self.host.data, "cas", "image", key, "tree")
        return os.path.realpath(os.path.join(link, "rootfs"))

    def refuses(self, content, text):
        """One line that has TEXT, and nothing in the store that was not there."""
        before = {folder: self.store(folder) for folder in ("image", "tree", "name")}
        result = self.fetch(content)
        self.assertEqual(result.status, 254, result)
        self.assertEqual(result.out, "")
        self.assertEqual(len(result.err.splitlines()), 1, result)
        self.assertIn(text, result.err)
        self.assertEqual(self.store("tmp"), [], "a draft")
        self.assertEqual({folder: self.store(folder) for folder in before}, before)
        self.assert_untouched()


class Layout(Archives):
    def test_the_vectors_are_judged_as_decided(self):
        vectors = json.loads(read(VECTORS))
        for case in vectors["valid"] + vectors["invalid"]:
            with self.subTest(case["note"]):
                if case["reference"] != case["spec"]:
                    self.assertTrue(case.get("because"), "no decision")
                wanted = case.get("gantry", case["spec"])
                result = self.fetch(archives.vector_tar(case["entries"]))
                self.assertEqual("reject" if result.status else "accept", wanted, result)
                self.assertEqual(self.store("tmp"), [])

    def test_the_manifest_is_judged_where_it_stands(self):
        manifest = json.dumps({**json.loads(MANIFEST), "app": {"exec": ["/a"], "user": "0"}})
        top = member("manifest", manifest) + member("rootfs", type="5")
        self.refuses(top + END, "manifest of 'web.aci': .app.group: required")

    def test_a_manifest_too_large_is_refused_before_it_is_read(self):
        top = member("manifest", bytes(5 << 20)) + member("rootfs", type="5")
        self.refuses(top + END, "'manifest': larger than 4194304 bytes")

    def test_a_whitelist_is_all_that_is_kept(self):
        manifest = json.dumps({**json.loads(MANIFEST), "pathWhitelist": ["/a/kept", "/dir/"]})
        rootfs = self.imports(
            member("manifest", manifest) + member("rootfs", type="5", mtime=1000)
            + member("rootfs/a", type="5", mtime=2000) + member("rootfs/a/kept", "x")
            + member("rootfs/a/gone", "x") + member("rootfs/dir", type="5")
            + member("rootfs/dir/gone", "x") + member("rootfs/gone", type="5") + END)
        found = archives.snapshot(rootfs)
        self.assertEqual(set(found), {b".", b"a", b"a/kept", b"dir"})
        self.assertEqual(found[b"."]["mtime"], 1000 * 10**9)
        self.assertEqual(found[b"a"]["mtime"], 2000 * 10**9)

    def test_missing_parents_are_made_as_the_specification_says(self):
        rootfs = self.imports(image(
            member("rootfs/a/b/c", "x", mtime=5), member("rootfs/a", type="5", mode=0o700, mtime=7),
            member("rootfs/a/b/d", "x")))
        found = archives.snapshot(rootfs)
        self.assertEqual(found[b"a"]["mode"], "0o40700")
        self.assertEqual(found[b"a"]["mtime"], 7 * 10**9)
        self.assertEqual(found[b"a/b"]["mode"], "0o40755")
        self.assertEqual(found[b"a/b"]["owner"], (0, 0))
        self.assertEqual(found[b"a/b"]["mtime"], 0)
        self.assertEqual(read(rootfs + "/../implicit", "rb"), b"a/b\0")

    def test_directories_without_an_entry_are_written_down(self):
        top = member("manifest", MANIFEST)
        rootfs = self.imports(image(
            top, member("rootfs/a/b/c/d", "x"), member("rootfs/e/f", "x"),
            member("rootfs", type="5"), member("rootfs/a/b/", type="5"), top=b""))
        self.assertEqual(read(rootfs + "/../implicit", "rb"), b"a\0a/b/c\0e\0")
        rootfs = self.imports(image(member("rootfs/a", type="5"), member("rootfs/a/b", "x")))
        self.assertFalse(os.path.exists(rootfs + "/../implicit"))


class Hostile(Archives):
    """Class 11: whatever would be written elsewhere."""

    def test_names_that_lead_out(self):
        up = "../" * 40 + self.tripwire[1:] + "/file"
        for name, text in [(self.tripwire + "/file", "the name is absolute"),
                           (up, "has a '..'"), ("rootfs/" + up, "has a '..'"),
                           ("rootfs/..", "has a '..'"), ("rootfs/a/../b", "has a '..'"),
                           ("", "an entry's name is empty"),
                           ("rootfs-evil", "neither the manifest nor in 'rootfs'"),
                           ("manifest/a", "neither the manifest nor in 'rootfs'")]:
            with self.subTest(name):
                self.refuses(image(extended({"path": name}) if name else b"",
                                   member("" if not name else "x", "evil")), text)

    def test_a_name_with_a_nul(self):
        self.refuses(image(extended({"path": b"rootfs/a\0b"}), member("x", "evil")), "malformed")

    def test_names_too_long(self):
        self.refuses(image(extended({"path": "rootfs/" + "a/" * 2100 + "a"}), member("x", "evil")),
                     "longer than 4096 bytes")
        self.refuses(image(extended({"path": "rootfs/" + "a" * 256}), member("x", "evil")),
                     "File name too long")

    def test_a_file_through_a_link(self):
        for target in (self.tripwire, "/etc", "../../../..", "."):
            with self.subTest(target):
                self.refuses(image(extended({"linkpath": target}), member("rootfs/l", type="2"),
                                   member("rootfs/l/file", "evil")),
                             "'rootfs/l' leads through a link or a file")

    def test_a_directory_through_a_link(self):
        self.refuses(image(extended({"linkpath": self.tripwire}), member("rootfs/l", type="2"),
                           member("rootfs/l/a/b/c", type="5", mode=0o777)),
                     "'rootfs/l/a/b' leads through a link or a file")

    def test_a_directory_in_the_place_of_a_link(self):
        self.refuses(image(extended({"linkpath": self.tripwire}), member("rootfs/l", type="2"),
                           member("rootfs/l", type="5", mode=0o777)), "'rootfs/l': twice")

    def test_a_link_in_the_place_of_a_directory(self):
        self.refuses(image(member("rootfs/l", type="5"), extended({"linkpath": self.tripwire}),
                           member("rootfs/l", type="2"), member("rootfs/l/file", "evil")),
                     "'rootfs/l': twice")

    def test_a_link_in_the_place_of_a_parent_that_was_made(self):
        self.refuses(image(member("rootfs/l/a", "x"), extended({"linkpath": self.tripwire}),
                           member("rootfs/l", type="2"), member("rootfs/l/file", "evil")),
                     "'rootfs/l': twice")

    def test_a_link_in_the_place_of_rootfs(self):
        self.refuses(member("manifest", MANIFEST) + extended({"linkpath": self.tripwire})
                     + member("rootfs", type="2") + member("rootfs/file", "evil") + END,
                     "'rootfs': not a directory")

    def test_below_a_file(self):
        self.refuses(image(member("rootfs/f", "x"), member("rootfs/f/a", "evil")),
                     "'rootfs/f' leads through a link or a file")

    def test_hard_links_to_what_is_not_an_earlier_file(self):
        link = member("rootfs/s", type="2", link="/etc/passwd")
        directory = member("rootfs/d", type="5")
        fifo = member("rootfs/p", type="6")
        for before, target, text in [
                (b"", self.tripwire + "/file", "the name is absolute"),
                (b"", "../../../etc/passwd", "has a '..'"),
                (b"", "rootfs/later", "no file that came before"),
                (b"", "rootfs/a/b/later", "no file that came before"),
                (b"", "rootfs/h", "no file that came before"),
                (b"", "manifest", "not in 'rootfs'"),
                (b"", "rootfs", "not in 'rootfs'"),
                (b"", "aci", "not in 'rootfs'"),
                (link, "rootfs/s", "no file that came before"),
                (link, "rootfs/s/passwd", "no file that came before"),
                (directory, "rootfs/d", "no file that came before"),
                (fifo, "rootfs/p", "no file that came before")]:
            with self.subTest(target):
                self.refuses(image(before, extended({"linkpath": target}),
                                   member("rootfs/h", type="1", link="-"),
                                   member("rootfs/later", "x")), text)

    def test_a_hard_link_with_content(self):
        self.refuses(image(member("rootfs/f", "x"), member("rootfs/h", "evil", type="1",
                                                           link="rootfs/f")),
                     "only a file can have content")

    def test_every_kind_twice(self):
        file = member("rootfs/x", "x")
        link = member("rootfs/x", type="2", link="a")
        hard = member("rootfs/f", "x") + member("rootfs/x", type="1", link="rootfs/f")
        device = member("rootfs/x", type="3", major=1, minor=3)
        fifo, directory = member("rootfs/x", type="6"), member("rootfs/x", type="5")
        for first in (file, link, device, fifo, directory):
            for second in (file, link, hard, device, fifo, directory):
                self.refuses(image(first, second), "'rootfs/x': twice in the archive")

    def test_the_top_directory_twice(self):
        self.refuses(image(member("./", type="5"), member(".", type="5")), "'.': twice")

    def test_the_same_name_written_in_two_ways(self):
        self.refuses(image(member("rootfs/x", "x"), member("./rootfs/.//x", "y")), "twice")

    def test_attributes_that_the_kernel_obeys(self):
        for name in ("trusted.overlay.opaque", "trusted.overlay.redirect", "trusted.a",
                     "user.overlay.opaque", "system.posix_acl_access", "security.apparmor"):
            for type in "05":
                with self.subTest(name):
                    self.refuses(image(extended({"SCHILY.xattr." + name: "y"}),
                                       member("rootfs/x", type=type)),
                                 f"the extended attribute '{name}' is not for images")

    def test_attributes_of_what_has_none(self):
        for type in "236":
            self.refuses(image(extended({"SCHILY.xattr.user.a": "y"}),
                               member("rootfs/x", type=type, link="a" if type == "2" else "")),
                         "is for files and directories only")

    def test_more_attributes_than_anyone_needs(self):
        large = {"SCHILY.xattr.user.large": "x" * 70000}
        self.refuses(image(extended(large), member("rootfs/x", "x")),
                     "extended attributes are more than 65536 bytes")

    def test_owners_that_mean_something_else(self):
        for uid in (b"\x80\0\0\0\xff\xff\xff\xff", b"\x80\0\0\1\0\0\0\0"):
            self.refuses(image(member("rootfs/x", "x", uid=uid)), "is out of range")
        self.refuses(image(extended({"uid": str(2**32 - 1)}), member("rootfs/x", "x")),
                     "out of range")

    def test_a_label_of_one_host_is_left_out(self):
        rootfs = self.imports(image(
            extended({"SCHILY.xattr.security.selinux": "a:b:c:s0"}), member("rootfs/x", "x")))
        self.assertEqual(archives.snapshot(rootfs)[b"x"]["xattrs"], {})

    def test_a_long_name_that_is_served(self):
        name = "/".join(["d" * 200] * 15)
        rootfs = self.imports(image(extended({"path": "rootfs/" + name}), member("x", "deep")))
        self.assertEqual(read(os.path.join(rootfs, name)), "deep")

    def test_a_tree_deeper_than_descriptors(self):
        name = "d/" * 2000
        content = image(extended({"path": "rootfs/" + name + "f"}), member("x", "deep"))
        key = self.fetch(content).out.strip()
        self.assertTrue(key)
        self.refuses(image(extended({"path": "rootfs/" + name + "f"}), member("x", "deep"),
                           member("evil", "x")), "neither the manifest")
        self.host.ok("image", "rm", key)
        self.host.ok("image", "gc")
        self.assertEqual(self.store("tree"), [])


class Malformed(Archives):
    """Class 12: whatever two readers could take in two ways."""

    def test_headers(self):
        good = header("rootfs/x")
        for block, text in [
                (good[:20] + b"y" + good[21:], "no header, or a damaged one"),
                (header("rootfs/x", sum=0), "no header, or a damaged one"),
                (header("rootfs/x", size=b"0000000000x"), "malformed number"),
                (header("rootfs/x", size=b"-0000000001"), "malformed number"),
                (header("rootfs/x", size=b"\xff" * 12), "negative number"),
                (header("rootfs/x", size=b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7),
                 "impossible size"),
                (header("rootfs/x", uid=b"0x0000"), "malformed number"),
                (header("rootfs/x", magic=b"ustar\x0099"), "unknown kind"),
                (header("rootfs/x", magic=b"USTAR\x0000"), "unknown kind"),
                (header("rootfs/x", pad=b"evil"), "unknown kind"),
                (header("rootfs/x", type="A"), "unknown type 'A'"),
                (header("rootfs/x", type="V"), "unknown type 'V'"),
                (header("rootfs/x", type="M"), "unknown type 'M'"),
                (header("rootfs/x/"), "can be read in two ways")]:
            with self.subTest(text):
                self.refuses(image(block), text)

    def test_content_where_there_can_be_none(self):
        for type in "123456":
            self.refuses(image(member("rootfs/x", "evil", type=type, link="rootfs/y")),
                         "only a file can have content")

    def test_extended_headers(self):
        for records, text in [
                (b"9 path=rootfs/x\n", "malformed"), (b"99 path=rootfs/x\n", "malformed"),
                (b"17 path=rootfs/x", "malformed"), (b"path=rootfs/x\n", "malformed"),
                (b"017 path=rootfs/x\n", "malformed"), (b"4 \n\n", "malformed"),
                (archives.record("path", "rootfs/x") * 2, "malformed"),
                (archives.record("size", "-1"), "malformed"),
                (archives.record("size", "1x"), "malformed"),
                (archives.record("uid", "-1"), "malformed"),
                (archives.record("gid", "0x1"), "malformed"),
                (archives.record("mtime", "soon"), "malformed"),
                (archives.record("mtime", "1.5.5"), "malformed"),
                (archives.record("atime", "99999999999999999999"), "malformed"),
                (archives.record("mtime", "1") * 2, "malformed"),
                (archives.record("size", "512"), "two sizes"),
                (archives.record("size", "0"), "two sizes")]:
            with self.subTest(records):
                self.refuses(image(extended(records), member("rootfs/y", "x" * 20)), text)

    def test_a_size_that_hides_an_entry(self):
        """Whoever takes the size from one header sees an entry that the other's readers do not."""
        hidden = member("rootfs/hidden", "evil")
        self.refuses(image(extended({"size": str(len(hidden))}), header("rootfs/x"), hidden),
                     "two sizes")

    def test_what_is_said_twice(self):
        for before, text in [
                (extended({"mtime": "1"}) * 2, "two extended headers"),
                (archives.long_name("rootfs/a") * 2, "two long names"),
                (archives.long_name("rootfs/a") + extended({"path": "rootfs/b"}),
                 "two long names"),
                (extended({"path": "rootfs/evil"}, "g"), "global extended header with 'path'"),
                (extended({"uid": "1"}, "g"), "global extended header with 'uid'")]:
            with self.subTest(text):
                self.refuses(image(before, member("rootfs/x", "x")), text)

    def test_a_global_comment_is_no_harm(self):
        rootfs = self.imports(extended({"comment": "1234"}, "g") + image(member("rootfs/x", "x")))
        self.assertEqual(os.listdir(rootfs), ["x"])

    def test_a_name_that_is_not_what_its_header_says(self):
        self.refuses(image(extended({"path": b"rootfs/\xff\xfe"}), member("x", "x")), "UTF-8")

    def test_data_behind_the_end(self):
        good = image(member("rootfs/x", "x"))
        self.refuses(good + b"x", "data after the end")
        self.refuses(good + member("rootfs/hidden", "evil") + END, "data after the end")
        self.refuses(good[:-BLOCK] + member("rootfs/hidden", "evil") + END, "data after the end")

    def test_zeros_behind_the_end_count(self):
        good = image(member("rootfs/x", "x")) + bytes(10000)
        key = self.fetch(good).out.strip()
        self.assertEqual(key, "sha512-" + hashlib.sha512(good).hexdigest()[:64])

    def test_no_end(self):
        good = image(member("rootfs/x", "x"))
        for cut in (BLOCK, 2 * BLOCK, 2 * BLOCK + 1, 3 * BLOCK - 1, 3 * BLOCK, 3 * BLOCK + 1,
                    4 * BLOCK):
            with self.subTest(cut):
                self.refuses(good[:-cut], "")

    def test_each_compression_cut_short_or_added_to(self):
        good = image(member("rootfs/x", os.urandom(5000)))
        for name, compress in COMPRESSIONS.items():
            content = compress(good)
            for part in (1, 2, 4, 5, 8, 9, len(content) // 2, len(content) - 1):
                with self.subTest(name, part=part):
                    if name != "plain" or part > 2:
                        self.refuses(content[:-part], "")
            with self.subTest(name):
                self.refuses(content + b"garbage", "")
                self.refuses(content + compress(b"more"), "")

    def test_damage_within_a_compression(self):
        good = image(member("rootfs/x", os.urandom(5000)))
        for name in ("gzip", "bzip2", "xz"):
            content = bytearray(COMPRESSIONS[name](good))
            content[len(content) // 2] ^= 1
            with self.subTest(name):
                self.refuses(bytes(content), "")

    def test_the_sum_of_every_gzip_member_counts(self):
        good = image(member("rootfs/x", os.urandom(5000)))
        parts = [bytearray(gzip.compress(good[at:at + 3000])) for at in range(0, len(good), 3000)]
        self.imports(b"".join(parts))
        for number, part in enumerate(parts):
            for at in (-8, -4):
                part[at] ^= 1
                with self.subTest(number, at=at):
                    self.refuses(b"".join(parts), "cannot inflate: damaged: its checksum is wrong")
                part[at] ^= 1

    def test_what_is_no_archive(self):
        for content, text in [
                (b"", "an empty file"), (b"x", "not an image archive"),
                (bytes(10240), "not an image archive"), (os.urandom(1) * 3, ""),
                (b"-----BEGIN PGP MESSAGE-----\n\nabc", "encrypted (OpenPGP)"),
                (b"\x8c\x0d\x04\x09\x03\x02" + os.urandom(100), "encrypted (OpenPGP)"),
                (b"PK\x03\x04" + os.urandom(100), "a zip archive"),
                (b"<!DOCTYPE html>\n<p>404", "HTML"), (MANIFEST.encode(), "JSON text"),
                (gzip.compress(b""), ""), (gzip.compress(MANIFEST.encode()), ""),
                (gzip.compress(gzip.compress(image())), "compressed twice"),
                (gzip.compress(lzma.compress(image())), ""),
                (b"\x1f\x8b" + os.urandom(100), ""), (b"BZh9" + os.urandom(100), ""),
                (b"\x28\xb5\x2f\xfd" + os.urandom(100), "")]:
            with self.subTest(content[:30]):
                self.refuses(content, text)


class Sandbox(Archives):
    """What the program that unpacks has left when it reads the first byte."""

    def setUp(self):
        super().setUp()
        self.draft = os.path.join(self.host.images, "draft")
        os.mkdir(self.draft)
        archive, self.archive = os.pipe()
        self.answer, answer = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        draft = os.open(self.draft, os.O_RDONLY | os.O_DIRECTORY)
        leak = os.open(self.tripwire, os.O_RDONLY | os.O_DIRECTORY)
        fds = [archive, null, null, draft, answer]
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]
        moves = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(high)]
        self.pid = os.posix_spawn(UNPACKER, [UNPACKER, "unpack", "web.aci"], os.environ,
                                  file_actions=moves)
        self.addCleanup(self.end)
        for fd in {*fds, *high, leak}:
            os.close(fd)
        wait_until(lambda: "Seccomp:\t2" in self.proc("status"), "the filter")
        # Made behind the filter, and the last thing before it reads.
        wait_until(lambda: os.path.isdir(os.path.join(self.draft, "unpacked")), "the root to fill")

    def end(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.archive)
        os.close(self.answer)

    def proc(self, file):
        return read(f"/proc/{self.pid}/{file}")

    def link(self, name):
        return os.readlink(f"/proc/{self.pid}/{name}")

    def test_it_has_no_privilege_but_to_make_files(self):
        status = dict(line.split(":\t", 1) for line in self.proc("status").splitlines())
        # CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD, SETFCAP
        wanted = "%016x" % (1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 27 | 1 << 31)
        self.assertEqual(status["CapPrm"], wanted)
        self.assertEqual(status["CapEff"], wanted)
        self.assertEqual(status["CapBnd"], wanted)
        self.assertEqual(int(status["CapInh"] + status["CapAmb"], 16), 0)
        self.assertEqual(status["NoNewPrivs"], "1")

    def test_it_sees_the_draft_and_nothing_else(self):
        self.assertEqual(os.listdir(f"/proc/{self.pid}/root/"), os.listdir(self.draft))
        self.assertEqual(os.stat(f"/proc/{self.pid}/root/").st_ino, os.stat(self.draft).st_ino)
        mount, = self.proc("mountinfo").splitlines()
        for option in ("nosuid", "nodev", "noexec"):
            self.assertIn(option, mount.split()[5])
        for name in ("mnt", "net", "ipc", "uts"):
            self.assertNotEqual(self.link(f"ns/{name}"), os.readlink(f"/proc/self/ns/{name}"))

    def test_it_has_the_descriptors_it_was_given_and_its_own(self):
        directories = [fd for fd in os.listdir(f"/proc/{self.pid}/fd")
                       if os.path.isdir(f"/proc/{self.pid}/fd/{fd}")]
        # By number: what a name leads to depends on whose root it is read from.
        unpacked = os.path.join(self.draft, "unpacked")
        own = [os.stat(path) for path in (self.draft, unpacked) if os.path.exists(path)]
        for fd in directories:
            found = os.stat(f"/proc/{self.pid}/fd/{fd}")
            self.assertTrue(any(os.path.samestat(found, it) for it in own), self.link(f"fd/{fd}"))

    def test_its_limits_hold_what_an_archive_may_ask_for(self):
        limits = {line[:25].strip(): line[25:].split()[:2]
                  for line in self.proc("limits").splitlines()}
        self.assertEqual(limits["Max core file size"], ["0", "0"])
        self.assertEqual(limits["Max file size"], [str(1 << 40)] * 2)
        if not sanitized():
            self.assertEqual(limits["Max address space"], [str(512 << 20)] * 2)

    def test_it_answers_and_ends(self):
        os.write(self.archive, image(member("rootfs/x", "x")))
        os.close(self.archive)
        self.archive = os.open(os.devnull, os.O_RDONLY)
        answer = os.read(self.answer, 4096)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        self.assertEqual(status, 0)
        self.assertEqual(int.from_bytes(answer[:4], "little"), 0, answer[4:1024])
        self.assertEqual(sorted(os.listdir(self.draft)), ["manifest", "unpacked"])


class Killed(Archives):
    """At any moment: what is left is garbage, and the next command works."""

    ROUNDS = 25

    def kill_everywhere(self, victim):
        """Kills an import at ROUNDS system calls, of an image of its own each, that are spread
        over all that it makes. Returns the exit statuses."""
        def content(number):
            return gzip.compress(image(member("rootfs/x", f"{number}"),
                                       member("rootfs/d/y", os.urandom(300000))))

        def fetch(path, **options):
            return tracing.run(self.host.argv("fetch", path), self.host.options(), **options)

        status, calls = fetch(self.host.file("0.aci", content(0)))
        self.assertEqual(status, 0)
        statuses = []
        for number in range(1, self.ROUNDS + 1):
            path = self.host.file(f"{number}.aci", content(number))
            at = calls * number // (self.ROUNDS + 1)
            with self.subTest(f"{at} of {calls}"):
                statuses.append(fetch(path, kill_at=at, victim=victim)[0])
                key = self.host.fetch(path)
                self.assertEqual(read(os.path.join(self.tree(key), "x")), f"{number}")
        self.assertEqual(len(self.store("image")), self.ROUNDS + 1)
        self.host.ok("image", "gc")
        self.assertEqual(self.store("tmp"), [])
        self.assertEqual(len(self.store("image")), self.ROUNDS + 1)
        self.assertEqual(len(self.store("tree")), self.ROUNDS + 1)
        for key in self.store("image"):
            self.assertTrue(os.path.isdir(self.tree(key)))
        self.assertEqual(self.store("name"), ["example.com!app"])
        self.assertEqual(self.store("name/example.com!app"), self.store("image"))
        return statuses

    def test_gantry_is_killed(self):
        statuses = self.kill_everywhere(lambda first, caller: first)
        self.assertEqual(set(statuses), {-signal.SIGKILL})

    def test_whoever_makes_the_call_is_killed(self):
        """The program that unpacks, mostly: then gantry says so, and cleans up."""
        statuses = self.kill_everywhere(lambda first, caller: caller)
        self.assertIn(254, statuses)


class Full(Archives):
    def test_a_full_disk_is_an_error_and_harms_nothing(self):
        os.makedirs(self.host.data)
        checked(libc.mount(b"none", self.host.data.encode(), b"tmpfs", 0, b"size=4m"))
        self.addCleanup(lambda: libc.umount2(self.host.data.encode(), 2))
        key = self.fetch(image(member("rootfs/x", "x"))).out.strip()
        for size in (100 << 10, 1 << 20, 3 << 20, 5 << 20, 50 << 20):
            with self.subTest(size):
                content = gzip.compress(image(member("rootfs/y", os.urandom(size))), 1)
                result = self.fetch(content)
                if size > 2 << 20:
                    self.assertEqual(result.status, 254, result)
                    self.assertIn("No space left on device", result.err)
                self.assertEqual(self.store("tmp"), [])
        self.assertIn(key[:19], self.host.ok("image", "list"))
        self.assertEqual(read(os.path.join(self.tree(key), "x")), "x")


class Bombs(Archives):
    """Class 14: small outside, large inside."""

    def peak(self, path):
        """Fetches PATH; the status, the errors, and the most memory that a process of it had: as
        a small process sees it, since what a child has from its parent counts too."""
        result = subprocess.run([sys.executable, "-c", MEASURE, *self.host.argv("fetch", path)],
                                **self.host.options(), capture_output=True, text=True)
        return result.returncode, result.stderr, int(result.stdout.splitlines()[-1]) << 10

    def test_each_compression_of_ten_gibibytes_of_zeros(self):
        size = 10 << 30
        head = TOP + header("rootfs/bomb", size=b"\x80" + size.to_bytes(11, "big"))
        zeros = bytes(16 << 20)
        bombs = {
            "gzip": gzip.compress(head) + gzip.compress(zeros) * 640,
            "bzip2": bz2.compress(head) + bz2.compress(zeros) * 640,
            "xz": lzma.compress(head) + lzma.compress(zeros) * 640,
            "zstd": archives.zstd(head) + archives.zstd_zeros(size // (128 << 10)),
        }
        for name, bomb in bombs.items():
            with self.subTest(name):
                status, error, memory = self.peak(self.host.file("bomb.aci", bomb))
                self.assertEqual(status, 254)
                self.assertIn("more than 200 times larger than its archive", error)
                self.assertEqual(self.store("tmp"), [])
                if not sanitized():
                    self.assertLess(memory, MEMORY_MAX)

    @unittest.skipIf(sanitized(), "the sanitizers leave no limit to the address space")
    def test_a_dictionary_too_large(self):
        small = lzma.compress(image(), filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
        for code, what in ((37, "1.5 GiB"), (40, "4 GiB")):
            with self.subTest(what):
                path = self.host.file("big.aci", with_dictionary(small, code))
                status, error, memory = self.peak(path)
                self.assertEqual(status, 254, error)
                self.assertIn("emory", error)
                self.assertLess(memory, MEMORY_MAX)

    def test_a_sparse_file_of_more_than_any_disk(self):
        sparse = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "rootfs/x",
                  "GNU.sparse.realsize": str(1 << 60)}
        self.refuses(image(extended(sparse), member("x", b"0\n".ljust(BLOCK, b"\0"))),
                     "more than 1024 GiB")

    def test_a_hundred_thousand_empty_files(self):
        files = b"".join(header(f"rootfs/{n % 100}/{n}") for n in range(100000))
        status, error, memory = self.peak(self.host.file("many.aci", gzip.compress(image(files))))
        self.assertEqual(status, 0, error)
        if not sanitized():
            self.assertLess(memory, MEMORY_MAX)
        tree, = self.store("tree")
        rootfs = os.path.join(self.host.data, "cas", "tree", tree, "rootfs")
        self.assertEqual(sum(len(files) for _, _, files in os.walk(rootfs)), 100000)


def with_dictionary(content, code):
    """The xz stream CONTENT, saying in its block header that its dictionary is of size CODE."""
    size = (content[12] + 1) * 4
    block = bytearray(content[12:12 + size - 4])
    at = block.index(b"\x21\x01") + 2
    block[at] = code
    return content[:12] + bytes(block) + zlib.crc32(block).to_bytes(4, "little") \
        + content[12 + size:]


class Faithful(Archives):
    def test_one_tar_is_one_image_whatever_its_compression(self):
        content = image(member("rootfs/x", b"x" * 100000), member("rootfs/d", type="5", mtime=3))
        imported = 0
        for number, (name, compress) in enumerate(COMPRESSIONS.items()):
            with self.subTest(name):
                archive = compress(content)
                key = self.fetch(archive).out.strip()
                self.assertEqual(key, "sha512-" + hashlib.sha512(content).hexdigest()[:64])
                directory = os.path.join(self.host.data, "cas", "image", key)
                info = json.loads(read(os.path.join(directory, "info")))
                self.assertEqual(info["digest"], "sha512-" + hashlib.sha512(content).hexdigest())
                self.assertEqual(info["size"], len(content))
                self.assertEqual(info["treeSize"], 100000)
                self.assertGreater(info["importTime"], imported)
                imported = info["importTime"]
                if number == 0:
                    kept = read(os.path.join(directory, "aci"), "rb")
                    self.assertEqual(kept, archive)
        self.assertEqual(len(self.store("image")), 1)
        self.assertEqual(len(self.store("tree")), 1)

    def test_an_image_that_comes_back_finds_its_tree(self):
        content = image(member("rootfs/x", "x"))
        rootfs = self.imports(content)
        before = os.stat(rootfs).st_ino
        key, = self.store("image")
        self.host.ok("image", "rm", key)
        self.assertEqual(self.imports(content), rootfs)
        self.assertEqual(os.stat(rootfs).st_ino, before)
        self.assertEqual(self.store("image/" + key), ["aci", "info", "manifest", "tree"])

    def test_times_of_access_are_kept_too(self):
        times = extended({"atime": "1000.5", "mtime": "2000.25"})
        rootfs = self.imports(image(times, member("rootfs/d", type="5"), times,
                                    member("rootfs/d/f", "x"), member("rootfs/z", "x")))
        for name in ("d", "d/f"):
            st = os.lstat(os.path.join(rootfs, name))
            self.assertEqual((st.st_atime_ns, st.st_mtime_ns), (1000500000000, 2000250000000))

    def test_a_group_that_comes_down_from_a_directory_is_not_the_files(self):
        rootfs = self.imports(image(
            member("rootfs/d", type="5", mode=0o2755, gid=7), member("rootfs/d/f", "x"),
            member("rootfs/d/g", "x", gid=8, mode=0o2755), member("rootfs/d/s", type="5"),
            member("rootfs/h", "x", mode=0o4711), member("rootfs/i", "x", uid=5, mode=0o1000)))
        found = archives.snapshot(rootfs)
        owners = {name.decode(): (facts["owner"], facts["mode"]) for name, facts in found.items()}
        self.assertEqual(owners["d"], ((0, 7), "0o42755"))
        self.assertEqual(owners["d/f"], ((0, 0), "0o100644"))
        self.assertEqual(owners["d/g"], ((0, 8), "0o102755"))
        self.assertEqual(owners["d/s"], ((0, 0), "0o40644"))
        self.assertEqual(owners["h"], ((0, 0), "0o104711"))
        self.assertEqual(owners["i"], ((5, 0), "0o101000"))

    def test_what_the_hosts_directories_hand_down_is_not_the_images(self):
        os.makedirs(self.host.data)
        # rwxrwxrwx, and user 1 with all of it, for all that is made below.
        entries = [(1, 7, -1), (2, 7, 1), (4, 7, -1), (16, 7, -1), (32, 7, -1)]
        acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
        os.setxattr(self.host.data, "system.posix_acl_default", acl)
        rootfs = self.imports(image(member("rootfs/f", "x", mode=0o640), member("rootfs/d/g", "x"),
                                    member("rootfs/e", type="5", mode=0o700)))
        found = archives.snapshot(rootfs)
        self.assertEqual({name: facts["mode"] for name, facts in found.items() if facts["xattrs"]},
                         {})
        self.assertEqual(found[b"f"]["mode"], "0o100640")
        self.assertEqual(found[b"e"]["mode"], "0o40700")
        self.assertEqual(found[b"d"]["mode"], "0o40755")

    def test_the_same_archive_again_is_not_unpacked_again(self):
        content = image(member("rootfs/x", "x"))
        path = os.path.join(self.host.data, "cas", "image")
        rootfs = self.imports(content)
        info = os.path.join(path, *os.listdir(path), "info")
        first = json.loads(read(info))["importTime"]
        self.assertEqual(self.imports(content), rootfs)
        self.assertGreater(json.loads(read(info))["importTime"], first)
        # As long, but not the same: another image.
        other = image(member("rootfs/x", "y"))
        self.assertEqual(len(other), len(content))
        self.assertNotEqual(self.imports(other), rootfs)
        # A tree that is gone is made again.
        shutil.rmtree(os.path.dirname(rootfs))
        self.assertEqual(read(os.path.join(self.imports(content), "x")), "x")

    def test_what_is_stored_already_runs_no_program(self):
        path = self.host.file("web.aci", image(member("rootfs/x", "x")))
        argv, options = self.host.argv("fetch", path), self.host.options()
        _, first = tracing.run(argv, options)
        status, again = tracing.run(argv, options)
        self.assertEqual(status, 0)
        self.assertLess(again, first / 2)

    def test_several_members_or_streams_are_one_archive(self):
        content = image(member("rootfs/x", os.urandom(3000)))
        for name in ("gzip", "bzip2", "xz", "zstd"):
            with self.subTest(name):
                compress = COMPRESSIONS[name]
                parts = compress(content[:2000]) + compress(content[2000:])
                key = self.fetch(parts).out.strip()
                self.assertEqual(key, "sha512-" + hashlib.sha512(content).hexdigest()[:64])

    def make_tree(self):
        """Every kind of file that an archive can have; its directory."""
        top = os.path.join(self.host.images, "tree")
        rootfs = os.path.join(top, "rootfs")
        os.makedirs(rootfs + "/dir/sub")
        self.host.file("tree/manifest", MANIFEST)
        self.host.file("tree/rootfs/plain", "content\n", 0o640)
        self.host.file("tree/rootfs/setuid", "x", 0o644)
        self.host.file("tree/rootfs/capable", "x", 0o755)
        self.host.file("tree/rootfs/empty", "", 0o000)
        self.host.file("tree/rootfs/dir/" + "n" * 150, os.urandom(70000))
        self.host.file("tree/rootfs/dir/e\u0301 \u00e9 \n", "both forms of a letter")
        with open(rootfs + "/sparse", "wb") as file:
            file.seek(1 << 20)
            file.write(b"data")
            file.truncate(5 << 20)
        os.link(rootfs + "/plain", rootfs + "/dir/hard")
        os.symlink("/etc/passwd", rootfs + "/absolute")
        os.symlink("t" * 300, rootfs + "/dir/far")
        os.mkfifo(rootfs + "/fifo", 0o620)
        os.mknod(rootfs + "/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(rootfs + "/disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
        for number, name in enumerate(("plain", "setuid", "dir", "dir/sub", "absolute", "null")):
            os.chown(f"{rootfs}/{name}", 1000 + number, 70000 + number, follow_symlinks=False)
        os.chmod(rootfs + "/setuid", 0o6755)
        os.chmod(rootfs + "/dir", 0o3775)
        os.chmod(rootfs + "/dir/sub", 0o500)
        capability = bytes.fromhex("0100000200040000000000000000000000000000")
        os.setxattr(rootfs + "/capable", "security.capability", capability)
        os.setxattr(rootfs + "/capable", "user.binary", b"\0\xff=\n")
        os.setxattr(rootfs + "/dir", "user.directory", b"yes")
        for number, name in enumerate(("plain", "dir", "dir/sub", "absolute", "null", "sparse")):
            os.utime(f"{rootfs}/{name}", ns=(10**18 + number, 10**18 + 123456789 * number),
                     follow_symlinks=False)
        os.utime(rootfs + "/empty", ns=(0, -86400 * 10**9))
        os.utime(rootfs, ns=(5, 7 * 10**9))
        return top

    def both_ways(self, *options, xattrs=True, **facts):
        """Packs the tree with GNU tar and OPTIONS, and compares what it extracts with ours."""
        top = self.make_tree()
        archive = os.path.join(self.host.images, "packed.aci")
        theirs = os.path.join(self.host.images, "extracted")
        os.mkdir(theirs)
        keep = ["--xattrs", "--xattrs-include=*"] if xattrs else []
        subprocess.run(["tar", "-C", top, "--numeric-owner", *keep, *options, "-cf", archive,
                        "manifest", "rootfs"], check=True, capture_output=True)
        subprocess.run(["tar", "-C", theirs, "--numeric-owner", "--same-owner", *keep, "-xpf",
                        archive], check=True, capture_output=True)
        wanted = archives.snapshot(os.path.join(theirs, "rootfs"), **facts)
        found = archives.snapshot(self.imports(read(archive, "rb")), **facts)
        self.assertEqual(set(found), set(wanted))
        for path in wanted:
            self.assertEqual(found[path], wanted[path], path)
        return wanted

    def test_pax_archives_become_what_gnu_tar_makes_of_them(self):
        facts = self.both_ways("--format=pax")
        self.assertIn("security.capability", facts[b"capable"]["xattrs"])
        self.assertEqual(facts[b"setuid"]["mode"], "0o106755")

    def test_gnu_archives_become_what_gnu_tar_makes_of_them(self):
        self.both_ways("--format=gnu", xattrs=False)

    def sparse_both_ways(self, *options):
        self.both_ways("--sparse", *options, xattrs=False)
        tree, = self.store("tree")
        path = os.path.join(self.host.data, "cas", "tree", tree, "rootfs", "sparse")
        self.assertLess(os.stat(path).st_blocks * 512, 1 << 20)

    def test_sparse_files_of_gnu_archives_have_their_holes(self):
        self.sparse_both_ways("--format=gnu")

    def test_sparse_files_of_the_first_pax_form_have_their_holes(self):
        self.sparse_both_ways("--format=pax", "--sparse-version=0.0")

    def test_sparse_files_of_the_second_pax_form_have_their_holes(self):
        self.sparse_both_ways("--format=pax", "--sparse-version=0.1")

    def test_sparse_files_of_the_third_pax_form_have_their_holes(self):
        self.sparse_both_ways("--format=pax", "--sparse-version=1.0")
