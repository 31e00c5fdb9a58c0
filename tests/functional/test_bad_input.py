# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with what one gives to gantry: status 254, and one line on standard error
that says where and what. Nothing of it is left."""

import json
import os
import re
import unittest

import harness
from harness import Host, entry, image_manifest, needs_root, symlink, tar

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
NO_POD = "01234567-89ab-4cde-8f01-23456789abcd"


class BadInput(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def assert_refused(self, words, *texts, lines=1):
        """WORDS fail with 254, and each of TEXTS, a pattern, is in the error's LINES (None: any)."""
        with self.subTest(" ".join(words)):
            result = self.host.run(*words)
            self.assertEqual(result.status, 254, result)
            self.assertIsNone(CONTROL.search(result.err), result)
            for text in texts:
                self.assertRegex(result.err, text or ".")
            if lines:
                self.assertEqual(len(result.err.splitlines()), lines, result)
            return result
        return None

    def archive(self, *entries, **options):
        self.host.count += 1
        return self.host.file(f"bad-{self.host.count}.aci", tar(entries, **options))

    def manifest(self, text):
        """An image that has TEXT for its manifest."""
        return self.archive(entry("manifest", text), entry("rootfs"))


class CommandLine(BadInput):
    """None of it needs root, or makes a data directory."""

    def test_commands(self):
        self.assert_refused(["nothing"], r'unknown command "nothing"', lines=None)
        self.assert_refused(["image", "rm"], "", lines=None)

    def test_options(self):
        for words, text in (
                (["list", "--nothing"], "unknown flag: --nothing"),
                (["list", "-x"], "unknown.*flag.*x"),
                (["list", "--format"], "flag needs an argument: --format"),
                (["gc", "--grace-period=soon"], 'invalid argument "soon" for --grace-period=soon: '),
                (["list", "--full=perhaps"], 'invalid argument "perhaps" for --full=perhaps: '),
                (["--insecure-options=image,nothing", "list"], "--insecure-options"),
                (["--dir=", "list"], "--dir")):
            self.assert_refused(words, text, lines=None)

    def test_values(self):
        image = self.host.aci()
        for option, text in (
                ("--port=web", "--port"), ("--port=web:99999", "--port"), ("--port=Web:80", "--port"),
                ("--set-env=1=2", "--set-env"), ("--set-env=A", "--set-env"),
                ("--volume=a", "--volume"), ("--volume=a,kind=nothing", "--volume"),
                ("--volume=a,kind=host,source=relative", "--volume"),
                ("--volume=a,kind=empty,mode=999", "--volume"),
                ("--volume=a,kind=empty,odd=1", 'unknown volume parameter "odd"'),
                ("--mount=volume=a", "--mount"), ("--mount=target=/x,target=/y", "--mount"),
                ("--set-env-file=/nothing/here", "--set-env-file|/nothing/here")):
            self.assert_refused(["run", "--net=none", option, image], text, lines=None)

    def test_app_options(self):
        image = self.host.aci()
        for option, text in (
                ("--nothing", "unknown flag: --nothing"), ("--user", "flag needs an argument: --user"),
                ("--memory=much", "--memory"), ("--memory=1", "--memory"), ("--cpu=-1", "--cpu"),
                ("--cpu-shares=1", "--cpu-shares"), ("--oom-score-adj=1001", "--oom-score-adj"),
                ("--caps-retain=KILLING", "--caps-retain|KILLING"), ("--name=Ä", "--name"),
                ("--supplementary-gids=a", "--supplementary-gids"),
                ("--seccomp=mode=nothing,read", "--seccomp"),
                ("--readonly-rootfs=perhaps", "--readonly-rootfs|perhaps"),
                ("--mount=volume=none,target=/x", 'dangling mount point.*volume "none" not found')):
            self.assert_refused(["run", "--net=none", image, option], text)

    def test_app_options_want_an_image(self):
        for option in ("--exec=/x", "--name=x", "--user=0", "--memory=1Mi"):
            self.assert_refused(["run", option], "must follow an image", lines=None)

    def test_what_contradicts_itself(self):
        image, other = self.host.aci(), self.host.aci(name="example.com/other")
        pod = self.host.file("pod", "{}")
        for words, text in (
                (["run"], "must provide at least one image or specify the pod manifest"),
                (["run", "--store-only", "--no-store", image], "store"),
                (["run", "--net=none", "--port=a:1", image],
                 "--port flag does not work with 'none' networking"),
                (["run", "--net=host", "--port=a:1", image],
                 "--port flag does not work with 'host' networking"),
                (["run", f"--pod-manifest={pod}", image], "conflicting flags set with --pod-manifest"),
                (["run", f"--pod-manifest={pod}", "--inherit-env"],
                 "conflicting flags set with --pod-manifest"),
                (["run", "--net=none", "--interactive", image, "---", other],
                 "interactive option only supports one image"),
                (["run", "--net=none", image, "--", "a", "---", "--", "b"],
                 "only one set of app arguments allowed per image"),
                (["run", "--net=none", image, "--exec=/a", "--exec=/b"], "exec"),
                (["status"], ""), (["stop"], ""), (["enter"], "")):
            self.assert_refused(words, text, lines=None)


