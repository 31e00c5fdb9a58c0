# SPDX-License-Identifier: Apache-2.0
"""The configuration directories (rkt 3.1 to 3.5): what is read, what counts, and how it is
printed; the data directory and the stage1 that are configured."""

import contextlib
import json
import os
import shutil
import unittest

import harness
import network
from harness import Host, needs_program, needs_root, write
from https_server import Authority, Page, Server

OURS = 254


class Configured(unittest.TestCase):
    """HOST with three directories of its own, empty at first."""

    def setUp(self):
        self.host = Host(self)
        self.dirs = {layer: os.path.join(self.host.scratch, layer)
                     for layer in ("system", "local", "user")}
        for path in self.dirs.values():
            os.mkdir(path)
        self.addCleanup(self.clear)
        self.options = [f"--{layer}-config={path}" for layer, path in self.dirs.items()]

    def clear(self):
        for path in self.dirs.values():
            shutil.rmtree(path, ignore_errors=True)

    def put(self, kind, layer="local", file="a.json", mode=0o600, **members):
        """Writes a file of KIND; its path."""
        part = {"dockerAuth": "auth"}.get(kind, kind)
        return self.put_text(json.dumps({"rktKind": kind, "rktVersion": "v1", **members}),
                             f"{part}.d", layer, file, mode)

    def put_text(self, text, part, layer="local", file="a.json", mode=0o600):
        directory = os.path.join(self.dirs[layer], part)
        os.makedirs(directory, exist_ok=True)
        return write(os.path.join(directory, file), text, mode)

    def put_auth(self, domain, user="u", **where):
        return self.put("auth", domains=[domain], type="basic",
                        credentials={"user": user, "password": "SECRET"}, **where)

    def run_with(self, *words, **options):
        return self.host.run(*self.options, *words, **options)

    def assert_refused(self, message, *words):
        result = self.run_with(*words)
        self.assertEqual((result.status, result.out), (OURS, ""), result)
        self.assertEqual(result.err, f"{words[0]}: {message}\n")


class Print(Configured):
    def config(self, *words):
        result = self.run_with("config", *words)
        self.assertEqual((result.status, result.err), (0, ""), result)
        return result.out

    def test_nothing_configured_is_empty_strings(self):
        self.assertEqual(self.config("--pretty-print=false"), (
            '{"stage0":[{"rktVersion":"v1","rktKind":"paths","data":"","stage1-images":""},'
            '{"rktVersion":"v1","rktKind":"stage1","name":"","version":"","location":""}]}\n'))

    def test_it_is_indented_by_tabs(self):
        self.assertTrue(self.config().startswith(
            '{\n\t"stage0": [\n\t\t{\n\t\t\t"rktVersion": "v1",\n\t\t\t"rktKind": "paths",\n'))
        self.assertEqual(json.loads(self.config()), json.loads(self.config("--pretty-print=false")))

    def test_the_directories_are_merged_key_by_key(self):
        self.put_auth("a.test", "system", layer="system")
        self.put_auth("b.test", "system", layer="system", file="b.json")
        self.put_auth("b.test", "local")
        self.put("paths", data="/system", layer="system", **{"stage1-images": "/images"})
        self.put("paths", data="/user", layer="user")
        merged = json.loads(self.config())["stage0"]
        users = {o["domains"][0]: o["credentials"]["user"] for o in merged if o["rktKind"] == "auth"}
        self.assertEqual(users, {"a.test": "system", "b.test": "local"})
        self.assertEqual(merged[-2], {"rktVersion": "v1", "rktKind": "paths", "data": "/user",
                                      "stage1-images": "/images"})

    def test_secrets_are_shown_only_when_asked_for(self):
        self.put_auth("a.test")
        self.assertNotIn("SECRET", self.config())
        self.assertIn('"password": "(hidden)"', self.config())
        self.assertIn('"password": "SECRET"', self.config("--show-secrets"))

    def test_a_file_of_secrets_that_all_may_read_is_told_of_once(self):
        path = self.put_auth("a.test", mode=0o644)
        result = self.run_with("config")
        self.assertEqual(result.status, 0)
        self.assertEqual(result.err, f"config: everybody can read the secrets in '{path}': run "
                         f"\"chmod o-r '{path}'\"\n")

    def test_members_that_mean_nothing_are_warned_of(self):
        auth = self.put("auth", domains=["a.test", "b.test"], type="oauth", comment="x",
                        credentials={"token": "t", "\x1buser": "u"})
        docker = self.put("dockerAuth", file="b.json", registries=["a.test"],
                          credentials={"user": "u", "password": "p", "email": "e"})
        paths = self.put("paths", stage1_images="/x", Data="/y")
        result = self.run_with("config")
        self.assertEqual(result.status, 0)
        self.assertEqual(result.err, "".join(
            f"config: '{path}': {place}: is not known, and does nothing\n" for path, place in (
                (auth, ".comment"), (auth, ".credentials.?user"), (docker, ".credentials.email"),
                (paths, ".stage1_images"))))

    def test_arguments_are_refused(self):
        self.assertIn("takes no arguments", self.run_with("config", "x").err)


