# SPDX-License-Identifier: Apache-2.0
"""How keys come to be trusted, are listed, and are trusted no longer (rkt 2.21, 3.7): real keys,
from files, over https and by discovery, and a terminal that somebody answers on."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import unittest

import network
from harness import Host, TIMEOUT, aci, needs_program, needs_root, read, write
from https_server import Authority, Page, Server, Site, basic, page_of_tags, redirect
from signing import LONG_AGO, Keyring

setUpModule = network.enter

OURS = 254


def spaced(fingerprint):
    groups = [fingerprint.upper()[i:i + 4] for i in range(0, len(fingerprint), 4)]
    half = len(groups) // 2
    return " ".join(groups[:half]) + "  " + " ".join(groups[half:])


class Terminal:
    """A command on a terminal: what it wrote there, and what is typed."""

    def __init__(self, argv, stdout=None, **options):
        self.master, slave = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(argv, **{
            **options, "stdin": slave, "stdout": stdout or slave, "stderr": slave})
        os.close(slave)

    def read(self):
        """What comes next, or None at the end."""
        ready, _, _ = select.select([self.master], [], [], TIMEOUT)
        if not ready:
            self.process.kill()
            raise AssertionError(f"nothing more came: {self.text}")
        try:
            block = os.read(self.master, 65536)
        except OSError:
            block = b""
        self.text += block.decode(errors="replace").replace("\r\n", "\n")
        return block or None

    def expect(self, text, count=1):
        while self.text.count(text) < count:
            if self.read() is None:
                raise AssertionError(f"'{text}' never came: {self.text}")
        return self

    def type(self, text):
        os.write(self.master, text.encode())
        return self

    def wait(self):
        while self.read() is not None:
            pass
        os.close(self.master)
        return self.process.wait(TIMEOUT)


@needs_root
@needs_program("gpg")
class Trust(unittest.TestCase):
    """Directories of its own, and one good key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keyring = Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>")

    def setUp(self):
        self.host = Host(self)
        self.dirs = {}
        for layer in ("system", "local", "user"):
            self.dirs[layer] = os.path.join(self.host.scratch, layer)
            self.addCleanup(shutil.rmtree, self.dirs[layer], ignore_errors=True)
        self.file = self.host.file("key.asc", self.key.public)

    def words(self, *words):
        return ["--insecure-options=none", *(f"--{k}-config={v}" for k, v in self.dirs.items()),
                "trust", *words]

    def trust(self, *words, **options):
        return self.host.run(*self.words(*words), **options)

    def ok(self, *words, **options):
        result = self.trust(*words, **options)
        self.assertEqual(result.status, 0, result)
        return result

    def on_terminal(self, *words, stdout=None, env=None):
        return Terminal(self.host.argv(*self.words(*words)), stdout, **self.host.options(env=env))

    def assert_refused(self, message, *words, **options):
        result = self.trust(*words, **options)
        self.assertEqual((result.status, result.out), (OURS, ""), result)
        self.assertIn(message, result.err)
        self.assertEqual(self.stored(), [])

    def path(self, fingerprint, prefix="", layer="local"):
        place = f"prefix.d/{prefix}" if prefix else "root.d"
        return os.path.join(self.dirs[layer], "trustedkeys", place, fingerprint)

    def put(self, key, prefix="", layer="local", text=None):
        """Makes the file of a key, as somebody's hand would."""
        path = self.path(key.fingerprint, prefix, layer)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return write(path, key.public if text is None else text)

    def stored(self):
        """The files in the local directory, from trustedkeys on."""
        top = os.path.join(self.dirs["local"], "trustedkeys")
        return sorted(os.path.relpath(os.path.join(folder, name), top)
                      for folder, _, names in os.walk(top) for name in names)

    def prefix_file(self, prefix="example.test", key=None):
        return [f"prefix.d/{prefix}/{(key or self.key).fingerprint}"]