class Images(BadInput):
    """What is fetched; test_archives.py has what is wrong with archives. Nothing of a refused image is
    in the store."""

    def tearDown(self):
        self.assertEqual(self.host.image_ids(), [])
        self.host.assert_no_drafts()
        self.host.assert_nothing_outside()

    def test_references(self):
        for reference, text in (
                ("/nothing/here.aci", "/nothing/here.aci"), ("./nothing.aci", "nothing.aci"),
                ("", ""), ("docker://busybox", "docker"), ("ftp://host/x.aci", "ftp"),
                (self.host.images, os.path.basename(self.host.images))):
            self.assert_refused(["fetch", reference], text)

    def test_a_name_that_is_not_here(self):
        self.assert_refused(["fetch", "--pull-policy=never", "example.com/nothing"], "example.com/nothing")

    def test_an_image_without_a_signature(self):
        file = self.host.aci()
        result = self.host.run("--insecure-options=none", "fetch", file)
        self.assertEqual(result.status, 254, result)
        self.assertRegex(result.err, "sign")
        self.assertIn("--insecure-options=image", result.err)

    def test_manifests(self):
        """The message names the place in the document."""
        def changed(**members):
            document = json.loads(image_manifest())
            document.update(members)
            return json.dumps({k: v for k, v in document.items() if v is not None})

        def app(**members):
            return changed(app={"exec": ["/x"], "user": "0", "group": "0", **members})
        for text, where in (
                ("", "manifest"), ("{", "manifest"), ("[]", "manifest"), ("{}", "acKind"),
                ("null", "manifest"), ('"text"', "manifest"), ("{} {}", "manifest"),
                ('{"acKind": "ImageManifest",}', "manifest"), ("\xff\xfe", "manifest"),
                (changed(acKind="PodManifest"), "acKind"), (changed(acVersion=None), "acVersion"),
                (changed(acVersion="1"), "acVersion"), (changed(name=None), "name"),
                (changed(name="Example.com"), "name"), (changed(name="a/"), "name"),
                (changed(name=5), "name"), (changed(labels="x"), "labels"),
                (changed(labels=[{"name": "os", "value": "plan9"}]), "labels|os"),
                (changed(labels=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]), "labels"),
                (app(user=None), r"\.app\.user"), (app(group=None), r"\.app\.group"),
                (app(user=""), r"\.app\.user"), (app(exec="x"), r"\.app\.exec"),
                (app(workingDirectory="relative"), r"\.app\.workingDirectory"),
                (app(environment=[{"name": "A=B", "value": ""}]), r"\.app\.environment"),
                (app(environment=[{"name": "A"}, {"name": "A"}]), r"\.app\.environment"),
                (app(eventHandlers=[{"name": "later", "exec": ["/x"]}]), r"\.app\.eventHandlers"),
                (app(mountPoints=[{"name": "Bad", "path": "/x"}]), r"\.app\.mountPoints"),
                (app(ports=[{"name": "a", "protocol": "tcp", "port": 70000}]), r"\.app\.ports"),
                (app(isolators=[{"name": "os/linux/seccomp-remove-set", "value": {"set": []}}]),
                 r"\.app\.isolators"),
                (app(isolators=[{"name": "resource/memory", "value": {"limit": "much"}}]),
                 r"\.app\.isolators"),
                (app(supplementaryGIDs=["a"]), r"\.app\.supplementaryGIDs"),
                (changed(annotations=[{"name": "created", "value": "yesterday"}]), "annotations"),
                (changed(dependencies=[{}]), "dependencies"),
                ("[" * 5000 + "]" * 5000, "manifest"),
                (changed(extra="x" * (5 << 20)), "manifest")):
            with self.subTest(text[:200]):
                file = self.manifest(text.encode("latin-1"))
                name = re.escape(os.path.basename(file))
                self.assert_refused(["fetch", file], name, where)

    def test_control_characters_of_an_image_are_not_printed(self):
        """Threat 21"""
        for name in ("rootfs/\x1b[31mred", "rootfs/a\nb: c", "\x1b]0;title\x07"):
            self.assert_refused(["fetch", self.archive(
                entry("manifest", image_manifest()), entry("rootfs"), entry(name, ""), entry(name, ""))])


