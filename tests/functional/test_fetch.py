# SPDX-License-Identifier: Apache-2.0
"""Images come over real HTTPS with real signatures: by URL, by name, from files (rkt 4)."""

import bz2
import gzip
import json
import os
import signal
import subprocess
import threading
import unittest

import network
from harness import (GANTRY, LABELS, TIMEOUT, Host, aci, checked, image_manifest, libc, mounts,
                     names_and_values, needs_program, needs_root, read, stage1_probe_aci,
                     wait_until, write)
from https_server import Authority, Page, Server, Site, page_of_tags
from signing import Keyring, damaged
from test_trust import Terminal

setUpModule = network.enter

HELLO = "https://example.test/hello.aci"
# Larger than what pipes and sockets hold, so that a server that waits is waited for.
LARGE = {"large": os.urandom(6 << 20)}


class Secure(Host):
    """A host that checks signatures, as one does."""

    def __init__(self, test, authority):
        self.authority = authority
        super().__init__(test)

    def argv(self, *words):
        return [GANTRY, f"--dir={self.data}", f"--local-config={self.config}",
                f"--system-config={self.config}", *(str(word) for word in words)]

    def options(self, env=None, **options):
        return super().options(env={**self.authority.env, **(env or {})}, **options)

    def trust(self, key, prefix=None):
        place = f"prefix.d/{prefix}" if prefix else "root.d"
        directory = os.path.join(self.config, "trustedkeys", place)
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, key.fingerprint)
        write(path, key.public)
        return path

    def info(self, image_id):
        return json.loads(read(os.path.join(self.data, "cas", "image", image_id, "info")))

    def remembered(self, name):
        """The files of that name of all URLs."""
        return [os.path.join(directory, name) for directory, _, names in
                os.walk(os.path.join(self.data, "cas", "remote")) if name in names]

    def partials(self):
        return self.remembered("partial")

    def records(self):
        return self.remembered("record")

    def fetched(self, *words, **options):
        """The IDs."""
        return self.good("fetch", "--full", *words, **options).lines

    def good(self, *words, **options):
        """The Result of what succeeds."""
        result = self.run(*words, **options)
        self.check.assertEqual(result.status, 0, result)
        return result


