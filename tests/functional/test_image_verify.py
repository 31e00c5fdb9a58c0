# SPDX-License-Identifier: Apache-2.0
"""image verify: trees that were tampered with are seen and put right, archives refused, and a
signature is judged by the keys of today (rkt 2.23, 5.7)."""

import os
import shutil
import unittest

import archives
from harness import Host, entry, image_manifest, needs_program, needs_root, read, symlink, tar, write
from signing import LONG_AGO, Keyring, damaged

OURS = 254
NAME = "example.com/web"
ENTRIES = [
    entry("rootfs"),
    entry("rootfs/dir", mode=0o755, mtime=1000),
    entry("rootfs/dir/file", "content", mode=0o644, mtime=2000),
    symlink("rootfs/link", "dir/file"),
]


def image(*more, name=NAME, **app):
    return tar([entry("manifest", image_manifest(name=name, app=False)), *ENTRIES, *more])


@needs_root
class Verify(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.id = self.host.fetch(self.host.file("web.aci", image()))
        self.before = archives.snapshot(self.rootfs())

    def stored(self, name, id=None):
        return os.path.join(self.host.data, "cas/image", id or self.id, name)

    def rootfs(self, id=None):
        tree = self.stored("tree", id)
        return os.path.join(os.path.dirname(tree), os.readlink(tree), "rootfs")

    def good(self, text=NAME, id=None):
        return f'successfully verified checksum for image: "{text}" ("{id or self.id}")\n'

    def verifies(self, *words):
        """Its standard output; there is nothing to complain of."""
        result = self.host.run("image", "verify", *words)
        self.assertEqual((result.status, result.err), (0, ""), result)
        self.assert_left_nothing()
        return result.out

    def refuses(self, text, *words, out=""):
        result = self.host.run("image", "verify", *words)
        self.assertEqual((result.status, result.out), (OURS, out), result)
        self.assertIn(text, result.err)
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assert_left_nothing()

    def assert_left_nothing(self):
        self.host.assert_no_processes()
        self.host.assert_no_drafts()


class Trees(Verify):
    def assert_repaired(self, difference, touched=()):
        """It is told and put right, once. TOUCHED: directories whose times are not to tell."""
        for path in touched:
            os.utime(os.path.join(self.rootfs(), path), ns=(0, self.before[path.encode()]["mtime"]))
        result = self.host.run("image", "verify", NAME)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.err, f'verify: warning: tree of image "{NAME}" is in a bad state: '
                                     f"{difference}. Rebuilding...\n")
        self.assertEqual(result.out, f'successfully rebuilt tree of image: "{NAME}" ("{self.id}")\n')
        self.assertEqual(archives.snapshot(self.rootfs()), self.before)
        self.assert_left_nothing()
        self.assertEqual(self.verifies(NAME), self.good())
        self.assertEqual(len(os.listdir(os.path.join(self.host.data, "cas/tree"))), 1)

    def test_good_ones_by_every_name(self):
        other = self.host.fetch(self.host.aci(name="example.com/other"))
        for words in ([self.id], [self.id[:12], NAME], ["example.com/other", NAME + ",os=linux"]):
            expected = "".join(self.good(word, other if "other" in word else self.id)
                               for word in words)
            self.assertEqual(self.verifies(*words), expected)
        self.assertEqual(archives.snapshot(self.rootfs()), self.before)

    def test_content(self):
        path = os.path.join(self.rootfs(), "dir/file")
        write(path, "Content")
        os.utime(path, (2000, 2000))
        self.assert_repaired("'dir/file': has other content")

    def test_a_mode(self):
        os.chmod(os.path.join(self.rootfs(), "dir/file"), 0o4755)
        self.assert_repaired("'dir/file': its mode is 4755, not 0644")

    def test_an_owner(self):
        os.chown(os.path.join(self.rootfs(), "dir"), 1, 2)
        self.assert_repaired("'dir': its owner is 1:2, not 0:0")

    def test_a_file_too_many(self):
        write(os.path.join(self.rootfs(), "dir/evil"), "evil")
        self.assert_repaired("'dir/evil': should not be there", touched=["dir"])

    def test_a_file_too_few(self):
        os.unlink(os.path.join(self.rootfs(), "dir/file"))
        self.assert_repaired("'dir/file': is missing", touched=["dir"])

    def test_a_link_instead_of_a_directory(self):
        shutil.rmtree(os.path.join(self.rootfs(), "dir"))
        os.symlink("/etc", os.path.join(self.rootfs(), "dir"))
        self.assert_repaired("'dir': is a symbolic link, not a directory", touched=["."])

    def test_an_attribute_that_overlayfs_obeys(self):
        os.setxattr(os.path.join(self.rootfs(), "dir"), "trusted.overlay.opaque", b"y")
        self.assert_repaired(
            "'dir': has an attribute 'trusted.overlay.opaque' too many")

    def test_a_tree_that_is_gone(self):
        shutil.rmtree(os.path.dirname(self.rootfs()))
        self.assert_repaired("is missing")

    def test_a_tree_without_a_root(self):
        shutil.rmtree(self.rootfs())
        self.assert_repaired("'rootfs': is missing")

    def test_the_manifest_that_is_used(self):
        write(self.stored("manifest"), read(self.stored("manifest")) + " ")
        self.assert_repaired("the manifest has changed")

    def test_a_link_to_another_tree(self):
        other = self.host.fetch(self.host.aci(name="example.com/other"))
        link = os.readlink(self.stored("tree"))
        os.unlink(self.stored("tree"))
        os.symlink(os.readlink(self.stored("tree", other)), self.stored("tree"))
        result = self.host.run("image", "verify", NAME)
        self.assertIn("it was another tree that the image had", result.err)
        self.assertEqual(os.readlink(self.stored("tree")), link)
        self.assertEqual(self.verifies(NAME), self.good())

    def test_every_image_is_tried(self):
        other = self.host.fetch(self.host.aci(name="example.com/other"))
        result = self.host.run("image", "verify", "none", NAME, "sha512-0", "example.com/other")
        self.assertEqual(result.status, OURS)
        self.assertEqual(result.out, self.good() + self.good("example.com/other", other))
        self.assertEqual(result.err.splitlines(), [
            'verify: cannot find aci satisfying name: "none" and labels: [] in the local store',
            "verify: image ID too short"])

    def test_it_takes_root_and_an_image(self):
        result = self.host.run("image", "verify")
        self.assertEqual(result.status, OURS)
        self.assertIn("Error: takes at least one image", result.err)
        result = self.host.run("image", "verify", NAME, user=65534, group=65534)
        self.assertIn("verify: cannot run as unprivileged user", result.err)

    def test_an_archive_that_is_another_is_refused(self):
        tree = archives.snapshot(self.rootfs())
        write(self.stored("aci"), image(entry("rootfs/evil", "evil")))
        self.refuses(f"image '{NAME}': the archive in the store has become another", NAME)
        write(self.stored("aci"), image()[:-3000])
        self.refuses(f"image '{NAME}': ", NAME)
        os.unlink(self.stored("aci"))
        self.refuses("No such file or directory", NAME)
        self.assertEqual(archives.snapshot(self.rootfs()), tree)

    def test_a_tree_that_a_pod_uses_is_not_taken_away(self):
        id = self.host.fetch(self.host.aci(name="example.com/pod", exec=["/probe", "pause"]))
        pod = self.host.start_pod("example.com/pod")
        self.host.wait_ready(pod.uuid)
        os.chmod(os.path.join(self.rootfs(id), "probe"), 0o777)
        result = self.host.run("image", "verify", "example.com/pod")
        self.assertEqual((result.status, result.out, result.err), (
            OURS, "", "verify: image 'example.com/pod': its tree is in a bad state: 'probe': its "
            f"mode is 0777, not 0755; it is not rebuilt while the pod {pod.uuid} runs\n"))
        self.assertEqual(os.stat(os.path.join(self.rootfs(id), "probe")).st_mode & 0o777, 0o777)
        self.host.ok("stop", "--force", pod.uuid)
        pod.wait()
        result = self.host.run("image", "verify", "example.com/pod")
        self.assertIn("successfully rebuilt tree", result.out)


