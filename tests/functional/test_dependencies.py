# SPDX-License-Identifier: Apache-2.0
"""Images that depend on others (appc 1.6.3, 1.8): what is in their trees, and what becomes of
them. The images are files, and those they depend on are found in the store by name."""

import json
import os
import shutil
import stat
import unittest

from archives import snapshot
from harness import Host, aci, entry, image_manifest, needs_root, read, symlink, tar

OURS = 254
VECTORS = os.path.join(os.path.dirname(__file__), "..", "vectors", "appc")


def vectors():
    with open(os.path.join(VECTORS, "render.json"), encoding="utf-8") as file:
        return json.load(file)["cases"]


class Dependencies(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def image(self, name, entries=(), on=(), whitelist=(), rootfs=True, labels=None, **more):
        """Fetches an image without an app; ON: names, or objects as in a manifest. Its ID."""
        manifest = json.loads(image_manifest(name, labels=labels, app=False))
        manifest["dependencies"] = [{"imageName": one} if isinstance(one, str) else one for one in on]
        manifest["pathWhitelist"] = list(whitelist)
        manifest.update(more)
        members = [entry("manifest", json.dumps(manifest))]
        members += [entry("rootfs")] if rootfs else []
        path = self.host.file(name.replace("/", "-") + ".aci", tar(members + list(entries)))
        return self.fetch(path)

    def fetch(self, path):
        return self.host.ok("fetch", "--full", "--pull-policy=new", path).strip()

    def cas(self, *parts):
        return os.path.join(self.host.data, "cas", *parts)

    def tree(self, id):
        return self.cas("image", id, "tree", "rootfs")

    def trees(self):
        return sorted(os.listdir(self.cas("tree")))

    def listed(self, id):
        images = json.loads(self.host.ok("image", "list", "--format=json"))
        return {image["id"]: image for image in images}[id]


class Vectors(Dependencies):
    def entry_of(self, one):
        mode = int(one["mode"], 8) if "mode" in one else None
        if one["type"] == "symlink":
            return symlink(one["path"], one["link"])
        return entry(one["path"], one.get("contents"), mode=mode)

    def make(self, case):
        """The tree of the case's images, each fetched after those it depends on."""
        images, ids = {image["name"]: image for image in case["images"]}, {}

        def fetch(name):
            image = images[name]
            for below in image["dependencies"]:
                fetch(below)
            if name not in ids:
                has_rootfs = any(one["path"] in ("rootfs", "./rootfs") for one in image["entries"])
                ids[name] = self.image(name, map(self.entry_of, image["entries"]),
                                       image["dependencies"], image.get("pathWhitelist", ()),
                                       rootfs=not has_rootfs)
        fetch(case["top"])
        return self.tree(ids[case["top"]])

    def check_case(self, case):
        root = self.make(case)
        wanted = {one["path"].removeprefix("rootfs").lstrip("/") or ".": one
                  for one in case.get("gantry", case["reference"]["files"])}
        found = {os.path.relpath(os.path.join(top, name), root)
                 for top, directories, files in os.walk(root) for name in directories + files}
        ways = {path for path in found if any(it.startswith(path + "/") for it in wanted)}
        self.assertEqual(found - ways - set(wanted), set())
        for path, one in wanted.items():
            st = os.lstat(os.path.join(root, path))
            if "mode" in one:
                self.assertEqual(stat.S_IMODE(st.st_mode), int(one["mode"], 8), path)
            if one["type"] == "file":
                self.assertEqual(st.st_size, one["size"], path)
            self.assertEqual(stat.S_ISLNK(st.st_mode), one["type"] == "symlink", path)
            self.assertEqual(stat.S_ISDIR(st.st_mode), one["type"] == "dir", path)

    def test_trees_are_made_as_the_vectors_say(self):
        tried = 0
        for case in vectors():
            # A list of relative paths, and an entry outside of rootfs: no image is that.
            if case["note"] == "empty rootfs and whitelist" or case.get("gantry") == []:
                continue
            with self.subTest(case["note"]):
                self.check_case(case)
                tried += 1
            shutil.rmtree(self.host.data)
        self.assertEqual(tried, 22)


class Trees(Dependencies):
    def test_files_are_there_once_for_all(self):
        base = self.image("example.com/base", [entry("rootfs/large", "x" * 100000),
                                               entry("rootfs/etc"), entry("rootfs/etc/a", "base")])
        top = self.image("example.com/top", [entry("rootfs/etc/a", "top"), entry("rootfs/etc/b", "top")],
                         on=["example.com/base"])
        large = os.lstat(os.path.join(self.tree(top), "large"))
        self.assertEqual(large.st_ino, os.lstat(os.path.join(self.tree(base), "large")).st_ino)
        self.assertEqual(read(os.path.join(self.tree(top), "etc", "a")), "top")
        self.assertEqual(read(os.path.join(self.tree(base), "etc", "a")), "base")
        archive = os.path.getsize(os.path.join(self.host.images, "example.com-top.aci"))
        self.assertEqual(self.listed(top)["size"], archive + 100000 + 3 + 3)

    def test_what_was_found_is_remembered(self):
        base = self.image("example.com/base")
        other = self.image("example.com/other", [entry("rootfs/x", "1")])
        top = self.image("example.com/top", on=["example.com/other", "example.com/base"])
        info = json.loads(read(self.cas("image", top, "info")))
        self.assertEqual(info["dependencies"], [other, base])
        self.assertNotIn("dependencies", json.loads(read(self.cas("image", base, "info"))))

    def test_nothing_is_written_through_a_link_of_a_lower_image(self):
        outside = os.path.join(self.host.scratch, "outside")
        os.mkdir(outside)
        self.addCleanup(shutil.rmtree, outside)
        self.image("example.com/base", [symlink("rootfs/lib", outside), symlink("rootfs/up", ".."),
                                        symlink("rootfs/file", outside + "/new")])
        top = self.image("example.com/top", [entry("rootfs/lib/m", "a"), entry("rootfs/up/implicit", "a"),
                                             entry("rootfs/file", "a")], on=["example.com/base"])
        self.assertEqual(os.listdir(outside), [])
        self.assertEqual(sorted(os.listdir(self.tree(top))), ["file", "lib", "up"])
        self.assertEqual(os.listdir(os.path.join(self.tree(top), "..")), ["rootfs"])
        self.assertTrue(stat.S_ISDIR(os.lstat(os.path.join(self.tree(top), "lib")).st_mode))
        self.assertEqual(read(os.path.join(self.tree(top), "file")), "a")

    def test_owners_modes_times_and_attributes_are_kept(self):
        self.image("example.com/base", [
            entry("rootfs/d", mode=0o2711, uid=1, gid=2, mtime=5,
                  pax_headers={"SCHILY.xattr.user.a": "1"}),
            entry("rootfs/d/suid", "x", mode=0o4755, uid=3, gid=4, mtime=6),
            entry("rootfs/other", mode=0o700, uid=7, mtime=8)])
        top = self.image("example.com/top", [entry("rootfs/d/new", "x"),
                                             entry("rootfs/other", mode=0o755, mtime=9)],
                         on=["example.com/base"])
        found = snapshot(self.tree(top))
        self.assertEqual(found[b"d"]["mode"], "0o42711")
        self.assertEqual((found[b"d"]["owner"], found[b"d"]["mtime"]), ((1, 2), 5 * 10**9))
        self.assertEqual(found[b"d"]["xattrs"], {"user.a": b"1"})
        self.assertEqual(found[b"d/suid"]["mode"], "0o104755")
        self.assertEqual((found[b"d/suid"]["owner"], found[b"d/suid"]["mtime"]), ((3, 4), 6 * 10**9))
        self.assertEqual((found[b"other"]["mode"], found[b"other"]["owner"]), ("0o40755", (0, 0)))
        self.assertEqual(found[b"other"]["mtime"], 9 * 10**9)

    @needs_root
    def test_a_pod_is_made_of_all_of_them(self):
        # The app's program is the base's, and what it reads the other's.
        self.fetch(self.host.file("base.aci", aci(name="example.com/base")))
        self.image("example.com/data", [entry("rootfs/data", "from data")])
        manifest = json.loads(image_manifest("example.com/app", exec=["/probe", "cat", "/data"]))
        manifest["dependencies"] = [{"imageName": "example.com/base"}, {"imageName": "example.com/data"}]
        app = self.host.file("app.aci", tar([entry("manifest", json.dumps(manifest)), entry("rootfs")]))
        result = self.host.pod(app)
        self.assertEqual(result.status, 0, result)
        self.assertIn("from data", result.out)
        self.host.assert_nothing_left()


class Refused(Dependencies):
    def refuses(self, text, *args, **more):
        before = self.host.image_ids(), self.trees()
        with self.assertRaises(AssertionError) as caught:
            self.image(*args, **more)
        self.assertIn(text, str(caught.exception))
        self.assertEqual((self.host.image_ids(), self.trees()), before)
        self.host.assert_no_drafts()

    def test_an_image_that_is_not_the_one_asked_for(self):
        base = self.image("example.com/base", [entry("rootfs/x", "1")])
        size = os.path.getsize(os.path.join(self.host.images, "example.com-base.aci"))
        name, other = "example.com/base", "sha512-" + "0" * 128
        self.refuses("0000", "example.com/top", on=[{"imageName": name, "imageID": other}])
        self.refuses(f"{size}", "example.com/top", on=[{"imageName": name, "size": size + 1}])
        self.image("example.com/top", on=[{"imageName": name, "imageID": base + "0" * 64, "size": size}])

    def test_too_many(self):
        # Each depends twice on the one before: 2047 images are laid over one another.
        self.image("example.com/n0", [entry("rootfs/x", "1")])
        for n in range(1, 10):
            self.image(f"example.com/n{n}", on=[f"example.com/n{n - 1}"] * 2)
        self.refuses("more than 1024 images", "example.com/n10", on=["example.com/n9"] * 2)


class Life(Dependencies):
    """What becomes of a tree when the images it was made of go, or change."""

    def setUp(self):
        super().setUp()
        self.base = self.image("example.com/base", [entry("rootfs/a", "1")], labels={"version": "1"})
        self.top = self.image("example.com/top", on=["example.com/base"])

    def test_a_tree_outlives_the_image_below(self):
        self.host.ok("image", "rm", self.base)
        self.host.ok("image", "gc")
        self.assertEqual(read(os.path.join(self.tree(self.top), "a")), "1")
        layer = os.readlink(self.cas("image", self.top, "layer")).rpartition("/")[2]
        tree = os.readlink(self.cas("image", self.top, "tree")).rpartition("/")[2]
        self.assertEqual(self.trees(), sorted([layer, tree]))
        self.host.ok("image", "rm", self.top)
        self.host.ok("image", "gc")
        self.assertEqual(self.trees(), [])

    @needs_root
    def test_gc_keeps_what_an_image_that_is_kept_depends_on(self):
        self.image("example.com/unused")
        uuid = self.host.ok("prepare", "example.com/top", "--exec=/x").strip()
        self.host.ok("image", "gc", "--grace-period=0s")
        kept = [id for id in self.host.image_ids() if self.name(id).startswith("example.com/")]
        self.assertEqual(sorted(kept), sorted([self.base, self.top]))
        self.host.ok("rm", uuid)
        self.host.ok("image", "gc", "--grace-period=0s")
        self.assertEqual(self.host.image_ids(), [])
        self.assertEqual(self.trees(), [])

    def test_a_tree_is_made_of_the_layer_that_is_there(self):
        files = [entry("rootfs/own", "x" * 10000)]
        top = self.image("example.com/own", files, on=["example.com/base"])
        own = os.lstat(os.path.join(self.tree(top), "own")).st_ino
        self.host.ok("image", "rm", top)
        self.image("example.com/base", [entry("rootfs/a", "2")], labels={"version": "2"})
        self.assertEqual(self.image("example.com/own", files, on=["example.com/base"]), top)
        self.assertEqual(read(os.path.join(self.tree(top), "a")), "2")
        self.assertEqual(os.lstat(os.path.join(self.tree(top), "own")).st_ino, own)

    def test_files_that_are_gone_are_made_again(self):
        before = snapshot(self.tree(self.top))
        for link in ("tree", "layer"):
            with self.subTest(link):
                shutil.rmtree(self.cas("tree", os.readlink(self.cas("image", self.top, link))
                                       .rpartition("/")[2]))
                self.assertEqual(self.fetch(os.path.join(self.host.images, "example.com-top.aci")),
                                 self.top)
                self.assertEqual(snapshot(self.tree(self.top)), before)
                self.assertEqual(len(self.trees()), 3)

    def test_several_at_once_make_one(self):
        self.host.ok("image", "rm", self.top)
        self.host.ok("image", "gc")
        path = os.path.join(self.host.images, "example.com-top.aci")
        started = [self.host.start("fetch", "--full", "--pull-policy=new", path) for _ in range(4)]
        results = [process.wait() for process in started]
        self.assertEqual([(it.status, it.out.strip()) for it in results], [(0, self.top)] * 4, results)
        self.assertEqual(len(self.trees()), 3)
        self.host.assert_no_drafts()

    def name(self, id):
        return json.loads(read(self.cas("image", id, "manifest")))["name"]

    def test_fetched_again_it_is_as_it_was(self):
        before, trees = snapshot(self.tree(self.top)), self.trees()
        again = self.fetch(os.path.join(self.host.images, "example.com-top.aci"))
        self.assertEqual(again, self.top)
        self.assertEqual(snapshot(self.tree(self.top)), before)
        self.assertEqual(self.trees(), trees)
        self.host.assert_no_drafts()


if __name__ == "__main__":
    unittest.main()