class Files(Trust):
    def test_a_key_is_shown_and_stored_for_its_prefix(self):
        result = self.ok("--prefix=example.test/app", "--skip-fingerprint-review", self.file)
        path = self.path(self.key.fingerprint, "example.test/app")
        self.assertEqual(result.out, f"gpg key fingerprint is: {spaced(self.key.fingerprint)}\n"
                         "\tAnn <ann@example.test>\n")
        self.assertEqual(result.err, (
            f'pubkey: prefix: "example.test/app"\nkey: "{self.file}"\n'
            f'pubkey: Trusting "{self.file}" for prefix "example.test/app" without fingerprint '
            f'review.\npubkey: Added key for prefix "example.test/app" at "{path}"\n'))
        self.assertIn("-----BEGIN PGP PUBLIC KEY BLOCK-----", read(path))
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o644)
        self.assertEqual(os.stat(os.path.dirname(path)).st_mode & 0o7777, 0o755)
        self.assertEqual(self.stored(), self.prefix_file("example.test/app"))

    def test_a_root_key(self):
        result = self.ok("--root", "--skip-fingerprint-review", self.file)
        self.assertIn(f'pubkey: Added root key at "{self.path(self.key.fingerprint)}"\n', result.err)
        self.assertEqual(self.stored(), [f"root.d/{self.key.fingerprint}"])

    def test_what_is_stored_is_the_key(self):
        self.ok("--root", "--skip-fingerprint-review", self.file)
        other = Keyring(self)
        other.gpg("--import", input=read(self.path(self.key.fingerprint), "rb"))
        self.assertEqual(other.fingerprints("ann@example.test"), [self.key.fingerprint])

    def test_subkeys_and_identities_are_shown(self):
        key = self.keyring.key("Many <many@example.test>")
        subkey = key.add_subkey()
        key.add_identity("Other <other@example.test>")
        result = self.ok("--root", "--skip-fingerprint-review", self.host.file("many", key.public))
        self.assertIn(f"\n    Subkey fingerprint: {spaced(subkey)}\n\t", result.out)
        self.assertIn("\tMany <many@example.test>\n", result.out)
        self.assertIn("\tOther <other@example.test>\n", result.out)

    def test_a_file_may_be_binary_and_hold_several_keys(self):
        other = self.keyring.key("Bob <bob@example.test>")
        both = self.host.file("both", self.key.public_binary + other.public_binary)
        result = self.ok("--root", "--skip-fingerprint-review", both)
        self.assertEqual(result.out.count("gpg key fingerprint is: "), 2)
        self.assertEqual(self.stored(), sorted(f"root.d/{k.fingerprint}" for k in (self.key, other)))

    def test_several_files(self):
        other = self.keyring.key("Bob <bob@example.test>")
        file = self.host.file("bob", other.public)
        self.ok("--prefix", "example.test", "--skip-fingerprint-review", self.file, f"file://{file}")
        self.assertEqual(len(self.stored()), 2)

    def test_whom_for_is_never_guessed(self):
        self.assert_refused("say what the keys may sign: --prefix=NAME", self.file)
        self.assert_refused("--prefix=NAME")
        self.assert_refused("exclude each other", "--root", "--prefix=a.test", self.file)
        self.assert_refused("--root needs the keys' files", "--root")
        self.assert_refused("without a scheme: 'a.test'", "--prefix=https://a.test", self.file)
        for prefix in ("../a", "a/../b", "a//b", "A", "", "a/"):
            self.assert_refused("--prefix", f"--prefix={prefix}", "--skip-fingerprint-review", self.file)

    def test_without_signatures_there_is_no_keystore(self):
        result = self.host.run("trust", "--root", "--insecure-options=image", self.file)
        self.assertEqual(result.status, OURS)
        self.assertIn("trust: could not get the keystore", result.err)

    def test_what_is_no_public_key_is_refused(self):
        secret = self.keyring.gpg("--armor", "--export-secret-keys", self.key.fingerprint)
        words = "--root", "--skip-fingerprint-review"
        self.assert_refused("key '/nonexistent': ", *words, "/nonexistent")
        self.assert_refused("empty': ", *words, self.host.file("empty", ""))
        self.assert_refused("text': ", *words, self.host.file("text", "no key\n"))
        self.assert_refused("secret': ", *words, self.host.file("secret", secret))
        self.assert_refused("signature': ", *words, self.host.file("signature", self.key.sign(b"x")))
        self.assert_refused("large': ", *words, self.host.file("large", b"x" * (2 << 20)))
        self.assert_refused("ftp://a.test/key': must be a file", *words, "ftp://a.test/key")

    def test_a_key_that_is_trusted_already_says_so_and_asks_nothing(self):
        self.ok("--prefix=example.test", "--skip-fingerprint-review", self.file)
        result = self.ok("--prefix=example.test", self.file)
        self.assertIn('pubkey: it is trusted already, by "'
                      f'{self.path(self.key.fingerprint, "example.test")}"\n', result.err)
        self.assertEqual(self.stored(), self.prefix_file())

    def test_a_key_that_has_ended_is_warned_of(self):
        old = self.keyring.key("Old <old@example.test>", expires="1d", at=LONG_AGO)
        revoked = self.keyring.key("Gone <gone@example.test>")
        revoked.revoke()
        for key, words in ((old, "it has expired"), (revoked, "it is revoked")):
            result = self.ok("--root", "--skip-fingerprint-review", self.host.file("k", key.public))
            self.assertIn(f"pubkey: warning: {words}: nothing that it signs", result.err)

    def test_a_key_that_was_masked_is_warned_of(self):
        self.put(self.key, "example.test", text="")
        result = self.ok("--prefix=example.test", "--skip-fingerprint-review", self.file)
        self.assertIn("pubkey: warning: the trust in this key was taken away", result.err)
        self.assertIn("Added key", result.err)

    def test_control_characters_are_not_printed(self):
        key = self.keyring.key("Evil \x1b[2J\u009b2J <evil@example.test>")
        name = self.host.file("k\x1b[31m", key.public)
        result = self.ok("--root", "--skip-fingerprint-review", name)
        for text in (result.out, result.err):
            self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f-\x9f]")
        self.assertIn("<evil@example.test>", result.out)

    def test_a_directory_that_others_can_write_is_refused(self):
        os.makedirs(os.path.join(self.dirs["local"], "trustedkeys"))
        os.chmod(os.path.join(self.dirs["local"], "trustedkeys"), 0o777)
        result = self.trust("--root", "--skip-fingerprint-review", self.file)
        self.assertEqual(result.status, OURS)
        self.assertIn("can be changed by others: run \"chmod go-w", result.err)
        self.assertEqual(self.stored(), [])


