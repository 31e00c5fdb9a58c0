# SPDX-License-Identifier: Apache-2.0
"""fetch and the image commands (rkt 2.9, 2.22, 2.23, 5.6)."""

import hashlib
import json
import os
import unittest

from harness import Host, aci, entry, image_manifest, needs_root, read, tar

OURS = 254
WEB = {"name": "example.com/web"}


def image_id(archive):
    return "sha512-" + hashlib.sha512(archive).hexdigest()[:64]


class Images(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def assert_fails(self, *words, text):
        """It fails with one line, which has TEXT, and stores nothing."""
        before = self.host.image_ids()
        result = self.host.run(*words)
        self.assertEqual(result.status, OURS, result)
        self.assertIn(text, result.err)
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assertEqual(result.out, "")
        self.assertEqual(self.host.image_ids(), before)
        self.host.assert_no_drafts()


class Fetch(Images):
    def test_an_id_is_printed_for_each_image(self):
        web, probe = aci(**WEB), aci()
        files = self.host.file("web.aci", web), self.host.file("probe.aci", probe)
        self.assertEqual(self.host.ok("fetch", *files).split(),
                         [image_id(web)[:39], image_id(probe)[:39]])
        self.assertEqual(self.host.ok("fetch", files[0], "--full", files[1]).split(),
                         [image_id(web), image_id(probe)])
        self.assertEqual(self.host.image_ids(), sorted([image_id(web), image_id(probe)]))

    def test_a_file_may_be_named_in_several_ways(self):
        path = self.host.aci(file="web.aci", **WEB)
        expected = self.host.fetch(path)
        for name in (f"file://{path}", os.path.relpath(path, self.host.tmp),
                     "./" + os.path.relpath(path, self.host.tmp)):
            with self.subTest(name):
                self.assertEqual(self.host.fetch(name), expected)

    def test_a_file_without_signature_needs_leave(self):
        path = self.host.aci(file="web.aci")
        for words, signature in (([], f"{path}.asc"), (["--signature=/none"], "/none")):
            with self.subTest(words):
                self.assert_fails("--insecure-options=none", "fetch", path, *words, text=(
                    f"fetch: image '{path}': error opening signature file: open {signature}: no such "
                    "file or directory (use --insecure-options=image to skip the check)"))

    def test_a_signature_is_not_passed_over(self):
        path = self.host.aci(file="web.aci")
        other = self.host.file("signature", "")
        self.assert_fails("--insecure-options=none", "fetch", path, "--signature", other,
                          text=f"signature '{other}'")
        self.host.file("web.aci.asc", "")
        self.assert_fails("--insecure-options=none", "fetch", path,
                          text=f"signature '{path}.asc'")

    def test_a_signature_belongs_to_the_image_before_it(self):
        path = self.host.aci()
        result = self.host.run("fetch", "--signature=x", path)
        self.assertEqual(result.status, OURS)
        self.assertEqual(result.err, "Error: --signature must follow an image\n\n")
        self.assert_fails("fetch", path, "--signature=a", "--signature=b", text="is given twice")

    def test_a_name_is_looked_up_by_policy(self):
        self.host.fetch(self.host.aci(**WEB))
        for policy in ("new", "never"):
            with self.subTest(policy):
                self.host.ok("fetch", f"--pull-policy={policy}", "example.com/web")
        self.assert_fails("fetch", "--pull-policy=never", "example.com/nothing", text=(
            "fetch: image 'example.com/nothing': unable to fetch image from image name "
            "\"example.com/nothing\": either image was not found in the store"))

    def test_what_cannot_be_fetched_says_why(self):
        image = self.host.aci()
        for words, text in (
                ([], "fetch: must provide at least one image"),
                ([os.path.join(self.host.images, "none.aci")], "No such file or directory"),
                ([self.host.images + "/"], "fetch: "),
                (["http://example.com/x.aci"], "is not https (use --insecure-options=http to allow it)"),
                (["docker://debian"], "images from Docker registries are not served yet"),
                (["sha512-abcdef"], "an image ID says nothing of where to fetch it from"),
                ([image, "--", "x"], "unable to parse arguments: app arguments are not for fetch"),
                ([image, "--x"], "unable to parse arguments: unknown flag: --x"),
                ([image, "--pull-policy=x"], "must be 'never', 'new' or 'update'"),
                ([image, "--no-store", "--store-only"], "exclude each other")):
            with self.subTest(words):
                result = self.host.run("fetch", *words)
                self.assertEqual(result.status, OURS, result)
                self.assertIn(text, result.err)
                self.assertEqual(self.host.image_ids(), [])

    def test_a_file_that_is_none_is_refused(self):
        fifo = os.path.join(self.host.images, "fifo.aci")
        os.mkfifo(fifo)
        self.assert_fails("fetch", f"file://{fifo}", text=f"'{fifo}' is not a regular file")


class Resolve(Images):
    """How an image of the store is named; shown with cat-manifest."""

    def setUp(self):
        super().setUp()
        self.one = self.host.fetch(self.host.aci(labels={"version": "1"}, **WEB))
        self.two = self.host.fetch(self.host.aci(labels={"version": "2", "arch": "aarch64"}, **WEB))

    def version(self, text):
        manifest = json.loads(self.host.ok("image", "cat-manifest", text))
        return {label["name"]: label["value"] for label in manifest["labels"]}["version"]

    def test_by_id_and_by_the_beginning_of_one(self):
        self.assertEqual(self.version(self.one), "1")
        self.assertEqual(self.version(self.one[:20]), "1")
        self.assertEqual(self.version(self.one + "0" * 64), "1")

    def test_by_name_and_labels_whatever_the_machine(self):
        self.assertEqual(self.version("example.com/web:1"), "1")
        self.assertEqual(self.version("example.com/web,version=1"), "1")
        self.assertEqual(self.version("example.com/web"), "2")
        self.assertEqual(self.version("example.com/web,arch=aarch64"), "2")

    def test_what_names_no_image_is_refused(self):
        for text, error in (
                ("example.com/web:3", 'cannot find aci satisfying name: "example.com/web" and '
                 'labels: [{"version" "3"}] in the local store'),
                ("nothing", 'cannot find aci satisfying name: "nothing" and labels: [] in the '
                 "local store"),
                ("sha512-a", "image ID too short"),
                ("sha512-" + "0" * 64, "cannot resolve image ID"),
                ("UPPER", "cat-manifest: "), ("", "cat-manifest: "), ("../x", "cat-manifest: ")):
            with self.subTest(text):
                self.assert_fails("image", "cat-manifest", text, text=error)

    def test_an_ambiguous_beginning_is_refused(self):
        # Images are made until the IDs of two begin with the same two digits.
        ids, count = {self.one[:9]: 1, self.two[:9]: 1}, 2
        while len(ids) == count:
            small = tar([entry("manifest", image_manifest(app=False)), entry("rootfs"),
                         entry("rootfs/count", str(count))])
            id = self.host.fetch(self.host.file("small.aci", small))
            ids[id[:9]], count = 1, count + 1
        self.assert_fails("image", "cat-manifest", id[:9], text=f'ambiguous image ID: "{id[:9]}"')


class CatManifest(Images):
    def test_it_is_indented_by_tabs_or_one_line(self):
        self.host.fetch(self.host.aci(**WEB))
        pretty = self.host.ok("image", "cat-manifest", "example.com/web")
        plain = self.host.ok("image", "cat-manifest", "--pretty-print=false", "example.com/web")
        self.assertTrue(pretty.startswith('{\n\t"acKind": "ImageManifest",\n'))
        self.assertTrue(plain.startswith('{"acKind":"ImageManifest","acVersion":"0.8.11",'))
        self.assertEqual(plain.count("\n"), 1)
        self.assertEqual(json.loads(pretty), json.loads(plain))


class Export(Images):
    def test_the_bytes_are_those_that_were_fetched(self):
        for compression in ("", "gz", "bz2", "xz"):
            with self.subTest(compression):
                # The content differs too: the same image is not stored again.
                path = self.host.file(f"in{compression}.aci",
                                      aci({"which": compression}, compression=compression))
                out = os.path.join(self.host.images, f"out{compression}.aci")
                self.host.ok("image", "export", self.host.fetch(path), out)
                self.assertEqual(read(out, "rb"), read(path, "rb"))

    def test_a_file_that_is_there_is_replaced_only_when_asked(self):
        path = self.host.aci(**WEB)
        self.host.fetch(path)
        out = self.host.file("out.aci", "old")
        self.assert_fails("image", "export", "example.com/web", out,
                          text="output ACI file exists (try --overwrite)")
        self.assertEqual(read(out), "old")
        self.host.ok("image", "export", "--overwrite", "example.com/web", out)
        self.assertEqual(read(out, "rb"), read(path, "rb"))
        self.assertEqual(sorted(os.listdir(self.host.images)), sorted(["out.aci", os.path.basename(path)]))

    def test_only_a_file_is_ever_replaced(self):
        self.host.fetch(self.host.aci(**WEB))
        target = self.host.file("target", "old")
        link = os.path.join(self.host.images, "link")
        os.symlink(target, link)
        # No device of the host's: a test must be able to fail and do no harm.
        pipe = os.path.join(self.host.images, "pipe")
        os.mkfifo(pipe)
        for out in (link, pipe, self.host.images):
            with self.subTest(out):
                self.assert_fails("image", "export", "--overwrite", "example.com/web", out,
                                  text="is not a regular file")
        self.assertEqual(read(target), "old")
        self.assert_fails("image", "export", "example.com/web", self.host.images + "/none/x",
                          text="No such file or directory")


    def test_a_signature_is_written_beside(self):
        path = self.host.aci(**WEB)
        id = self.host.fetch(path)
        stored = os.path.join(self.host.data, "cas", "image", id, "aci.asc")
        with open(stored, "w", encoding="utf-8") as file:
            file.write("signed")
        out = os.path.join(self.host.images, "out.aci")
        signature = self.host.file("out.aci.asc", "another's")
        self.assert_fails("image", "export", id, out,
                          text=f"cannot write '{signature}': output ACI file exists")
        self.assertFalse(os.path.exists(out))
        self.host.ok("image", "export", "--overwrite", id, out)
        self.assertEqual(read(out, "rb"), read(path, "rb"))
        self.assertEqual(read(signature), "signed")
        os.unlink(stored)
        os.unlink(signature)
        self.host.ok("image", "export", "--overwrite", id, out)
        self.assertFalse(os.path.exists(signature))


class List(Images):
    def setUp(self):
        super().setUp()
        self.web = self.host.fetch(self.host.aci({"large": "x" * 100000},
                                                 labels={"version": "1.2"}, **WEB))
        self.probe = self.host.fetch(self.host.aci())

    def rows(self, *words):
        out = self.host.ok("image", "list", *words)
        return [[cell for cell in line.split("\t") if cell] for line in out.splitlines()]

    def test_columns(self):
        rows = self.rows()
        self.assertEqual(rows[0], ["ID", "NAME", "SIZE", "IMPORT TIME", "LAST USED"])
        self.assertEqual([row[:2] for row in rows[1:]],
                         [[self.web[:19], "example.com/web:1.2"], [self.probe[:19], "example.com/probe"]])
        for row in rows[1:]:
            self.assertRegex(row[2], r"^[0-9]+(\.[0-9])?(KiB|MiB)$")
            self.assertRegex(row[3], r"^(now|[0-9]+ seconds? ago)$")

    def test_columns_in_full(self):
        rows = self.rows("--full")
        self.assertEqual(rows[1][0], self.web)
        self.assertRegex(rows[1][2], r"^[0-9]+$")
        self.assertRegex(rows[1][3], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})? [+-]\d{4} \w+$")

    def test_fields_and_order_are_chosen(self):
        self.assertEqual(self.rows("--fields=name,id", "--sort=name", "--no-legend"),
                         [["example.com/probe", self.probe[:19]],
                          ["example.com/web:1.2", self.web[:19]]])
        self.assertEqual(self.rows("--fields=name", "--sort=size", "--order=desc")[1:],
                         [["example.com/web:1.2"], ["example.com/probe"]])
        for words, error in ((["--fields=id,bogus"], "unknown field 'bogus'"),
                             (["--fields=id,id"], "field 'id' is given twice"),
                             (["--sort=id"], "unknown field 'id'"),
                             (["--format=xml"], "must be 'json' or 'json-pretty'")):
            with self.subTest(words):
                result = self.host.run("image", "list", *words)
                self.assertEqual(result.status, OURS)
                self.assertIn(error, result.err)

    def test_json(self):
        out = self.host.ok("image", "list", "--format=json")
        images = json.loads(out)
        self.assertTrue(out.startswith('[{"id":"sha512-') and out.endswith("}]\n"))
        self.assertEqual([list(i) for i in images],
                         [["id", "name", "import_time", "last_used_time", "size"]] * 2)
        self.assertEqual([i["id"] for i in images], [self.web, self.probe])
        self.assertEqual(images[0]["name"], "example.com/web:1.2")
        pretty = self.host.ok("image", "list", "--format=json-pretty")
        self.assertTrue(pretty.startswith('[\n\t{\n\t\t"id": "sha512-'))
        self.assertEqual(json.loads(pretty), images)