class ImageReferences(BadInput):
    """IDs and names of what is in the store."""

    def setUp(self):
        super().setUp()
        self.keys, count = [], 0
        # As many as it takes for two IDs to begin with the same two digits.
        while len({key[7:9] for key in self.keys}) == len(self.keys):
            count += 1
            manifest = image_manifest(name=f"example.com/n{count}", app=False)
            self.keys.append(self.host.fetch(self.manifest(manifest)))
        self.common = self.keys[-1][:9]

    def test_ids(self):
        absent = "sha512-" + "0" * 64
        for verb in (["image", "cat-manifest"], ["image", "export"]):
            rest = [os.path.join(self.host.images, "out.aci")] if verb[1] == "export" else []
            for key, text in ((self.common, f'ambiguous image ID: "{self.common}"|ambiguous'),
                              ("sha512-a", "too short"), (absent, "no image IDs found|cannot find"),
                              (self.keys[0] + "x", ""), ("sha512-" + "z" * 64, ""),
                              ("example.com/nothing", "example.com/nothing")):
                self.assert_refused([*verb, key, *rest], text)
        self.assertEqual(len(self.host.image_ids()), len(self.keys))

    def test_rm_names_each_that_it_cannot_remove(self):
        result = self.host.run("image", "rm", "example.com/nothing", self.common)
        self.assertEqual(result.status, 254, result)
        self.assertIn("example.com/nothing", result.err)
        self.assertIn("ambiguous", result.err)
        self.assertEqual(len(self.host.image_ids()), len(self.keys))

    @needs_root
    def test_run(self):
        for image, text in (
                (self.common, "ambiguous"), ("sha512-a", "too short"),
                ("sha512-" + "0" * 64, "sha512-0000"), (self.keys[0], "no app section")):
            self.assert_refused(["run", "--net=none", "--pull-policy=never", image], text)
        self.host.assert_nothing_left()


