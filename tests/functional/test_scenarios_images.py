# SPDX-License-Identifier: Apache-2.0
"""Images and trust as a deployment uses them, from the server to the last 'image rm'. Each class is
a scenario: it sets up, acts, asserts, cleans up, and asserts that nothing is left."""

import hashlib
import json
import os
import shutil
import unittest

import archives
import network
from harness import (PROBE, aci, entry, image_manifest, needs_program, needs_root, read,
                     rootfs_entries, sections, tar, write)
from https_server import Authority, Page, Server, Site
from signing import LONG_AGO, Keyring
from test_fetch import Secure
from test_trust import Terminal

setUpModule = network.enter

OURS = 254


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class Scenario(unittest.TestCase):
    """A site with a key, and a host that trusts nobody yet."""

    @classmethod
    def setUpClass(cls):
        cls.authority, cls.keyring = Authority(cls), Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>")

    def setUp(self):
        self.server = Server(self, self.authority)
        self.host = Secure(self, self.authority)
        self.site = Site(self.server, "example.test")
        self.site.keys(self.key)

    def ok(self, *words, **options):
        """Its standard output."""
        result = self.host.run(*words, **options)
        self.assertEqual(result.status, 0, result)
        return result.out

    def refused(self, *words, says=()):
        result = self.host.run(*words)
        self.assertEqual(result.status, OURS, result)
        for text in says:
            self.assertIn(text, result.err)
        return result.err

    def clean_up(self):
        """Nothing is left once pods, images and trust are gone."""
        self.ok("gc", "--grace-period=0s")
        images = self.host.image_ids()
        if images:
            self.ok("image", "rm", *images)
        self.ok("image", "gc", "--grace-period=0s")
        self.assertEqual(os.listdir(os.path.join(self.host.data, "cas/tree")), [])
        shutil.rmtree(os.path.join(self.host.config, "trustedkeys"), ignore_errors=True)
        self.host.assert_nothing_left()


HELLO = "example.test/hello"


class TrustFetchRun(Scenario):
    """A1: from a name to a running pod."""

    def setUp(self):
        super().setUp()
        self.image = aci(name=HELLO, labels={"version": "0.0.1"}, exec=["/probe", "say", "hi there"])
        self.put(self.key)

    def put(self, key=None, **options):
        self.site.add(HELLO, self.image, "0.0.1", key, **options)

    def trust_on_a_terminal(self, answer):
        terminal = Terminal(self.host.argv("trust", f"--prefix={HELLO}"),
                            env=self.host.options()["env"], cwd=self.host.tmp)
        terminal.expect("Are you sure you want to trust this key (yes/no)?")
        fingerprint = self.key.fingerprint.upper()
        groups = [fingerprint[i:i + 4] for i in range(0, 40, 4)]
        self.assertIn("gpg key fingerprint is: " + " ".join(groups[:5]) + "  " + " ".join(groups[5:]),
                      terminal.text)
        self.assertIn("Ann <ann@example.test>", terminal.text)
        terminal.type(answer + "\n")
        self.assertEqual(terminal.wait(), 0)
        return terminal.text

    def test_trust_fetch_run(self):
        self.assertIn("not trusting", self.trust_on_a_terminal("no"))
        self.refused("fetch", "--pull-policy=update", HELLO + ":0.0.1", says=[self.key.fingerprint[-16:]])
        self.assertIn(f'Added key for prefix "{HELLO}" at ', self.trust_on_a_terminal("yes"))
        self.ok("trust", "remove", f"--prefix={HELLO}", self.key.fingerprint)
        self.ok("trust", f"--prefix={HELLO}", "--skip-fingerprint-review")
        listed = self.ok("trust", "list")
        self.assertIn(self.key.fingerprint, listed)
        self.assertIn(HELLO, listed)

        id = self.ok("fetch", "--full", HELLO + ":0.0.1").strip()
        self.assertEqual(id, "sha512-" + hashlib.sha512(self.image).hexdigest()[:64])
        self.assertIn(f"{id[:19]}\t{HELLO}:0.0.1", self.ok("image", "list"))
        verified = self.ok("image", "verify", "--signature", HELLO)
        self.assertIn(f"trusted for: {HELLO}", verified)

        self.server.forget()
        pod = self.host.pod(HELLO + ":0.0.1")
        self.assertEqual((pod.status, "hi there" in pod.out), (0, True), pod)
        self.assertEqual(self.server.lines, [])
        self.assertIn(f"{HELLO}:0.0.1", self.ok("list", "--full"))
        self.assertEqual(self.host.state(pod.uuid), "exited")
        self.ok("gc", "--grace-period=0s")
        self.assertEqual(self.host.pods(), {})
        self.assertIn(f'removed aci for image: "{id}"', self.ok("image", "rm", HELLO))
        self.clean_up()

    def test_what_is_not_signed_as_it_should_be(self):
        """Each is told with the prefix and what would mend it."""
        self.ok("trust", f"--prefix={HELLO}", "--skip-fingerprint-review")
        other = self.keyring.key("Bob <bob@example.test>")
        old = self.keyring.key("Old <old@example.test>", expires="1y", at=LONG_AGO)
        folder = os.path.join(self.host.config, "trustedkeys/prefix.d", HELLO)
        write(os.path.join(folder, old.fingerprint), old.public)
        url = self.site.url(HELLO, "0.0.1")
        mend = f"gantry trust --prefix={HELLO}"
        for what, signature, says in (
                ("another key", other.sign(self.image), [other.id, HELLO, mend]),
                ("another file", self.key.sign(aci(name=HELLO)), [self.key.fingerprint]),
                ("an expired key", old.sign(self.image, at=LONG_AGO), [old.fingerprint, "expired"])):
            with self.subTest(what):
                self.put(signature=signature)
                self.refused("fetch", HELLO + ":0.0.1", says=says)
                self.assertEqual(self.host.image_ids(), [])
        self.server.remove(url + ".asc")
        self.refused("fetch", HELLO + ":0.0.1", says=[url + ".asc", "404", "--insecure-options=image"])
        self.refused("run", "--net=none", HELLO + ":0.0.1", says=["404"])
        self.assertEqual(self.host.pods(), {})
        self.clean_up()