class Empty(Images):
    def test_an_empty_store_lists_nothing(self):
        self.assertEqual(self.host.ok("image", "list"), "ID\tNAME\tSIZE\tIMPORT TIME\tLAST USED\n")
        self.assertEqual(self.host.ok("image", "list", "--no-legend"), "\n")
        self.assertEqual(self.host.ok("image", "list", "--format=json"), "null\n")
        self.assertEqual(self.host.ok("image", "list", "--format=json-pretty"), "null\n")
        self.assertEqual(self.host.ok("image", "gc"), "")


class Remove(Images):
    def test_images_go_and_their_trees_stay_until_gc(self):
        web = self.host.fetch(self.host.aci(**WEB))
        result = self.host.run("image", "rm", "example.com/web")
        self.assertEqual(result.status, 0)
        self.assertEqual(result.out, f'successfully removed aci for image: "{web}"\n')
        self.assertEqual(result.err, "rm: 1 image(s) successfully removed\n")
        self.assertEqual(self.host.image_ids(), [])
        trees = os.path.join(self.host.data, "cas", "tree")
        self.assertEqual(len(os.listdir(trees)), 1)
        result = self.host.run("image", "gc")
        self.assertEqual((result.status, result.out), (0, ""))
        self.assertRegex(result.err, r'^gc: removed treestore "deps-sha512-[0-9a-f]{64}"\n$')
        self.assertEqual(os.listdir(trees), [])

    def test_one_that_is_not_there_fails_and_the_others_go(self):
        web = self.host.fetch(self.host.aci(**WEB))
        result = self.host.run("image", "rm", "none", "example.com/web", "sha512-0")
        self.assertEqual(result.status, OURS)
        self.assertIn(web, result.out)
        self.assertEqual(result.err.splitlines(), [
            "rm: cannot find aci satisfying name: \"none\" and labels: [] in the local store",
            "rm: 1 image(s) successfully removed", "rm: image ID too short"])
        self.assertEqual(self.host.image_ids(), [])
        self.assert_fails("image", "rm", "none", text="cannot find aci")