@needs_root
class Pods(BadInput):
    """UUIDs, dead pods, and directories that are no pod's."""

    def setUp(self):
        super().setUp()
        self.pod = self.host.pod(self.host.aci())

    def tearDown(self):
        self.host.ok("gc", "--grace-period=0s")

    def test_uuids(self):
        commands = (["status"], ["enter"], ["stop"], ["rm"], ["cat-manifest"],
                    ["run-prepared", "--net=none"])
        for command in commands:
            last = ["/x"] if command == ["enter"] else []
            for uuid in (NO_POD, "ffffffff", "../run", "nothing", "*"):
                self.assert_refused([*command, uuid, *last],
                                    f'no matches found for "{re.escape(uuid)}"', lines=None)
            self.assert_refused([*command, "", *last], "UUID cannot be empty", lines=None)

    def test_an_ambiguous_prefix(self):
        pods = [self.pod.uuid]
        base = os.path.join(self.host.data, "pods", "run")
        twin = self.pod.uuid[:-1] + ("0" if self.pod.uuid[-1] != "0" else "1")
        os.mkdir(os.path.join(base, twin), 0o750)
        pods.append(twin)
        self.assert_refused(["status", self.pod.uuid[:8]], "ambiguous uuid, 2 matches")
        self.assertEqual(self.host.state(self.pod.uuid), "exited")

    def test_states(self):
        uuid = self.pod.uuid
        prepared = self.host.ok("prepare", self.host.aci()).strip()
        for words, text in (
                (["enter", uuid, "/x"], f'pod "{uuid}" isn\'t currently running'),
                (["enter", prepared, "/x"], f'pod "{prepared}" isn\'t currently running'),
                (["stop", prepared], f'pod "{prepared}" is not running'),
                (["run-prepared", "--net=none", uuid], f'pod "{uuid}" is not prepared')):
            self.assert_refused(words, text, lines=None)
        self.host.ok("rm", prepared)

    def test_uuid_files(self):
        for content in ("", "\n", "nothing", NO_POD):
            file = self.host.file("uuid", content)
            self.assert_refused(["rm", f"--uuid-file={file}"], "", lines=None)
        missing = self.host.run("status", "--uuid-file=/nothing/here")
        self.assertEqual(missing.status, 1, missing)  # rkt 1.5
        self.assertIn("/nothing/here", missing.err)

    def test_foreign_directories(self):
        """What is in pods/run, but is no pod, disturbs no command that is not about it."""
        base = os.path.join(self.host.data, "pods", "run")
        uuids = [f"{n}" * 8 + NO_POD[8:] for n in range(5)]
        empty, garbled, bare, link, file = (os.path.join(base, uuid) for uuid in uuids)
        for path in (empty, garbled, bare):
            os.mkdir(path, 0o750)
        os.symlink("/etc", link)
        harness.write(file, "a file")
        os.mkdir(os.path.join(base, "not-a-uuid"))
        harness.write(os.path.join(garbled, "pod"), '{"acKind": "PodMani')
        harness.write(os.path.join(bare, "pod"), json.dumps(
            {"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [], "volumes": None}))
        listed = self.host.run("list")
        self.assertEqual(listed.status, 0, listed)
        self.assertIn(self.pod.uuid[:8], listed.out)
        self.assertIsNone(CONTROL.search(listed.err.replace("\t", "")))
        for uuid in uuids:
            self.host.run("status", uuid)
            self.assertEqual(self.host.run("enter", uuid, "/x").status, 254)
        collected = self.host.run("gc", "--grace-period=0s")
        self.assertEqual(collected.status, 0, collected)
        self.assertNotIn(self.pod.uuid, self.host.pods())
        for path in (empty, garbled, bare):
            self.assertFalse(os.path.exists(path), path)
        self.assertTrue(os.path.exists("/etc/passwd"))
        for path in (link, file):
            if os.path.lexists(path):
                os.unlink(path)
        if os.path.isdir(os.path.join(base, "not-a-uuid")):
            os.rmdir(os.path.join(base, "not-a-uuid"))
        self.host.assert_nothing_left()

    def test_pod_manifests(self):
        key = self.host.fetch(self.host.aci())
        app = {"name": "a", "image": {"id": key}, "app": {"exec": ["/probe", "exit", "0"], "user": "0",
                                                          "group": "0"}}

        def pod(**members):
            return json.dumps({"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [app], **members})
        for text, where in (
                ("", "manifest|pod"), ("{", "pod"), (image_manifest(), "acKind"),
                (pod(apps=[]), "at least one app|apps"), (pod(apps=[app, app]), "apps"),
                (pod(apps=[{**app, "name": "A"}]), r"\.apps\[0\]\.name"),
                (pod(apps=[{**app, "image": {}}]), r"\.apps\[0\]\.image\.id"),
                (pod(apps=[{**app, "image": {"id": "sha512-" + "0" * 64}}]), "sha512-000"),
                (pod(apps=[{**app, "mounts": [{"volume": "v", "path": "/x"}]}]), '"v"|v'),
                (pod(volumes=[{"name": "v", "kind": "other"}]), r"\.volumes\[0\]"),
                (pod(ports=[{"name": "p", "hostPort": 1}]), "p")):
            with self.subTest(text):
                file = self.host.file("pod.json", text)
                self.assert_refused(["run", "--net=none", f"--pod-manifest={file}"], where)

    def test_a_data_directory_that_is_none(self):
        for path in (self.host.file("file", ""), "/proc/version", "/dev/null/x"):
            result = harness.Process([harness.GANTRY, f"--dir={path}", "--insecure-options=image", "run",
                                      "--net=none", self.host.aci()], **self.host.options()).wait()
            self.assertEqual(result.status, 254, result)
            self.assertIn(path, result.err)

    def test_an_image_for_another_machine(self):
        """Of another system: another processor may well be emulated (rkt 2.6)."""
        image = self.host.aci(labels={"os": "freebsd", "arch": "amd64"})
        self.assert_refused(["run", "--net=none", image], "freebsd")

    def test_networks_that_are_not_served_yet(self):
        """Refused with a sentence, never ignored."""
        image = self.host.aci()
        for option in ([], ["--net"], ["--net=default"], ["--net=custom"]):
            result = self.assert_refused(["run", *option, image], "net")
            self.assertTrue(result is None or result.err)


if __name__ == "__main__":
    unittest.main()