class Answers(Trust):
    QUESTION = "Are you sure you want to trust this key (yes/no)?\n"

    def test_yes_stores_the_key(self):
        terminal = self.on_terminal("--prefix=example.test", self.file).expect(self.QUESTION)
        self.assertEqual(self.stored(), [])
        self.assertIn(f"gpg key fingerprint is: {spaced(self.key.fingerprint)}\n", terminal.text)
        self.assertEqual(terminal.type("yes\n").wait(), 0)
        self.assertIn(f'pubkey: Trusting "{self.file}" for prefix "example.test" after fingerprint '
                      "review.\n", terminal.text)
        self.assertEqual(self.stored(), self.prefix_file())

    def test_no_stores_nothing_and_is_no_failure(self):
        terminal = self.on_terminal("--root", self.file).expect(self.QUESTION)
        self.assertEqual(terminal.type("no\n").wait(), 0)
        self.assertIn(f'pubkey: not trusting "{self.file}"\n', terminal.text)
        self.assertEqual(self.stored(), [])

    def test_each_key_is_asked_about(self):
        other = self.keyring.key("Bob <bob@example.test>")
        file = self.host.file("bob", other.public)
        terminal = self.on_terminal("--root", self.file, file).expect(self.QUESTION)
        terminal.type("no\n").expect(self.QUESTION, 2).type("yes\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.stored(), [f"root.d/{other.fingerprint}"])

    def test_anything_else_is_asked_again(self):
        terminal = self.on_terminal("--root", self.file).expect(self.QUESTION)
        answers = ["y", "YES", "", " yes", "yes ", "no " * 40]
        for count, answer in enumerate(answers, 1):
            terminal.type(answer + "\n").expect("Please enter 'yes' or 'no'\n", count)
            terminal.expect(self.QUESTION, count + 1)
        self.assertEqual(self.stored(), [])
        self.assertEqual(terminal.type("yes\n").wait(), 0)
        self.assertEqual(len(self.stored()), 1)

    def test_the_end_of_input_is_no_answer(self):
        terminal = self.on_terminal("--root", self.file).expect(self.QUESTION).type("\x04")
        self.assertEqual(terminal.wait(), OURS)
        self.assertIn("there was no answer", terminal.text)
        self.assertEqual(self.stored(), [])

    def test_who_is_asked_sees_the_key_wherever_the_output_goes(self):
        with open(os.path.join(self.host.scratch, "out"), "w+b") as out:
            self.addCleanup(os.unlink, out.name)
            terminal = self.on_terminal("--root", self.file, stdout=out).expect(self.QUESTION)
            self.assertIn(spaced(self.key.fingerprint), terminal.text)
            self.assertEqual(terminal.type("yes\n").wait(), 0)
            self.assertIn(spaced(self.key.fingerprint), read(out.name))

    def test_without_a_terminal_nothing_is_trusted(self):
        result = self.trust("--root", self.file)
        self.assertEqual(result.status, OURS)
        self.assertIn(f"trust: key '{self.file}': there is no terminal to ask on", result.err)
        self.assertIn("--skip-fingerprint-review", result.err)
        self.assertEqual(self.stored(), [])


@needs_program("openssl")
class Network(Trust):
    URL = "https://example.test/key.asc"

    def setUp(self):
        super().setUp()
        self.authority = Authority(self)
        self.server = Server(self, self.authority)
        self.server.put(self.URL, Page(self.key.public))
        self.env = self.authority.env

    def skip(self, *words):
        return self.trust("--prefix=example.test", "--skip-fingerprint-review", *words, env=self.env)

    def assert_stored(self, result):
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.stored(), self.prefix_file())

    def assert_not(self, result, message):
        self.assertEqual(result.status, OURS, result)
        self.assertIn(message, result.err)
        self.assertEqual(self.stored(), [])

    def test_a_key_is_got_over_https(self):
        result = self.skip(self.URL)
        self.assert_stored(result)
        self.assertIn(f'pubkey: prefix: "example.test"\nkey: "{self.URL}"\n', result.err)

    def test_with_the_credentials_that_are_configured(self):
        self.server.put(self.URL, Page(self.key.public, needs=basic("u", "p")))
        self.assert_not(self.skip(self.URL), f"key '{self.URL}': ")
        directory = os.path.join(self.dirs["local"], "auth.d")
        os.makedirs(directory)
        write(os.path.join(directory, "a.json"), json.dumps(
            {"rktKind": "auth", "rktVersion": "v1", "domains": ["example.test"], "type": "basic",
             "credentials": {"user": "u", "password": "p"}}), 0o600)
        self.assert_stored(self.skip(self.URL))

    def test_plain_http_needs_to_be_allowed(self):
        http = Server(self)
        http.put("http://example.test/key.asc", Page(self.key.public))
        url = "http://example.test/key.asc"
        self.assert_not(self.skip(url), f"key '{url}': a key that comes over plain http")
        self.assert_not(self.skip("--insecure-options=http", url), "plain http")
        self.assertEqual(http.lines, [])
        self.assert_stored(self.skip("--insecure-allow-http", url))
        shutil.rmtree(self.dirs["local"])
        self.assert_stored(self.skip("--insecure-options=pubkey", url))

    def test_a_certificate_that_is_not_good_needs_to_be_allowed(self):
        self.env = Authority(self, "Another CA").env
        self.assert_not(self.skip(self.URL), f"key '{self.URL}': ")
        self.assert_stored(self.skip("--insecure-options=tls", self.URL))
        shutil.rmtree(self.dirs["local"])
        self.assert_stored(self.skip("--insecure-options=pubkey", self.URL))

    def test_keys_are_discovered(self):
        other = self.keyring.key("Bob <bob@example.test>")
        Site(self.server, "example.test").keys(self.key, other)
        result = self.trust("--prefix=example.test/a/b", "--skip-fingerprint-review", env=self.env)
        self.assertEqual(result.status, 0, result)
        self.assertIn('key: "https://example.test/pubkeys.gpg"\n', result.err)
        self.assertEqual(self.stored(), sorted(self.prefix_file("example.test/a/b") +
                                               self.prefix_file("example.test/a/b", other)))

    def test_nothing_to_discover_says_so(self):
        self.assert_not(self.skip(), "trust: error determining key location: ")

    def test_discovery_over_plain_http_needs_to_be_allowed(self):
        self.server.close()
        http = Server(self)
        http.put("http://example.test/key.asc", Page(self.key.public))
        http.put("http://example.test", page_of_tags(
            ("ac-discovery-pubkeys", "example.test http://example.test/key.asc")))
        self.assert_not(self.skip(), "error determining key location")
        self.assert_not(self.skip("--insecure-options=http"), "plain http")
        self.assert_stored(self.skip("--insecure-allow-http"))

    def test_a_page_cannot_name_a_file_of_the_host(self):
        fifo = os.path.join(self.host.scratch, "fifo")
        os.mkfifo(fifo)
        for place in (self.file, "file://" + self.file, fifo, "file://" + fifo):
            self.server.put("https://example.test", page_of_tags(
                ("ac-discovery-pubkeys", f"example.test {place}")))
            self.assert_not(self.skip(), f"key '{place}': a page may only name")

    def test_a_redirect_to_plain_http_needs_to_be_allowed(self):
        http = Server(self)
        http.put("http://example.test/key.asc", Page(self.key.public))
        self.server.put(self.URL, redirect("http://example.test/key.asc"))
        words = "--prefix=example.test", "--trust-keys-from-https", self.URL
        for insecure in ("none", "http"):
            self.assert_not(self.trust(f"--insecure-options={insecure}", *words, env=self.env),
                            "plain http")
        self.assertEqual(http.lines, [])
        self.assert_stored(self.trust("--insecure-allow-http", *words, env=self.env))

    def test_https_may_be_enough(self):
        words = "--prefix=example.test", "--trust-keys-from-https"
        self.assert_not(self.trust(*words, self.file), "there is no terminal")
        result = self.trust(*words, self.URL, env=self.env)
        self.assert_stored(result)
        self.assertIn("without fingerprint review.", result.err)

    def test_https_is_not_enough_for_a_key_with_a_fault(self):
        old = self.keyring.key("Old <old@example.test>", expires="1d", at=LONG_AGO)
        self.server.put(self.URL, Page(old.public))
        words = "--prefix=example.test", "--trust-keys-from-https", self.URL
        result = self.ok(*words, env=self.env)
        self.assertIn(f'pubkey: not trusting "{self.URL}"\n', result.err)
        self.server.put(self.URL, Page(self.key.public))
        mask = self.put(self.key, "example.test", text="")
        result = self.ok(*words, env=self.env)
        self.assertIn(f'pubkey: not trusting "{self.URL}"\n', result.err)
        self.assertEqual(read(mask), "")
        self.assertEqual(self.stored(), self.prefix_file())

    def test_a_key_from_the_net_is_asked_about(self):
        terminal = self.on_terminal("--prefix=example.test", self.URL, env=self.env)
        terminal.expect(Answers.QUESTION).type("yes\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.stored(), self.prefix_file())

    def test_what_is_too_large_or_no_key_is_refused(self):
        for content in (b"x" * (2 << 20), b"<html></html>", b""):
            self.server.put(self.URL, Page(content))
            self.assert_not(self.skip(self.URL), f"key '{self.URL}': ")
        self.server.put(self.URL, Page(status=404))
        self.assert_not(self.skip(self.URL), f"key '{self.URL}': ")


@needs_program("openssl")
class WhileFetching(Trust):
    """Keys that are discovered for an image (rkt 4.4); tests/functional/test_fetch.py has the rest."""

    NAME = "example.test/hello"

    def setUp(self):
        super().setUp()
        self.authority = Authority(self)
        self.server = Server(self, self.authority)

    def fetch(self, insecure="none"):
        return self.host.run(*self.words()[:-1], f"--insecure-options={insecure}",
                             "--trust-keys-from-https", "fetch", self.NAME, env=self.authority.env)

    def test_a_page_over_plain_http_does_not_say_where_keys_are(self):
        self.server.put("https://example.test/pubkeys.gpg", Page(self.key.public))
        site = Site(Server(self), "example.test")
        site.tag("ac-discovery-pubkeys", "example.test https://example.test/pubkeys.gpg")
        site.add(self.NAME, aci(name=self.NAME), key=self.key)
        result = self.fetch("http")
        self.assertEqual(result.status, OURS, result)
        self.assertIn("fetch: error determining key location: ", result.err)
        self.assertEqual(self.stored(), [])
        result = self.fetch("http,pubkey")
        self.assertEqual(result.status, 0, result)
        self.assertIn("fetch: signing keys may be downloaded from an insecure connection\n", result.err)
        self.assertEqual(self.stored(), self.prefix_file(self.NAME))

    def test_a_key_that_was_masked_is_not_taken_again(self):
        site = Site(self.server, "example.test")
        site.keys(self.key)
        site.add(self.NAME, aci(name=self.NAME), key=self.key)
        mask = self.put(self.key, self.NAME, text="")
        result = self.fetch()
        self.assertEqual(result.status, OURS, result)
        self.assertIn('pubkey: not trusting "https://example.test/pubkeys.gpg"\n', result.err)
        self.assertEqual(read(mask), "")
        os.unlink(mask)
        self.assertEqual(self.fetch().status, 0)


class List(Trust):
    def rows(self, *words):
        """Each row's cells; the header's first."""
        out = self.ok("list", *words).out
        return [re.split("\t+", line) for line in out.splitlines()]

    def test_an_empty_list(self):
        self.assertEqual(self.rows(), [["FINGERPRINT", "PREFIX", "IDENTITY", "EXPIRES", "STATE", "FROM"]])
        self.assertEqual(self.ok("list", "--no-legend").out, "\n")
        self.assertEqual(self.ok("list", "--format=json").out, "[]\n")

    def test_which_key_for_which_prefix_until_when_and_where_from(self):
        day = self.keyring.key("Day <day@example.test>", expires="seconds=129600")
        self.put(self.key, layer="system")
        self.put(day, "example.test/app")
        self.put(day, "other.test", layer="user")
        self.assertEqual(self.rows("--no-legend"), [
            [self.key.fingerprint, "*", "Ann <ann@example.test>", "never", "trusted", "system"],
            [day.fingerprint, "example.test/app", "Day <day@example.test>", "1 day from now",
             "trusted", "local"],
            [day.fingerprint, "other.test", "Day <day@example.test>", "1 day from now", "trusted",
             "user"]])

    def test_full(self):
        key = self.keyring.key("Many <many@example.test>", expires="20991231T120000")
        key.add_identity("Other <other@example.test>")
        path = self.put(key)
        _, row = self.rows("--full")
        self.assertEqual(sorted(row[2].split(", ")),
                         ["Many <many@example.test>", "Other <other@example.test>"])
        self.assertTrue(row[3].startswith("2099-12-"), row)
        self.assertEqual(row[5], path)

    def test_keys_that_do_not_count_say_why(self):
        old = self.keyring.key("Old <old@example.test>", expires="1d", at=LONG_AGO)
        gone = self.keyring.key("Gone <gone@example.test>")
        gone.revoke()
        self.put(self.key, layer="system")
        self.put(self.key, text="")
        self.put(old)
        self.put(gone, "a.test", layer="system")
        self.put(gone, "a.test")
        states = {(row[0], row[1], row[5]): row[4] for row in self.rows("--no-legend")}
        self.assertEqual(states, {
            (self.key.fingerprint, "*", "system"): "masked",
            (self.key.fingerprint, "*", "local"): "mask",
            (old.fingerprint, "*", "local"): "expired",
            (gone.fingerprint, "a.test", "system"): "replaced",
            (gone.fingerprint, "a.test", "local"): "revoked"})

    def test_a_file_that_is_not_the_key_of_its_name(self):
        other = self.keyring.key("Bob <bob@example.test>")
        wrong = self.put(self.key, text=other.public)
        bad = self.put(other, text="no key")
        result = self.ok("list", "--no-legend")
        self.assertEqual(result.out.count("broken"), 2)
        self.assertIn(f"'{wrong}': it holds something else than the key it is called by", result.err)
        self.assertIn(f"'{bad}': ", result.err)

    def test_a_draft_is_no_key_and_anything_else_is_warned_of(self):
        path = self.put(self.key)
        write(os.path.join(os.path.dirname(path), f".{self.key.fingerprint}.1"), "")
        self.assertEqual(self.ok("list").err, "")
        write(os.path.join(os.path.dirname(path), "ann.asc"), self.key.public)
        result = self.ok("list", "--no-legend")
        self.assertEqual(len(result.lines), 1)
        self.assertIn("root.d/ann.asc' is not looked at: the name of a key's file is its", result.err)

    def test_what_counts_for_a_name(self):
        other = self.keyring.key("Bob <bob@example.test>")
        self.put(self.key)
        self.put(other, "example.test")
        self.put(self.key, "example.test/app")
        self.put(self.key, "example.test/apple")
        self.assertEqual([row[1] for row in self.rows("--no-legend", "--prefix=example.test/app")],
                         ["*", "example.test", "example.test/app"])
        self.assertEqual([row[1] for row in self.rows("--no-legend", "--prefix=a.test")], ["*"])

    def test_json(self):
        key = self.keyring.key("Old <old@example.test>", at=LONG_AGO)
        self.put(key, layer="system")
        mask = self.put(key, text="")
        first, second = json.loads(self.ok("list", "--format=json").out)
        self.assertEqual(first, {
            "fingerprint": key.fingerprint, "prefix": "", "state": "masked",
            "identities": ["Old <old@example.test>"], "subkeys": [],
            "created_at": 1577836800 * 10**9, "expires_at": 0, "layer": "system",
            "path": self.path(key.fingerprint, layer="system"), "hidden_by": mask})
        self.assertEqual((second["state"], second["identities"]), ("mask", []))
        self.assertTrue(self.ok("list", "--format=json-pretty").out.startswith("[\n\t{\n\t\t\"finger"))


class Remove(Trust):
    def remove(self, *words):
        return self.ok("remove", *words)

    def test_a_local_key_is_removed(self):
        path = self.put(self.key, "example.test/app")
        result = self.remove(self.key.fingerprint)
        self.assertEqual(result.err, f'remove: removed key for prefix "example.test/app" at "{path}"\n')
        self.assertEqual(self.stored(), [])
        self.assertFalse(os.path.exists(os.path.dirname(path)))

    def test_a_key_of_the_vendor_is_masked(self):
        self.put(self.key, layer="system")
        result = self.remove(self.key.fingerprint)
        path = self.path(self.key.fingerprint)
        self.assertEqual(result.err, f'remove: masked root key at "{path}"\n')
        self.assertEqual(read(path), "")
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o644)
        result = self.trust("remove", self.key.fingerprint)
        self.assertEqual((result.status, result.err), (
            OURS, f"remove: '{self.key.fingerprint}' is not trusted\n"))

    def test_a_root_key_is_masked_for_a_prefix(self):
        self.put(self.key)
        self.remove("--prefix=example.test", self.key.fingerprint)
        self.assertEqual(self.stored(), self.prefix_file() + [f"root.d/{self.key.fingerprint}"])

    def test_of_several_places_one_is_to_be_named(self):
        self.put(self.key)
        self.put(self.key, "example.test")
        result = self.trust("remove", self.key.fingerprint)
        self.assertEqual((result.status, result.err), (
            OURS, f"remove: '{self.key.fingerprint}' is trusted for several: say --root, "
            "--prefix=example.test\n"))
        self.remove("--root", self.key.fingerprint)
        self.assertEqual(self.stored(), self.prefix_file())

    def test_a_fingerprint_as_people_write_it(self):
        for text in (spaced(self.key.fingerprint), self.key.fingerprint.upper(),
                     "0x" + self.key.id.upper(), self.key.fingerprint[:8]):
            with self.subTest(text):
                self.put(self.key)
                self.remove(text)
                self.assertEqual(self.stored(), [])

    def test_what_is_no_key_is_refused(self):
        self.put(self.key)
        for text, message in ((self.key.fingerprint[:7], "at least 8 digits"), ("key.asc", "no fingerprint"),
                              ("0" * 40, "is no key that is trusted"), ("../" + "a" * 37, "no fingerprint")):
            result = self.trust("remove", text)
            self.assertEqual(result.status, OURS)
            self.assertIn(message, result.err)
        self.assertIn("takes the fingerprints", self.trust("remove").err)
        self.assertEqual(len(self.stored()), 1)

    def test_digits_that_mean_two_keys_are_refused(self):
        self.put(self.key)
        twin = self.key.fingerprint[:12] + "0" * 28
        write(self.path(twin), "x")
        result = self.trust("remove", self.key.fingerprint[:12])
        self.assertEqual(result.status, OURS)
        self.assertIn("is more than one key: ", result.err)

    def test_a_key_of_the_user_is_left_to_the_user(self):
        path = self.put(self.key, layer="user")
        result = self.trust("remove", self.key.fingerprint)
        self.assertEqual(result.status, OURS)
        self.assertIn(f"remove '{path}'", result.err)


if __name__ == "__main__":
    unittest.main()