class Fetching(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority(cls)
        cls.keyring = Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>")
        cls.other = cls.keyring.key("Bob <bob@example.test>")
        cls.hello = aci(name="example.test/hello", exec=["/probe", "exit", "0"])
        cls.signature = cls.key.sign(cls.hello)

    def setUp(self):
        self.server = Server(self, self.authority)
        self.host = Secure(self, self.authority)

    def put_hello(self, url=HELLO, signature=None, **fields):
        fields.setdefault("etag", '"1"')
        self.server.put(url + ".asc", signature or self.signature)
        return self.server.put(url, Page(self.hello, **fields))

    def refused(self, *words, says=(), **options):
        """Fetching fails with one line that has all of SAYS, and leaves no image."""
        before = self.host.image_ids()
        result = self.host.run("fetch", *words, **options)
        self.assertEqual(result.status, 254, result)
        lines = [line for line in result.err.splitlines()
                 if not line.startswith(("fetch: image: ", "fetch:   "))]
        self.assertEqual(len(lines), 1, result)
        for text in (says,) if isinstance(says, str) else says:
            self.assertIn(text, lines[0])
        self.assertEqual(self.host.image_ids(), before)
        self.host.assert_no_drafts()
        return lines[0]

    def asked(self):
        return [line.split()[1].removeprefix("https://") for line in
                map(str, self.server.forget())]


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class ByUrl(Fetching):
    def test_a_signed_image_is_fetched_and_kept_as_distributed(self):
        self.host.trust(self.key)
        self.put_hello()
        result = self.host.good("fetch", "--full", HELLO)
        directory = os.path.join(self.host.data, "cas", "image", result.lines[0])
        self.assertEqual(read(os.path.join(directory, "aci"), "rb"), self.hello)
        self.assertEqual(read(os.path.join(directory, "aci.asc"), "rb"), self.signature)
        info = self.host.info(result.lines[0])
        self.assertEqual((info["origin"], info["signedBy"]), (HELLO, self.key.fingerprint))
        self.assertIn("image: signature verified:\n", result.err)
        self.assertIn("Ann <ann@example.test>", result.err)
        self.assertEqual(self.asked(), ["example.test/hello.aci.asc", "example.test/hello.aci"])
        self.assertEqual(self.host.partials(), [])
        self.host.assert_no_drafts()

    def test_it_runs(self):
        self.host.trust(self.key, "example.test")
        self.put_hello()
        self.assertEqual(self.host.run("run", "--net=none", HELLO).status, 0)
        self.server.forget()
        self.assertEqual(self.host.run("run", "--net=none", HELLO).status, 0)
        self.assertEqual(self.asked(), [])

    def test_a_stage1_comes_from_a_url(self):
        self.host.trust(self.key)
        self.put_hello()
        stage1, url = stage1_probe_aci({"run": 5}), "https://example.test/stage1.aci"
        self.server.put(url, stage1)
        words = ["run", "--net=none", f"--stage1-url={url}", HELLO]
        result = self.host.run(*words)
        self.assertEqual(result.status, 254)
        self.assertIn(f"stage1 image '{url}': image '{url}': error downloading the signature file",
                      result.err)
        self.server.put(url + ".asc", self.key.sign(stage1))
        self.assertEqual(self.host.run(*words).status, 5)
        # By its name it is in the store now, whatever its labels.
        words[2] = "--stage1-name=example.com/stage1-probe"
        self.server.forget()
        self.assertEqual(self.host.run(*words).status, 5)
        self.assertEqual(self.asked(), [])

    def test_a_key_of_another_prefix_is_no_key(self):
        self.host.trust(self.key, "example.test/other")
        self.put_hello()
        self.refused(HELLO, says=(
            "image 'https://example.test/hello.aci': ", f"signed by the key {self.key.fingerprint}",
            "not trusted for 'example.test/hello' (trusted for 'example.test/other'; ",
            "gantry trust --prefix=example.test/hello"))

    def test_an_unknown_key_is_told_before_the_download(self):
        self.host.trust(self.other)
        self.put_hello()
        self.refused(HELLO, says=(self.key.id, "not trusted", "gantry trust --prefix="))
        self.assertEqual(self.asked(), ["example.test/hello.aci.asc"])

    def test_no_signature_no_download(self):
        self.host.trust(self.key)
        self.server.put(HELLO, self.hello)
        self.refused(HELLO, says="error downloading the signature file")
        self.assertEqual(self.asked(), ["example.test/hello.aci.asc"])

    def test_the_signature_of_another_file(self):
        self.host.trust(self.key)
        self.put_hello(signature=self.key.sign(b"something else"))
        self.refused(HELLO, says="hello.aci.asc")
        self.assertEqual(self.host.partials(), [])
        self.put_hello()
        self.host.ok("fetch", HELLO)

    def test_a_changed_byte(self):
        self.host.trust(self.key)
        self.put_hello()
        self.server.put(HELLO, Page(damaged(self.hello), etag='"1"'))
        self.refused(HELLO, says="hello.aci.asc")
        self.assertEqual(self.host.partials(), [])

    def test_without_checks_no_signature_is_asked_for(self):
        self.server.put(HELLO, self.hello)
        image = self.host.fetched("--insecure-options=image", HELLO)[0]
        self.assertEqual(self.asked(), ["example.test/hello.aci"])
        self.assertNotIn("signedBy", self.host.info(image))

    def test_what_came_unchecked_is_checked_when_it_is_asked_for_again(self):
        self.put_hello(cache_control="max-age=1000")
        self.host.fetched("--insecure-options=image", HELLO)
        self.server.forget()
        self.host.trust(self.key)
        image = self.host.fetched(HELLO)[0]
        self.assertEqual(self.asked(), ["example.test/hello.aci.asc", "example.test/hello.aci"])
        self.assertEqual(self.host.info(image)["signedBy"], self.key.fingerprint)

    def test_trust_that_was_withdrawn_is_asked_for_again(self):
        path = self.host.trust(self.key)
        self.put_hello(cache_control="max-age=1000")
        self.host.fetched(HELLO)
        os.remove(path)
        self.refused(HELLO, says="not trusted")

    def test_plain_http_is_refused(self):
        plain = Server(self)
        plain.put("http://example.test/hello.aci", self.hello)
        self.refused("http://example.test/hello.aci", says="--insecure-options=http")
        self.assertEqual(plain.lines, [])
        self.host.fetched("--insecure-options=http,image", "http://example.test/hello.aci")

    def test_a_certificate_of_another_authority_is_refused(self):
        self.host.trust(self.key)
        self.put_hello()
        other = Authority(self, "Another")
        self.refused(HELLO, says="example.test", env=other.env)
        self.host.ok("fetch", "--insecure-options=tls", HELLO, env=other.env)

    def test_a_broken_archive_leaves_nothing(self):
        broken = b"this is no archive" * 100
        self.host.trust(self.key)
        self.server.put(HELLO, broken)
        self.server.put(HELLO + ".asc", self.key.sign(broken))
        self.refused(HELLO)
        self.assertEqual(self.host.partials(), [])

    def test_a_docker_image_is_one_clear_sentence(self):
        self.refused("docker://busybox", says="Docker registries are not served yet")


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class Again(Fetching):
    """What is known already is not downloaded (rkt 4.5, 4.6)."""

    def setUp(self):
        super().setUp()
        self.host.trust(self.key)

    def test_an_unchanged_image_costs_one_small_request(self):
        self.put_hello()
        first = self.host.fetched(HELLO)
        self.server.forget()
        self.assertEqual(self.host.fetched(HELLO), first)
        request, = self.server.forget()
        self.assertEqual(request.status, 304)
        self.assertLess(request.size, 4096)

    def test_a_date_does_where_there_is_no_etag(self):
        self.put_hello(etag=None, last_modified="Fri, 20 Nov 2026 00:00:00 GMT")
        self.host.fetched(HELLO)
        self.server.forget()
        self.host.fetched(HELLO)
        self.assertEqual([request.status for request in self.server.forget()], [304])

    def test_a_fresh_image_costs_nothing(self):
        self.put_hello(cache_control="max-age=1000")
        first = self.host.fetched(HELLO)
        self.server.forget()
        result = self.host.good("--debug", "fetch", "--full", HELLO)
        self.assertEqual(result.lines, first)
        self.assertIn(f"image: image for {HELLO} isn't expired, not fetching.", result.err)
        self.assertEqual(self.asked(), [])

    def test_an_unchanged_image_is_fresh_again(self):
        """rkt leaves it as old as it was."""
        self.put_hello(cache_control="max-age=1000")
        self.host.fetched(HELLO)
        record, = self.host.records()
        old = json.loads(read(record))
        write(record, json.dumps({**old, "asked": old["asked"] - 2000}))
        self.server.forget()
        self.host.fetched(HELLO)
        self.host.fetched(HELLO)
        self.assertEqual([request.status for request in self.server.forget()], [304])

    def test_a_changed_image_is_fetched_with_its_signature(self):
        self.put_hello()
        first = self.host.fetched(HELLO)
        changed = aci(name="example.test/hello", exec=["/probe", "exit", "1"])
        self.server.put(HELLO, Page(changed, etag='"2"'))
        self.server.put(HELLO + ".asc", self.key.sign(changed))
        self.assertNotEqual(self.host.fetched(HELLO), first)

    def test_an_image_that_was_removed_is_fetched(self):
        self.put_hello(cache_control="max-age=1000")
        image = self.host.fetched(HELLO)
        self.host.ok("image", "rm", *image)
        self.assertEqual(self.host.fetched(HELLO), image)

    def test_the_policies(self):
        self.put_hello()
        self.refused("--pull-policy=never", HELLO, says=(
            f'unable to fetch image from URL "{HELLO}": either image was not found in the store or '
            "store was disabled and fetching from remote yielded nothing or it was disabled"))
        self.assertEqual(self.asked(), [])
        image = self.host.fetched("--pull-policy=new", HELLO)
        self.server.forget()
        for words in (["--pull-policy=new"], ["--pull-policy=never"], ["--store-only"]):
            result = self.host.good("--debug", "fetch", "--full", *words, HELLO)
            self.assertEqual(result.lines, image)
            self.assertIn(f"image: using image from local store for url {HELLO}", result.err)
        self.assertEqual(self.asked(), [])
        self.host.fetched("--no-store", HELLO)
        self.assertEqual(self.asked(), ["example.test/hello.aci"])


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class ByName(Fetching):
    def setUp(self):
        super().setUp()
        self.site = Site(self.server, "example.test")

    def test_a_name_leads_to_the_image(self):
        self.host.trust(self.key, "example.test")
        self.site.add("example.test/hello", self.hello, key=self.key)
        result = self.host.good("--debug", "fetch", "--full", "example.test/hello")
        info = self.host.info(result.lines[0])
        self.assertEqual(info["origin"], self.site.url("example.test/hello"))
        self.assertTrue(info["latest"])
        self.assertIn("image: searching for app image example.test/hello\n", result.err)
        self.assertIn('image: remote fetching from URL "', result.err)

    def test_an_unchanged_image_costs_two_small_requests(self):
        self.server.put("https://example.test/hello", page_of_tags(
            ("ac-discovery", "example.test/hello " + self.site.template)))
        self.host.trust(self.key, "example.test")
        self.site.add("example.test/hello", self.hello, key=self.key)
        image = self.host.fetched("example.test/hello")
        self.server.forget()
        self.assertEqual(self.host.fetched("example.test/hello"), image)
        requests = self.server.forget()
        self.assertEqual([request.status for request in requests], [200, 304])
        self.assertLess(sum(request.size for request in requests), 4096)

    def test_the_store_is_asked_first_when_that_is_the_policy(self):
        self.host.trust(self.key, "example.test")
        self.site.add("example.test/hello", self.hello, key=self.key)
        self.refused("--pull-policy=never", "example.test/hello", says=(
            'unable to fetch image from image name "example.test/hello": either image'))
        image = self.host.fetched("--pull-policy=new", "example.test/hello")
        self.server.forget()
        result = self.host.good("--debug", "fetch", "--full", "--pull-policy=new",
                              "example.test/hello")
        self.assertEqual(result.lines, image)
        self.assertIn("image: using image from local store for image name example.test/hello",
                      result.err)
        self.assertEqual(self.asked(), [])

    def test_what_the_store_has_is_taken_however_it_came(self):
        self.site.add("example.test/hello", self.hello, key=self.key)
        image = self.host.fetched("--insecure-options=image", "example.test/hello")
        self.server.forget()
        for policy in ("new", "never"):
            self.assertEqual(image, self.host.fetched(f"--pull-policy={policy}",
                                                      "example.test/hello"))
        self.assertEqual(self.asked(), [])
        self.assertEqual(self.host.run("fetch", "example.test/hello").status, 254)
        self.assertEqual(self.host.run("image", "verify", "--signature", *image).status, 254)

    def test_a_place_that_is_no_web_server_is_refused(self):
        for place in ("file:///etc/hostname", "ftp://example.test/a.aci", "/etc/hostname"):
            self.server.put("https://example.test", page_of_tags(
                ("ac-discovery", f"example.test {place}")))
            self.refused("example.test/hello", says=f"'{place}': is neither https nor http")

    def test_a_key_of_another_name_is_told_before_the_download(self):
        self.host.trust(self.key, "example.test/other")
        self.host.trust(self.other, "example.test/hello")
        self.site.add("example.test/hello", self.hello, key=self.key)
        self.refused("example.test/hello", says=(
            "image 'example.test/hello': ", self.key.id, "not trusted for 'example.test/hello'",
            "trusted for 'example.test/other'", "gantry trust --prefix=example.test/hello"))
        self.assertNotIn("hello-latest-linux-amd64.aci ", "\n".join(self.server.lines))

    def serve_key(self):
        self.site.keys(self.key)
        self.site.add("example.test/hello", self.hello, key=self.key)
        return os.path.join(self.host.config, "trustedkeys/prefix.d/example.test/hello",
                            self.key.fingerprint)

    def test_keys_are_discovered_and_taken_where_that_was_said(self):
        stored = self.serve_key()
        self.host.fetched("--trust-keys-from-https", "example.test/hello")
        self.assertTrue(os.path.exists(stored))
        self.assertIn(f"GET {self.site.keys_url} 200", self.server.lines)

    def test_keys_are_discovered_and_asked_about_on_a_terminal(self):
        stored = self.serve_key()
        for answer, status in (("no", 254), ("yes", 0)):
            terminal = Terminal(self.host.argv("fetch", "example.test/hello"), None,
                                **self.host.options())
            terminal.expect("Are you sure you want to trust this key").type(answer + "\n")
            self.assertEqual(terminal.wait(), status, terminal.text)
            self.assertEqual(os.path.exists(stored), status == 0)
        self.assertEqual(len(self.host.image_ids()), 1)

    def test_nobody_is_asked_without_a_terminal(self):
        stored = self.serve_key()
        result = self.host.run("fetch", "example.test/hello")
        self.assertEqual(result.status, 254)
        self.assertIn("--trust-keys-from-https", result.err)
        self.assertIn("not trusted for 'example.test/hello'", result.err)
        self.assertFalse(os.path.exists(stored))
        self.assertEqual(self.host.image_ids(), [])

    def test_no_key_is_looked_for_where_one_does_or_was_chosen(self):
        self.serve_key()
        self.host.trust(self.key)
        self.host.fetched("--trust-keys-from-https", "example.test/hello")
        self.assertNotIn(f"GET {self.site.keys_url} 200", self.server.lines)

    def test_no_key_is_looked_for_where_the_name_has_one(self):
        self.serve_key()
        self.host.trust(self.other, "example.test")
        self.refused("--trust-keys-from-https", "example.test/hello", says="not trusted for")
        self.assertNotIn(f"GET {self.site.keys_url} 200", self.server.lines)

    def test_another_name_in_the_manifest_is_refused(self):
        self.host.trust(self.key, "example.test")
        self.site.add("example.test/other", self.hello, key=self.key)
        says = ('error when reading the app name: "example.test/other" expected but '
                '"example.test/hello" found')
        self.refused("example.test/other", says=says)
        self.refused("--insecure-options=image", "example.test/other", says=says)

    def test_other_labels_in_the_manifest_are_refused(self):
        self.host.trust(self.key, "example.test")
        self.site.add("example.test/hello", self.hello, "2.0", key=self.key)
        self.refused("example.test/hello:2.0",
                     says='requested label "version" not provided by the image manifest')
        image = aci(name="example.test/hello", labels={**LABELS, "version": "1.0"})
        self.site.add("example.test/hello", image, "2.0", key=self.key)
        self.refused("example.test/hello:2.0", says=(
            'requested value for label "version": "2.0" differs from fetched aci label value: '
            '"1.0"'))

    def test_a_record_of_the_url_does_not_stand_for_other_labels(self):
        self.server.put("https://example.test", page_of_tags(
            ("ac-discovery", "example.test https://example.test/any.{ext}")))
        image = aci(name="example.test/hello", labels={**LABELS, "version": "1.0"})
        self.server.put("https://example.test/any.aci",
                        Page(image, etag='"1"', cache_control="max-age=1000"))
        self.server.put("https://example.test/any.aci.asc", self.key.sign(image))
        self.host.trust(self.key)
        self.host.fetched("example.test/hello:1.0")
        self.refused("example.test/hello:2.0", says="requested value for label")

    @needs_program("strace")
    def test_what_is_in_the_store_starts_no_child_and_no_thread(self):
        self.host.trust(self.key, "example.test")
        self.site.add("example.test/hello", self.hello, key=self.key)
        image, = self.host.fetched("example.test/hello")
        self.host.ok("prepare", image)  # its stage1 is in the store from now on
        log = os.path.join(self.host.scratch, "trace")
        for words in (["fetch", "--pull-policy=new", "example.test/hello"], ["prepare", image]):
            argv = ["strace", "-f", "-qq", "-o", log, "-e", "trace=clone,clone3,fork,vfork",
                    *self.host.argv("--insecure-options=none", *words)]
            options = self.host.options(env={"ASAN_OPTIONS": "detect_leaks=0"})
            subprocess.run(argv, check=True, capture_output=True, **options)
            self.assertEqual(read(log), "", words)

    def test_a_name_that_nobody_knows(self):
        self.refused("other.test/none", says="image 'other.test/none': ")


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class FromFiles(Fetching):
    def file(self, signature=None):
        path = self.host.file("hello.aci", self.hello)
        if signature:
            self.host.file("hello.aci.asc", signature)
        return path

    def test_a_signature_beside_the_file(self):
        self.host.trust(self.key, "example.test")
        for signature in (self.signature, self.key.sign(self.hello, armor=False)):
            image = self.host.fetched(self.file(signature))[0]
            self.assertEqual(self.host.info(image)["signedBy"], self.key.fingerprint)
            self.assertEqual(read(os.path.join(self.host.data, "cas", "image", image, "aci.asc"),
                                  "rb"), signature)

    def test_a_signed_archive_takes_the_place_of_the_same_image(self):
        """Compressed in other ways, it is the same image; a signature is of one of them."""
        self.host.trust(self.key, "example.test")
        signed = gzip.compress(self.hello)
        signature = self.key.sign(signed)
        for name, content, words in (("plain", self.hello, ["--insecure-options=image"]),
                                     ("signed", signed, []),
                                     ("other", bz2.compress(self.hello), ["--insecure-options=image"])):
            path = self.host.file(name + ".aci", content)
            self.host.file(name + ".aci.asc", signature)
            stored = os.path.join(self.host.data, "cas", "image", *self.host.fetched(*words, path))
            if name == "plain":
                self.assertEqual(read(os.path.join(stored, "aci"), "rb"), content)
                continue
            self.assertEqual(read(os.path.join(stored, "aci"), "rb"), signed)
            self.assertEqual(read(os.path.join(stored, "aci.asc"), "rb"), signature)
            info = json.loads(read(os.path.join(stored, "info")))
            self.assertEqual((info["signedBy"], info["origin"]), (self.key.fingerprint, path))
        self.host.assert_no_drafts()

    def test_a_signature_elsewhere(self):
        self.host.trust(self.key, "example.test")
        elsewhere = self.host.file("there.asc", self.signature)
        self.host.fetched(self.file(), f"--signature={elsewhere}")
        self.refused(HELLO, f"--signature={elsewhere}", says="--signature is for images in files")

    def test_no_signature(self):
        path = self.file()
        self.refused(path, says=(f"error opening signature file: open {path}.asc: no such file or "
                                 "directory", "--insecure-options=image"))

    def test_a_bad_one(self):
        self.host.trust(self.key)
        path = self.file(self.key.sign(damaged(self.hello)))
        self.refused(path, says=f'image "{path}" verification failed: ')

    def test_a_key_that_is_not_trusted(self):
        path = self.file(self.signature)
        self.refused(path, says=(self.key.id, "not trusted"))
        self.host.trust(self.key, "example.test/other")
        self.refused(path, says=(self.key.fingerprint, "not trusted for 'example.test/hello'"))


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class Interrupted(Fetching):
    """Downloads that stop half-way (rkt 4.6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.large = aci(LARGE, name="example.test/large")
        cls.large_signature = cls.key.sign(cls.large)
        cls.half = len(cls.large) // 2

    def setUp(self):
        super().setUp()
        self.host.trust(self.key)
        self.server.put(HELLO + ".asc", self.large_signature)

    def put_large(self, *faults, **fields):
        fields.setdefault("etag", '"1"')
        pages = [Page(self.large, **fields, **fault) for fault in (*faults, {})]
        self.server.put(HELLO, *pages)
        return pages[0]

    def kill_half_way(self, page):
        """The number of bytes that are left."""
        process = self.host.start("fetch", HELLO)
        page.until_held()
        wait_until(lambda: self.host.partials() and os.path.getsize(self.host.partials()[0]),
                   "the first bytes")
        process.signal(signal.SIGKILL)
        process.wait()
        page.go()
        self.host.assert_no_processes()
        return os.path.getsize(self.host.partials()[0])

    def ranges(self):
        return [request.headers.get("Range") for request in self.server.forget()
                if str(request).split()[1] == HELLO]

    def test_what_a_killed_fetch_left_is_not_downloaded_again(self):
        left = self.kill_half_way(self.put_large({"hold": self.half}))
        self.assertGreater(left, 0)
        self.server.forget()
        self.host.fetched(HELLO)
        self.assertEqual(self.ranges(), [f"bytes={left}-"])
        self.assertEqual(self.host.partials(), [])

    def test_what_has_changed_since_is_fetched_afresh(self):
        self.kill_half_way(self.put_large({"hold": self.half}))
        self.put_large(etag='"2"')
        result = self.host.good("fetch", HELLO)
        self.assertIn("image: cannot use cached partial download, resource updated.", result.err)

    def test_what_the_server_cannot_resume_is_fetched_afresh(self):
        self.kill_half_way(self.put_large({"hold": self.half}))
        self.put_large(ranges=False)
        self.host.ok("image", "rm", *self.host.fetched(HELLO))
        self.kill_half_way(self.put_large({"hold": self.half}, etag='"3"', ranges=False))
        self.put_large(etag='"3"', ranges=False)
        self.host.fetched(HELLO)

    def test_after_a_reboot_what_was_not_on_the_disk_is_fetched(self):
        self.kill_half_way(self.put_large({"hold": self.half}))
        info = self.host.partials()[0] + ".info"
        write(info, json.dumps({**json.loads(read(info)), "boot": "another", "synced": 1000}))
        self.server.forget()
        self.host.fetched(HELLO)
        self.assertEqual(self.ranges(), ["bytes=1000-"])

    def test_bytes_that_were_changed_meanwhile_are_found_out(self):
        self.kill_half_way(self.put_large({"hold": self.half}))
        with open(self.host.partials()[0], "r+b") as file:
            file.write(b"changed")
        self.refused(HELLO, says="hello.aci.asc")
        self.assertEqual(self.host.partials(), [])
        self.host.fetched(HELLO)

    def test_a_connection_that_breaks_is_gone_on_with(self):
        self.put_large({"cut": self.half})
        self.host.fetched(HELLO)
        self.assertEqual(len(self.ranges()), 2)

    def test_a_signature_that_comes_later(self):
        self.server.put(HELLO + ".asc", Page(status=202), self.large_signature)
        self.put_large()
        result = self.host.good("fetch", HELLO)
        self.assertIn("image: server requested deferring the signature download", result.err)
        self.assertEqual(self.asked(), ["example.test/hello.aci.asc", "example.test/hello.aci",
                                        "example.test/hello.aci.asc"])

    def test_a_signature_that_never_comes(self):
        self.server.put(HELLO + ".asc", Page(status=202))
        self.put_large()
        self.refused(HELLO, says="error downloading the signature file: server asked to defer the "
                                 "download again")

    def test_a_signature_that_comes_later_and_is_bad(self):
        self.server.put(HELLO + ".asc", Page(status=202), self.key.sign(b"x"))
        self.put_large()
        self.refused(HELLO, says="hello.aci.asc")
        self.assertEqual(self.host.partials(), [])

    def test_collecting_garbage_takes_no_place_from_a_fetch(self):
        signature = Page(self.large_signature, hold=10)
        self.server.put(HELLO + ".asc", signature)
        self.put_large()
        process = self.host.start("fetch", HELLO)
        signature.until_held()
        self.host.ok("image", "gc", "--grace-period=0s")
        signature.go()
        self.assertEqual(process.wait().status, 0)

    def test_who_comes_second_waits_for_the_first_and_uses_what_it_got(self):
        page = self.put_large({"hold": self.half})
        first = self.host.start("fetch", "--full", HELLO)
        page.until_held()
        second = self.host.start("fetch", "--full", HELLO)
        second.expect("another gantry instance is downloading this file, waiting...", "err")
        page.go()
        self.assertEqual([first.wait().status, second.wait().status], [0, 0])
        self.assertEqual(first.out, second.out)
        record, = self.host.records()
        self.assertGreaterEqual(json.loads(read(record))["written"],
                                json.loads(read(record))["asked"])
        self.assertEqual(len(self.ranges()), 1)


    def test_what_does_not_fit_on_the_disk_is_not_begun(self):
        os.mkdir(self.host.data)
        checked(libc.mount(b"none", self.host.data.encode(), b"tmpfs", 0, b"size=2m"))
        self.addCleanup(lambda: checked(libc.umount2(self.host.data.encode(), 2)))
        self.host.mounts = mounts()
        self.put_large()
        self.refused(HELLO, says=("bytes are to come", "No space left on device"))
        self.assertEqual(self.host.partials(), [])

    def test_a_disk_that_fills_up_is_not_left_full(self):
        os.mkdir(self.host.data)
        checked(libc.mount(b"none", self.host.data.encode(), b"tmpfs", 0, b"size=2m"))
        self.addCleanup(lambda: checked(libc.umount2(self.host.data.encode(), 2)))
        self.host.mounts = mounts()
        self.put_large(chunked=True)
        self.refused(HELLO, says="No space left on device")
        self.assertEqual(self.host.partials(), [])


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class Several(Fetching):
    def setUp(self):
        super().setUp()
        self.host.trust(self.key)
        self.urls = [f"https://example.test/{name}.aci" for name in "abc"]
        self.images = [aci(LARGE, name=f"example.test/{name}") for name in "abc"]

    def put(self, **faults):
        pages = []
        for url, image in zip(self.urls, self.images):
            self.server.put(url + ".asc", self.key.sign(image))
            pages.append(self.server.put(url, Page(image, etag='"1"', **faults)))
        return pages

    def test_three_images_are_fetched_at_once(self):
        pages = self.put(hold=1000)
        process = self.host.start("fetch", "--full", *self.urls)
        for page in pages:
            page.until_held()
        for page in reversed(pages):
            page.go()
        result = process.wait()
        self.assertEqual(result.status, 0, result)
        names = [json.loads(read(os.path.join(self.host.data, "cas/image", line, "manifest")))["name"]
                 for line in result.lines]
        self.assertEqual(names, ["example.test/a", "example.test/b", "example.test/c"])

    def test_what_has_been_fetched_can_be_removed_before_the_rest_is(self):
        self.put_hello()
        page = self.put(hold=1000)[0]
        process = self.host.start("fetch", HELLO, self.urls[0])
        page.until_held()
        wait_until(self.host.image_ids, "the first image")
        self.host.ok("image", "rm", *self.host.image_ids())
        page.go()
        self.assertEqual(process.wait().status, 0)
        self.assertEqual(len(self.host.image_ids()), 1)

    def test_the_first_failure_ends_the_others(self):
        pages = self.put(hold=1000)
        self.server.put(self.urls[1], Page(status=404))
        process = self.host.start("fetch", *self.urls)
        result = process.wait()
        self.assertEqual(result.status, 254)
        self.assertIn("image 'https://example.test/b.aci': ", result.err)
        self.assertEqual((result.out, self.host.image_ids()), ("", []))
        self.host.assert_no_drafts()
        self.host.assert_no_processes()
        for page in pages:
            page.go()

    def test_one_that_still_waits_for_an_answer_is_ended_too(self):
        self.put()
        asked, answer, late = threading.Event(), threading.Event(), []
        self.addCleanup(answer.set)

        def wait(_):
            asked.set()
            if not answer.wait(TIMEOUT):
                late.append("the answer was waited for")
            return True
        self.server.put(self.urls[0], Page(self.images[0], needs=wait))
        self.server.put(self.urls[1], Page(status=404, needs=lambda _: asked.wait(TIMEOUT)))
        self.assertEqual(self.host.start("fetch", *self.urls[:2]).wait().status, 254)
        self.assertEqual(late, [])
        self.host.assert_no_processes()

    def test_one_that_waits_for_another_process_is_ended_too(self):
        page = self.put(hold=1000)[0]
        other = self.host.start("fetch", self.urls[0])
        page.until_held()
        asked = threading.Event()
        self.server.put(self.urls[1], Page(status=404, needs=lambda _: asked.wait(TIMEOUT)))
        process = self.host.start("fetch", *self.urls[:2])
        process.expect("another gantry instance is downloading this file, waiting...", "err")
        asked.set()
        self.assertEqual(process.wait().status, 254)
        self.assertTrue(other.running())
        page.go()
        self.assertEqual(other.wait().status, 0)

    def test_the_images_of_a_pod_are_fetched_at_once(self):
        pages = self.put(hold=1000)
        process = self.host.start("prepare", *self.urls)
        for page in pages:
            page.until_held()
        for page in pages:
            page.go()
        self.assertEqual(process.wait().status, 0)

    def test_the_same_image_twice_is_fetched_once(self):
        self.put()
        lines = self.host.fetched(self.urls[0], self.urls[0])
        self.assertEqual(lines[0], lines[1])
        self.assertEqual(len(self.asked()), 2)

    def test_progress_for_programs(self):
        self.put()
        result = self.host.good("fetch", "--progress=json", self.urls[0])
        events = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
        size = len(self.images[0])
        first = {"progress": 1, "event": "begin", "image": self.urls[0], "url": self.urls[0],
                 "bytes": 0, "total": size}
        self.assertEqual(events[0], first)
        self.assertEqual(events[-1], {**first, "event": "end", "bytes": size})
        self.assertEqual([event["bytes"] for event in events],
                         sorted(event["bytes"] for event in events))

    def test_progress_on_a_terminal_is_one_line_that_goes(self):
        page = self.put(hold=len(self.images[0]) // 2)[0]
        options = self.host.options(env={"TERM": "xterm"})
        terminal = Terminal(self.host.argv("fetch", self.urls[0]), None, **options)
        page.until_held()
        self.assertRegex(terminal.expect(", 50%").text, r"\r\x1b\[K\S+: 3\.\d MiB of 6\.\d MiB, 50%")
        page.go()
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.text, r"\r\x1b\[Kfetch: image: signature verified:\n")

    def test_no_progress_without_a_terminal(self):
        self.put()
        for words in ([], ["--progress=none"]):
            result = self.host.good("fetch", *words, self.urls[0], env={"TERM": "xterm"})
            self.assertNotIn("MiB", result.err)
            self.host.ok("image", "rm", *self.host.image_ids())


@needs_root
@needs_program("openssl")
@needs_program("gpg")
class Dependencies(Fetching):
    def setUp(self):
        super().setUp()
        self.host.trust(self.key)
        self.site = Site(self.server, "example.test")

    def put(self, name, *dependencies, files=None, **fields):
        """Serves example.test/NAME, which depends on those; its bytes."""
        manifest = json.loads(image_manifest(name=f"example.test/{name}", **fields))
        manifest["dependencies"] = [
            {"imageName": f"example.test/{d}"} if isinstance(d, str) else d for d in dependencies]
        image = aci(files or {f"etc/{name}": name.encode()}, manifest=json.dumps(manifest))
        self.site.add(f"example.test/{name}", image, key=self.key)
        return image

    def test_a_chain_is_fetched_and_runs(self):
        self.put("base", app=False)
        self.put("middle", "base", app=False)
        self.put("top", "middle", exec=["/probe", "exit", "0"])
        self.host.fetched("example.test/top")
        self.assertEqual(len(self.host.image_ids()), 3)
        self.server.forget()
        self.assertEqual(self.host.run("run", "--net=none", "example.test/top").status, 0)
        self.assertEqual(self.asked(), [])

    def test_a_shared_dependency_is_fetched_once(self):
        self.put("base", app=False)
        self.put("left", "base", app=False)
        self.put("right", "base", app=False)
        self.put("top", "left", "right")
        self.host.fetched("example.test/top")
        # Where is it, its signature, and itself.
        self.assertEqual(sum("example.test/base" in line for line in self.server.lines), 3)

    def test_a_circle_is_refused_at_once(self):
        self.put("a", "b")
        self.put("b", "c")
        self.put("c", "a")
        self.refused("example.test/a", says=(
            "depends on itself: example.test/a -> example.test/b -> example.test/c -> "
            "example.test/a"))

    def test_what_depends_on_itself_is_refused(self):
        path = self.host.file("self.aci", self.put("self", "self"))
        self.host.file("self.aci.asc", self.key.sign(read(path, "rb")))
        self.refused(path, says=f"depends on itself: {path} -> example.test/self")

    def test_a_long_chain_is_refused(self):
        for i in range(40):
            self.put(f"n{i}", f"n{i + 1}")
        self.refused("example.test/n0", says="depends on more than 32 images in a row")
        self.assertFalse([line for line in self.server.lines if "n34" in line])

    def test_an_id_and_a_size_are_held_to(self):
        base = self.put("base", app=False)
        image = self.host.fetched("--insecure-options=image", self.host.file("base.aci", base))[0]
        wrong = "sha512-" + "0" * 64
        self.put("top", {"imageName": "example.test/base", "imageID": image, "size": len(base)})
        self.host.fetched("example.test/top")
        self.put("top2", {"imageName": "example.test/base", "imageID": wrong})
        self.refused("example.test/top2", says=(
            f"dependency 'example.test/base': is the image '{image}', and not '{wrong}'"))
        for size in (len(base) - 1, len(base) + 1):
            self.put("top3", {"imageName": "example.test/base", "size": size})
            self.refused("example.test/top3", says="bytes")
        # Nor is it stored when it comes.
        self.host.ok("image", "rm", *self.host.image_ids())
        for size in (len(base) - 1, len(base) + 1):
            self.put("top4", {"imageName": "example.test/base", "size": size})
            self.refused("example.test/top4", says=f"{size}")

    def test_a_dependency_that_is_missing_is_named(self):
        self.put("top", "base")
        self.refused("example.test/top", says=(
            "image 'example.test/top': dependency 'example.test/base': "))

    def test_labels_of_a_dependency_are_asked_for(self):
        self.put("base", labels={**LABELS, "version": "1.0"}, app=False)
        self.site.add("example.test/base", self.put("base", labels={**LABELS, "version": "1.0"}),
                      "1.0", key=self.key)
        self.put("top", {"imageName": "example.test/base",
                         "labels": names_and_values({"version": "1.0"})})
        self.host.fetched("example.test/top")
        self.assertTrue([line for line in self.server.lines if "base-1.0-linux" in line])

    def test_a_dependency_that_changed_changes_the_tree(self):
        self.put("base", app=False, files={"etc/new": b"one"})
        self.put("top", "base", exec=["/probe", "exit", "0"])
        self.host.fetched("example.test/top")
        tree = os.path.join(self.host.data, "cas/image", "{}", "tree", "rootfs/etc/new")
        def content():
            top, = [i for i in self.host.image_ids() if json.loads(read(os.path.join(
                self.host.data, "cas/image", i, "manifest")))["name"] == "example.test/top"]
            return read(tree.format(top))
        self.assertEqual(content(), "one")
        self.put("base", app=False, files={"etc/new": b"two"})
        self.host.fetched("example.test/top")
        self.assertEqual(content(), "two")


if __name__ == "__main__":
    unittest.main()