class Collect(Images):
    def test_images_go_when_they_were_not_used_for_a_while(self):
        web = self.host.fetch(self.host.aci(**WEB))
        self.host.ok("image", "gc")
        self.host.ok("image", "gc", "--grace-period=1h")
        self.assertEqual(self.host.image_ids(), [web])
        result = self.host.run("image", "gc", "--grace-period=0s")
        self.assertEqual(result.status, 0)
        self.assertEqual(result.out, f'successfully removed aci for image: "{web}"\n')
        self.assertRegex(result.err, r'^gc: removed treestore "[^"]+"\ngc: 1 image\(s\) successfully removed\n$')
        self.assertEqual(os.listdir(os.path.join(self.host.data, "cas", "tree")), [])

    @needs_root
    def test_a_pod_keeps_its_images_and_trees_whatever_its_state(self):
        web = self.host.fetch(self.host.aci(**WEB))
        other = self.host.fetch(self.host.aci(name="example.com/other"))
        uuid = self.host.ok("prepare", "example.com/web").strip()
        self.host.ok("image", "gc", "--grace-period=0s")
        self.assertIn(web, self.host.image_ids())
        self.assertNotIn(other, self.host.image_ids())
        self.assertEqual(self.host.run("run-prepared", "--net=none", uuid).status, 0)
        self.host.ok("image", "gc", "--grace-period=0s")
        self.assertIn(web, self.host.image_ids())
        self.host.ok("rm", uuid)
        self.host.ok("image", "gc", "--grace-period=0s")
        self.assertEqual(self.host.image_ids(), [])
        self.assertEqual(os.listdir(os.path.join(self.host.data, "cas", "tree")), [])

    def test_what_a_killed_process_left_goes(self):
        self.host.ok("image", "list")
        os.mkdir(os.path.join(self.host.data, "cas", "tmp", "0f746094-3438-42bc-ab37-3cf85f132e60"))
        self.host.ok("image", "gc")
        self.host.assert_no_drafts()


if __name__ == "__main__":
    unittest.main()