@needs_program("gpg")
class Signatures(Verify):
    @classmethod
    def setUpClass(cls):
        cls.keyring = Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.com>")
        cls.other = cls.keyring.key("Bob <bob@example.com>")
        cls.old = cls.keyring.key("Old <old@example.com>", expires="1y", at=LONG_AGO)

    def trust(self, key, prefix="example.com"):
        """The file of the key."""
        folder = os.path.join(self.host.config, "trustedkeys",
                              f"prefix.d/{prefix}" if prefix else "root.d")
        os.makedirs(folder, exist_ok=True)
        return write(os.path.join(folder, key.fingerprint), key.public)

    def sign(self, key, **options):
        write(self.stored("aci.asc"), key.sign(image(), **options))

    def test_who_signed_it_and_what_for_is_told(self):
        for prefix, place in (("example.com", "example.com"), (NAME, NAME), (None, "any name")):
            for armor in (True, False):
                path = self.trust(self.key, prefix)
                self.sign(self.key, armor=armor)
                self.assertEqual(self.verifies("--signature", NAME), (
                    f'successfully verified signature for image: "{NAME}" ("{self.id}")\n'
                    f"\tkey: {self.key.fingerprint}\n\ttrusted for: {place}, by '{path}'\n"
                    "\tidentity: Ann <ann@example.com>\n") + self.good())
                os.unlink(path)

    def test_an_image_without_a_signature_fails(self):
        self.trust(self.key)
        self.refuses(f"image '{NAME}': has no signature", "--signature", NAME)
        self.assertEqual(self.verifies(NAME), self.good())

    def test_a_key_that_is_not_trusted_today(self):
        self.sign(self.other)
        self.trust(self.key)
        self.trust(self.other, "example.com/webb")
        self.refuses(f"signed by the key {self.other.id}, which is not trusted for '{NAME}' (if it "
                     f"should be: gantry trust --prefix={NAME} KEY-FILE)", "--signature", NAME)
        self.trust(self.other, NAME)
        self.verifies("--signature", NAME)

    def test_what_was_tampered_with(self):
        self.trust(self.key)
        signature = self.key.sign(image(), armor=False)
        write(self.stored("aci.asc"), signature)
        write(self.stored("aci"), damaged(image()))
        self.refuses(f"image '{NAME}': ", "--signature", NAME)
        write(self.stored("aci"), image())
        self.verifies("--signature", NAME)
        write(self.stored("aci.asc"), damaged(signature, at=len(signature) - 8))
        self.refuses(f"image '{NAME}': ", "--signature", NAME)
        write(self.stored("aci.asc"), "no signature")
        self.refuses(f"image '{NAME}': ", "--signature", NAME)

    def test_another_image_signed_by_the_same_key(self):
        """The signature is good: the archive is not the one that was asked for."""
        other = image(entry("rootfs/other", "other"))
        self.trust(self.key)
        write(self.stored("aci"), other)
        write(self.stored("aci.asc"), self.key.sign(other))
        result = self.host.run("image", "verify", "--signature", NAME)
        self.assertEqual(result.status, OURS)
        self.assertIn("the archive in the store has become another", result.err)

    def test_a_key_that_has_expired_or_was_revoked_since(self):
        self.trust(self.old)
        self.sign(self.old, at=LONG_AGO)
        self.refuses("expired", "--signature", NAME)
        revoked = self.keyring.key("Carl <carl@example.com>")
        self.sign(revoked)
        self.trust(revoked)
        self.verifies("--signature", NAME)
        revoked.revoke()
        self.trust(revoked)
        self.refuses("revoked", "--signature", NAME)


if __name__ == "__main__":
    unittest.main()