class Broken(Configured):
    def test_each_error_names_the_file_and_the_place(self):
        path = self.put("auth", domains=["a.test"], type="basic", credentials={"password": "p"})
        self.assert_refused(f"configuration: '{path}': .credentials.user: required", "config")
        os.unlink(path)
        first = self.put_auth("a.test")
        second = self.put_auth("a.test", file="b.json")
        self.assert_refused(f"configuration: '{second}': .domains[0]: 'a.test' is set by '{first}' "
                            "too, which is as good", "config")
        os.unlink(first)
        os.unlink(second)
        path = self.put_text("{", "stage1.d", "user")
        self.assert_refused(f"configuration: '{path}': line 1, column 1: string or '}}' expected "
                            "near end of file", "config")

    def test_a_directory_that_is_none_is_an_error(self):
        for path in (os.path.join(self.dirs["user"], "auth.d"), self.dirs["user"]):
            shutil.rmtree(path, ignore_errors=True)
            write(path, "")
            self.assert_refused(f"configuration: cannot open '{path}': Not a directory", "config")
            os.unlink(path)
            os.makedirs(self.dirs["user"], exist_ok=True)

    def test_what_needs_it_whole_fails_and_the_rest_works(self):
        path = self.put_text("{}", "auth.d")
        message = f"configuration: '{path}': .rktVersion: required"
        self.assert_refused(message, "fetch", "x.aci")
        self.assertEqual(self.run_with("image", "fetch", "x.aci").err, f"fetch: {message}\n")
        if os.geteuid() == 0:
            self.assert_refused(message, "run", "x.aci")
            self.assert_refused(message, "prepare", "x.aci")
        for words in (["list"], ["image", "list"], ["version"]):
            self.assertEqual(self.run_with(*words).status, 0)

    def test_what_needs_the_data_directory_fails_when_paths_are_broken(self):
        path = self.put("paths", data="relative")
        words = [harness.GANTRY, *self.options, "list"]
        result = harness.Process(words, **self.host.options()).wait()
        self.assertEqual((result.status, result.err), (
            OURS, f"list: configuration: '{path}': .data: must be an absolute path\n"))

    def test_a_file_that_others_can_change_is_refused(self):
        path = self.put("paths", data="/elsewhere", mode=0o646)
        self.assert_refused(f"configuration: '{path}' can be changed by others: run \"chmod go-w "
                            f"'{path}'\" if it is as it should be", "config")


class DataDirectory(Configured):
    def test_the_configured_one_is_used_and_the_option_counts_more(self):
        data = os.path.join(self.host.scratch, "configured")
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        self.put("paths", data=data)
        image = self.host.aci()
        words = [harness.GANTRY, *self.options, "--insecure-options=image", "fetch", image]
        result = harness.Process(words, **self.host.options()).wait()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(os.listdir(os.path.join(data, "cas", "image"))), 1)
        self.assertEqual(self.host.image_ids(), [])
        self.assertEqual(self.run_with("fetch", image).status, 0)
        self.assertEqual(len(self.host.image_ids()), 1)