class FileAndUrl(Scenario):
    """A2: an image without a name: from a file, by a URL, by its ID."""

    def runs(self, image, *words):
        result = self.host.run(*words, "run", "--net=none", image)
        self.assertEqual((result.status, "hi there" in result.out), (0, True), result)

    def test_file_and_url(self):
        image = aci(name=HELLO, exec=["/probe", "say", "hi there"])
        path = self.host.file("hello.aci", image)
        insecure = "--insecure-options=image"
        self.refused("run", "--net=none", path, says=[f"{path}.asc", insecure])
        self.runs("./" + os.path.relpath(path, self.host.tmp), insecure)
        self.runs("file://" + path, insecure)
        self.runs("sha512-" + hashlib.sha512(image).hexdigest()[:8])

        url = "https://example.test/hello.aci"
        self.server.put(url, Page(image))
        self.refused("run", "--net=none", url, says=[f"{url}.asc"])
        self.runs(url, insecure)
        self.ok("gc", "--grace-period=0s")
        self.ok("image", "rm", HELLO)

        # A signature that is pending is asked for again, once the image is there.
        self.ok("trust", "--root", "--skip-fingerprint-review", self.host.file("key", self.key.public))
        self.server.put(url + ".asc", Page(status=202), Page(self.key.sign(image)))
        self.server.forget()
        self.runs(url)
        self.assertEqual(self.server.lines, [f"GET {url}.asc 202", f"GET {url} 200",
                                             f"GET {url}.asc 200"])
        self.server.put(url + ".asc", Page(status=202))
        self.ok("gc", "--grace-period=0s")
        self.ok("image", "rm", HELLO)
        self.refused("fetch", url, says=["defer"])
        self.clean_up()


class Layers(Scenario):
    """What F4 and F7 have in common: an image of three layers, by name, signed."""

    def add(self, name, files=None, dependencies=(), whitelist=None, **app):
        """Its archive."""
        document = json.loads(image_manifest(name=f"example.test/{name}", app=bool(app), **app))
        if dependencies:
            document["dependencies"] = [{"imageName": f"example.test/{d}"} for d in dependencies]
        if whitelist:
            document["pathWhitelist"] = whitelist
        content = tar([entry("manifest", json.dumps(document)), entry("rootfs"),
                       *rootfs_entries(files or {})])
        self.site.add(f"example.test/{name}", content, key=self.key)
        return content

    def add_app(self):
        """base <- lib <- app: what each has, replaces, and leaves out."""
        probe = {"probe": (PROBE, 0o755)}
        self.add("base", {**probe, "etc": None, "etc/base": "base", "etc/version": "base",
                          "secret": "secret", "tmp": None})
        self.add("lib", {"etc": None, "etc/lib": "lib", "etc/version": "lib"}, ["base"],
                 ["/probe", "/etc/lib", "/etc/version", "/etc/base", "/tmp"])
        return self.add("app", {"etc": None, "etc/version": "app\n"}, ["lib"],
                        exec=["/probe", "report", "cat /etc/version", "list /etc"])

    def names(self):
        """The last parts of the names of the site's images that are in the store."""
        listed = self.ok("image", "list", "--fields=name", "--no-legend").splitlines()
        return {name.rpartition("/")[2] for name in listed if name.startswith("example.test/")}

    def rootfs(self, name):
        """The files of the image's tree."""
        out = os.path.join(self.host.images, "rendered")
        self.ok("image", "render", "--rootfs-only", "--overwrite", f"example.test/{name}", out)
        found = archives.snapshot(out)
        shutil.rmtree(out)
        return found


class Dependencies(Layers):
    """F4: a chain of dependencies, with a whitelist; a circle is refused."""

    def test_a_chain(self):
        self.add_app()
        self.ok("trust", "--prefix=example.test", "--skip-fingerprint-review")
        pod = self.host.pod("example.test/app")
        self.assertEqual(pod.status, 0, pod)
        self.assertEqual(sections(pod.out)["cat /etc/version"], ["app"])
        self.assertEqual(sorted(line.split()[-1] for line in sections(pod.out)["list /etc"]),
                         ["base", "lib", "version"])
        self.assertEqual(self.names(), {"app", "lib", "base"})
        self.assertEqual(set(self.rootfs("app")), {
            b".", b"probe", b"tmp", b"etc", b"etc/base", b"etc/lib", b"etc/version"})
        self.assertEqual(self.rootfs("app")[b"etc/version"]["size"], len("app\n"))
        self.assertIn(b"secret", self.rootfs("base"))
        # Asked for again, nothing is fetched again.
        self.server.forget()
        self.ok("fetch", "--pull-policy=new", "example.test/app")
        self.assertEqual(self.server.lines, [])
        self.clean_up()

    def test_a_circle(self):
        self.add("one", {"x": ""}, ["two"])
        self.add("two", {"x": ""}, ["three"])
        self.add("three", {"x": ""}, ["one"])
        self.ok("trust", "--prefix=example.test", "--skip-fingerprint-review")
        self.refused("fetch", "example.test/one", says=["example.test/one", "example.test/three"])
        self.assertEqual(self.host.image_ids(), [])
        self.clean_up()


class KeepingImages(Layers):
    """F7: what is done with images that are there."""

    def test_export_verify_render_extract_and_gc(self):
        content = self.add_app()
        self.ok("trust", "--prefix=example.test", "--skip-fingerprint-review")
        self.ok("fetch", "example.test/app")
        app, = [line.split("\t")[0] for line in self.ok("image", "list", "--full").splitlines()
                if "example.test/app" in line]

        # What is exported is what was signed, and can be fetched from the file.
        out = os.path.join(self.host.images, "out.aci")
        self.ok("image", "export", "example.test/app", out)
        self.assertEqual(read(out, "rb"), content)
        write(out + ".asc", self.key.sign(read(out, "rb")))
        self.assertEqual(self.ok("fetch", "--full", out).strip(), app)

        # Extracting gives the image's own files, rendering those of all three.
        place = os.path.join(self.host.images, "place")
        self.ok("image", "extract", "--rootfs-only", app, place)
        self.assertEqual(set(archives.snapshot(place)), {b".", b"etc", b"etc/version"})
        self.ok("image", "render", "--overwrite", app[:20], place)
        self.assertIn(b"etc/base", archives.snapshot(place + "/rootfs"))
        self.assertEqual(json.loads(read(place + "/manifest"))["name"], "example.test/app")

        # A tree that was tampered with is told and mended; those it is made of too.
        self.assert_mends("base", "etc/base", "app")
        self.assert_mends("app", "etc/version", "app")
        self.ok("image", "verify", "--signature", app, "example.test/lib", "example.test/base")

        # What a pod is made of stays, with what that is made of; the rest goes when it is due.
        pod = self.host.pod(app)
        self.add("other", {"x": "x"})
        self.ok("fetch", "example.test/other")
        self.ok("image", "gc", "--grace-period=1h")
        self.assertEqual(self.names(), {"app", "lib", "base", "other"})
        removed = self.ok("image", "gc", "--grace-period=0s")
        self.assertEqual(removed.count("successfully removed"), 1, removed)
        self.assertEqual(self.names(), {"app", "lib", "base"})
        self.ok("rm", pod.uuid)
        self.ok("image", "gc", "--grace-period=0s")
        self.assertEqual(self.host.image_ids(), [])
        self.clean_up()

    def assert_mends(self, layer, path, image):
        """A file of LAYER, which is one with that of what is made of it, gets another content."""
        wanted = self.rootfs(image)
        id = self.ok("image", "list", "--full", "--fields=id,name", "--no-legend")
        id, = [line.split("\t")[0] for line in id.splitlines() if f"example.test/{layer}" in line]
        tree = os.path.join(self.host.data, "cas/image", id, "tree")
        write(os.path.join(os.path.dirname(tree), os.readlink(tree), "rootfs", path), "evil")
        result = self.host.run("image", "verify", f"example.test/{image}")
        self.assertEqual(result.status, 0, result)
        self.assertIn(f"'{path}'", result.err)
        self.assertIn("successfully rebuilt tree", result.out)
        self.assertEqual(self.rootfs(image), wanted)
        self.assertIn("successfully verified", self.ok("image", "verify", f"example.test/{image}"))


if __name__ == "__main__":
    unittest.main()