@needs_root
class Stage1(Configured):
    """The stage1 is told apart by what it makes of the pod: the probe's exits with RUN."""

    def setUp(self):
        super().setUp()
        self.key = self.host.fetch(self.host.aci(exec=["/probe", "exit", "3"]))
        self.other = self.host.file("other.aci", harness.stage1_probe_aci({"run": 5}))

    def pod(self, *words):
        return self.host.pod(*self.options, *words, self.key)

    def test_nothing_configured_is_the_installations(self):
        self.assertEqual(self.pod().status, 3)

    def test_a_location_is_used_and_the_option_counts_more(self):
        for location in (self.other, f"file://{self.other}"):
            with self.subTest(location):
                self.put("stage1", location=location)
                self.assertEqual(self.pod().status, 5)
                self.assertEqual(self.pod("--stage1-name=gantry/stage1-native").status, 3)

    def test_a_location_needs_a_signature_as_any_file(self):
        path = self.put("stage1", location=self.other)
        result = self.host.run(*self.options, "run", "--insecure-options=none", "--net=none", self.key)
        self.assertEqual(result.status, OURS)
        self.assertIn(f"run: stage1 image 'default': '{path}': .location: ", result.err)
        self.assertIn("signature", result.err)
        native = os.path.join(harness.STAGE1_IMAGES, "stage1-native.aci")
        self.put("stage1", location=native)
        self.assertEqual(self.pod("--insecure-options=none").status, 3)

    def test_a_name_is_looked_up_in_the_store_before_the_location(self):
        self.put("stage1", name="example.com/stage1-probe", version="6.0.0",
                 location="/nonexistent.aci")
        result = self.pod()
        self.assertEqual(result.status, OURS)
        self.assertIn(".location: cannot open '/nonexistent.aci'", result.err)
        self.host.fetch(self.other)
        self.assertEqual(self.pod().status, 5)
        self.put("stage1", name="example.com/stage1-probe", version="7.0.0",
                 location="/nonexistent.aci")
        self.assertEqual(self.pod().status, OURS)

    def test_the_location_of_a_dirty_version_is_used_each_time(self):
        third = self.host.file("third.aci", harness.stage1_probe_aci({"run": 6}))
        self.host.fetch(self.other)
        self.put("stage1", name="example.com/stage1-probe", version="6.0.0-dirty", location=third)
        self.assertEqual(self.pod().status, 6)

    def test_a_name_of_ours_or_of_rkts_needs_no_store(self):
        for name, version in (("gantry/stage1-fly", self.version()),
                              ("coreos.com/rkt/stage1-coreos", "1.30.0")):
            with self.subTest(name):
                self.put("stage1", name=name, version=version)
                self.assertEqual(self.pod().status, 3)

    def version(self):
        """Of the installation's images."""
        self.host.pod("--stage1-name=gantry/stage1-fly", self.key)
        images = json.loads(self.host.ok("image", "list", "--format=json"))
        return next(i["name"] for i in images if "stage1-fly" in i["name"]).partition(":")[2]

    def test_a_name_that_is_nowhere_says_so(self):
        path = self.put("stage1", name="example.com/none", version="1")
        result = self.pod()
        self.assertEqual((result.status, result.err), (
            OURS, f"run: stage1 image 'default': '{path}': cannot find aci satisfying name: "
            '"example.com/none" and labels: [{"version" "1"}] in the local store\n'))

    @needs_program("openssl")
    def test_a_location_may_be_a_url(self):
        inside = contextlib.ExitStack()
        self.addCleanup(inside.close)
        inside.enter_context(network.inside("example.test"))
        authority = Authority(self)
        url = "https://example.test/stage1.aci"
        Server(self, authority).put(url, Page(harness.read(self.other, "rb")))
        self.put("stage1", location=url)
        self.assertEqual(self.host.pod(*self.options, self.key, env=authority.env).status, 5)

    def test_docker_says_so(self):
        path = self.put("stage1", location="docker://example.com/stage1")
        self.assertEqual(self.pod().err, f"run: stage1 image 'default': '{path}': .location: Docker "
                         "images are not served yet\n")

    def test_the_directory_of_images_may_be_configured(self):
        self.put("paths", **{"stage1-images": os.path.dirname(self.other)})
        self.assertEqual(self.pod("--stage1-from-dir=other.aci").status, 5)
        self.assertEqual(self.pod("--stage1-from-dir=stage1-native.aci").status, OURS)
        self.assertEqual(self.pod("--stage1-from-dir=../images/other.aci").status, OURS)


if __name__ == "__main__":
    unittest.main()
