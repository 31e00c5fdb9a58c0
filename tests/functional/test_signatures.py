# SPDX-License-Identifier: Apache-2.0
"""Signatures of images by real OpenPGP keys (rkt 4.7, threat 15), and where gpg runs."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import (GANTRY, IMPORT, TIMEOUT, Host, aci, descendants, needs_program,
                     needs_root, read, wait_until, write)
from signing import LONG_AGO, Keyring, damaged

VERIFIER = IMPORT % "trust"

FILE = os.urandom(100000)
NOBODY = 65534


def in_memory(content):
    fd = os.memfd_create("test")
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


class Verifier:
    """`import verify`, with the descriptors that gantry gives it
    (stage0/fetch/verify_protocol.h)."""

    def __init__(self, test, keys, signature, environment=None):
        request = {"keys": [{"fingerprint": key.fingerprint, "path": "/key",
                             "text": key.public.decode()} for key in keys]}
        self.data, data = socket.socketpair()
        self.answers, answers = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self.answers.settimeout(TIMEOUT)
        fds = [data.detach(), in_memory(json.dumps(request).encode()),
               os.open(os.devnull, os.O_WRONLY), in_memory(signature), answers.detach()]
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in fds]
        moves = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(high)]
        self.pid = os.posix_spawn(VERIFIER, [VERIFIER, "verify"],
                                  os.environ if environment is None else environment,
                                  file_actions=moves)
        for fd in fds + high:
            os.close(fd)
        test.addCleanup(self.end)

    def answer(self):
        return json.loads(self.answers.recv(1 << 16))

    def end(self):
        self.data.close()
        self.answers.close()
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def wait(self):
        """Its exit status."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def gpg(self):
        """The process of gpg that waits for the file, once it is there."""
        found = []

        def is_there():
            for pid in descendants(self.pid):
                try:
                    words = read(f"/proc/{pid}/cmdline").split("\0")
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if words[0] == "gpg" and "--verify" in words:
                    found.append(pid)
            return found
        wait_until(is_there, "gpg")
        return found[0]


@needs_root
@needs_program("gpg")
class Confined(unittest.TestCase):
    """What gpg has left when it reads a file."""

    @classmethod
    def setUpClass(cls):
        cls.keyring = Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>")
        cls.signature = cls.key.sign(FILE)
        cls.other = cls.keyring.key("Bob <bob@example.test>")

    def start(self, keys=None, environment=None):
        self.before = set(descendants())
        verifier = Verifier(self, keys or [self.key], self.signature, environment)
        self.early = verifier.answer()
        return verifier

    def assert_none_left(self):
        wait_until(lambda: not set(descendants()) - self.before, "the end of all processes")

    def start_gpg(self):
        """Sets PID to gpg's, which has read a part."""
        verifier = self.start()
        verifier.data.sendall(FILE[:1000])
        self.pid = verifier.gpg()
        self.assertEqual(self.early, {"verdict": {"keyId": self.key.id}})
        return verifier

    def proc(self, file):
        return read(f"/proc/{self.pid}/{file}")

    def test_it_is_nobody_and_can_become_nothing_else(self):
        self.addCleanup(os.setgroups, os.getgroups())
        os.setgroups([1, 2])
        self.start_gpg()
        status = dict(line.split(":", 1) for line in self.proc("status").splitlines())
        self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4)
        self.assertEqual(status["Gid"].split(), [str(NOBODY)] * 4)
        self.assertEqual(status["Groups"].strip(), "")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(status["Seccomp"].strip(), "2")

    def test_it_has_namespaces_of_its_own(self):
        self.start_gpg()
        for name in ("mnt", "net", "ipc", "uts", "pid"):
            self.assertNotEqual(os.readlink(f"/proc/{self.pid}/ns/{name}"),
                                os.readlink(f"/proc/self/ns/{name}"), name)
        self.assertEqual([line.split(":")[0].strip()
                          for line in self.proc("net/dev").splitlines()[2:]], ["lo"])

    def test_it_sees_programs_and_its_own_home(self):
        self.start_gpg()
        root = f"/proc/{self.pid}/root"
        shown = {"bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32", "nix", "gnu"}
        self.assertLessEqual(set(os.listdir(root)), shown | {"etc", "dev", "home"})
        self.assertLessEqual(set(os.listdir(root + "/etc")), {"ld.so.cache"})
        self.assertEqual(os.listdir(root + "/dev"), ["null"])
        self.assertEqual(sorted(os.listdir(root + "/home")), ["gpg.conf", "pubring.gpg"])
        for line in self.proc("mountinfo").splitlines():
            where, options = line.split()[4:6]
            self.assertIn("nosuid", options)
            self.assertIn("noexec" if where == "/" else "ro", options.split(","), line)

    def test_it_has_no_environment_but_ours(self):
        self.start_gpg()
        names = {word.split("=")[0] for word in self.proc("environ").split("\0") if word}
        self.assertEqual(names, {"PATH", "HOME", "GNUPGHOME", "LC_ALL"})

    def test_it_ends_with_the_one_that_started_it(self):
        verifier = self.start_gpg()
        os.kill(verifier.pid, signal.SIGKILL)
        verifier.wait()
        self.assert_none_left()

    def test_it_ends_with_the_file(self):
        verifier = self.start_gpg()
        verifier.data.sendall(FILE[1000:])
        verifier.data.shutdown(socket.SHUT_WR)
        verdict = verifier.answer()["verdict"]
        self.assertEqual(verdict["fingerprint"], self.key.fingerprint)
        self.assertEqual(verdict["identities"], ["Ann <ann@example.test>"])
        self.assertEqual(verifier.wait(), 0)
        self.assert_none_left()

    def test_it_ends_when_gpg_dies_half_way(self):
        verifier = self.start()
        verifier.data.sendall(FILE[:1000])
        gpg = verifier.gpg()
        feeder, = {int(pid) for pid in descendants(verifier.pid)} - {gpg}
        os.kill(gpg, signal.SIGSTOP)
        verifier.data.setblocking(False)

        def no_pipe_has_room():
            with contextlib.suppress(BlockingIOError):
                while verifier.data.send(bytes(4096)):
                    pass
            state = read(f"/proc/{feeder}/stat").rpartition(")")[2].split()[0]
            return state == "S" and read(f"/proc/{feeder}/wchan").startswith("poll_")
        wait_until(no_pipe_has_room, "gpg to be waited for")
        os.kill(gpg, signal.SIGKILL)
        self.assertIn("gpg ended before the file did", verifier.answer()["errorText"])
        verifier.wait()
        self.assert_none_left()

    def test_a_file_that_breaks_off_is_not_what_was_signed(self):
        verifier = self.start_gpg()
        verifier.data.close()
        answer = verifier.answer()
        self.assertIn("it is not of these bytes", answer["errorText"])
        self.assertEqual(answer["verdict"], {})

    def test_no_gpg_is_started_for_an_unknown_key(self):
        verifier = self.start([self.other])
        self.assertEqual(self.early, {"unknown": True, "verdict": {"keyId": self.key.id}})
        self.assertEqual(verifier.wait(), 0)
        self.assert_none_left()

    def test_the_callers_keyring_and_options_are_not_seen(self):
        home = tempfile.TemporaryDirectory(prefix="gantry-gpg-")
        self.addCleanup(home.cleanup)
        write(os.path.join(home.name, "gpg.conf"), "no-such-option\n")
        verifier = self.start([self.key], {"PATH": "/nowhere", "HOME": home.name,
                                           "GNUPGHOME": home.name, "LD_PRELOAD": ""})
        verifier.data.sendall(FILE)
        verifier.data.shutdown(socket.SHUT_WR)
        self.assertEqual(verifier.answer()["verdict"]["fingerprint"], self.key.fingerprint)
        self.assertEqual(os.listdir(home.name), ["gpg.conf"])


class Secure(Host):
    """A host that checks signatures, as one does."""

    def argv(self, *words):
        return [GANTRY, f"--dir={self.data}", f"--local-config={self.config}",
                f"--system-config={self.config}", *(str(word) for word in words)]

    def trust(self, fingerprint, text, prefix="example.test"):
        directory = os.path.join(self.config, "trustedkeys", "prefix.d", prefix)
        os.makedirs(directory, exist_ok=True)
        return write(os.path.join(directory, fingerprint), text)


@needs_root
@needs_program("gpg")
class Fetched(unittest.TestCase):
    """Image and signature in files: `gantry fetch`, with a key that is trusted."""

    @classmethod
    def setUpClass(cls):
        cls.keyring = Keyring(cls)
        cls.key = cls.keyring.key("Ann <ann@example.test>", at=LONG_AGO)
        cls.other = cls.keyring.key("Bob <bob@example.test>")
        cls.image = aci(name="example.test/hello", exec=["/probe", "exit", "0"])
        cls.good = cls.key.sign(cls.image)

    def setUp(self):
        self.host = Secure(self)
        self.path = self.host.file("hello.aci", self.image)

    def fetch(self, signature, key=None, text=None, image=None):
        """The Result, with KEY trusted, whose file has TEXT."""
        key = key or self.key
        self.host.trust(key.fingerprint, text or key.public)
        self.host.file("hello.aci", image or self.image)
        self.host.file("hello.aci.asc", signature)
        return self.host.run("fetch", "--full", self.path)

    def accepts(self, signature, key=None):
        result = self.fetch(signature, key)
        self.assertEqual(result.status, 0, result)
        self.assertIn("signature verified:", result.err)
        return result

    def refuses(self, says, signature, key=None, **options):
        """With one line that has SAYS; nothing is stored, and no process stays."""
        result = self.fetch(signature, key, **options)
        self.assertEqual(result.status, 254, result)
        self.assertEqual(result.out, "", result)
        self.assertEqual(len(result.err.splitlines()), 1, result)
        self.assertIn(says, result.err)
        self.assertNotIn("\x1b", result.err)
        self.assertEqual(self.host.image_ids(), [])
        self.host.assert_no_drafts()
        return result.err

    def test_keys_and_subkeys_of_every_usual_kind_sign(self):
        for algorithm, below in (("rsa2048", "rsa2048"), ("ed25519", "ed25519"),
                                 ("nistp256", "ed25519")):
            key = self.keyring.key(f"{algorithm} <{algorithm}@example.test>", algorithm)
            with self.subTest(algorithm):
                self.accepts(key.sign(self.image), key)
            subkey = key.add_subkey(below)
            with self.subTest(algorithm, of="subkey"):
                result = self.accepts(key.sign(self.image, by=subkey), key)
                self.assertIn(f"  {algorithm} <{algorithm}@example.test>\n", result.err)

    def test_every_hash_that_holds_does(self):
        for digest in ("SHA256", "SHA384", "SHA512"):
            with self.subTest(digest):
                self.accepts(self.key.sign(self.image, digest=digest))

    def test_one_that_does_not_is_refused(self):
        for digest, name in (("SHA1", "SHA-1"), ("RIPEMD160", "RIPEMD-160"), ("SHA224", "SHA-224")):
            with self.subTest(digest):
                self.refuses(f"weak hash {name}", self.key.sign(self.image, digest=digest))

    def test_what_is_no_detached_signature(self):
        sign = self.key.sign
        for says, signature in [
                ("a text with a signature in it", sign(b"text\n", how="--clearsign")),
                ("a message, not a detached", sign(b"text\n", how="--sign")),
                ("not a detached signature", sign(b"text\n", how="--sign", armor=False)),
                ("line ends do not count", sign(b"text\n", options=["--textmode"])),
                ("another signature comes after it", sign(self.image, armor=False) * 2),
                ("another signature comes after it", self.good + self.good),
                ("a message comes after it",
                 sign(self.image, armor=False) + b"\xcb\x07b\x00\x00\x00\x00\x00x"),
                ("not only one block", b"Look:\n" + self.good),
                ("not only one block", self.good + b"\x0c\n"),
                ("a public key", self.key.public),
                ("a private key", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n"),
                ("it is not only one block", b"<html>404</html>\n"),
                ("it is empty", b"")]:
            with self.subTest(says):
                self.refuses(says, signature)

    def test_what_has_expired(self):
        signature = self.key.sign(self.image, at=LONG_AGO, options=["--default-sig-expire=1d"])
        self.refuses("it has expired", signature)
        key = self.keyring.key("Cid <cid@example.test>", expires="1y", at=LONG_AGO)
        self.refuses("(Cid <cid@example.test>): its key has expired",
                     key.sign(self.image, at=LONG_AGO), key)

    def test_a_subkey_that_has_expired(self):
        key = self.keyring.key("Eve <eve@example.test>", at=LONG_AGO)
        subkey = key.add_subkey(expires="1y", at=LONG_AGO)
        self.refuses("its key has expired", key.sign(self.image, by=subkey, at=LONG_AGO), key)

    def test_what_was_revoked(self):
        for reason in (0, 1):
            key = self.keyring.key(f"Dan {reason} <dan@example.test>")
            signature = key.sign(self.image)
            self.accepts(signature, key)
            self.host.run("image", "rm", *self.host.image_ids())
            key.revoke(reason)
            self.refuses("its key was revoked", signature, key)

    def test_a_signature_from_before_its_key(self):
        key = self.keyring.key("Fay <fay@example.test>")
        signature = key.sign(self.image, at=LONG_AGO, options=["--ignore-time-conflict"])
        self.refuses("signature by key", signature, key)

    def test_names_cannot_steer_a_terminal(self):
        key = self.keyring.key("Gus \x1b[31mred\x1b[0m <gus@example.test>")
        result = self.accepts(key.sign(self.image), key)
        self.assertIn("Gus ?[31mred?[0m <gus@example.test>", result.err)
        self.host.run("image", "rm", *self.host.image_ids())
        self.refuses("(Gus ?[31mred", key.sign(damaged(self.image)), key)

    def test_a_turned_bit_anywhere(self):
        binary = self.key.sign(self.image, armor=False)
        for at in (0, 1, len(self.image) // 3, len(self.image) - 1):
            with self.subTest("image", at=at):
                self.refuses("it is not of these bytes", self.good, image=damaged(self.image, at))
        for at in (0, 3, 12, 40, len(binary) - 1):
            with self.subTest("signature", at=at):
                self.refuses("", damaged(binary, at))
        text = self.key.public
        for at in (5, 60, 100, len(text) // 2, len(text) - 40):
            with self.subTest("key", at=at):
                self.refuses("trusted key '", self.good, text=damaged(text, at))

    def test_a_key_in_a_file_with_anothers_name(self):
        says = self.refuses("", self.good, text=self.other.public)
        self.assertIn(f"trustedkeys/prefix.d/example.test/{self.key.fingerprint}'", says)
        self.assertIn(f"it has the key '{self.other.fingerprint}', which is not its name", says)

    def test_a_key_for_another_prefix(self):
        self.host.trust(self.other.fingerprint, self.other.public, "example.test/other")
        says = self.refuses("not trusted for 'example.test/hello'", self.other.sign(self.image))
        self.assertIn(self.other.fingerprint, says)

    def test_a_host_without_gpg_says_so(self):
        self.host.file("hello.aci.asc", self.good)
        self.host.trust(self.key.fingerprint, self.key.public)
        hide = 'mount --bind "$1" "$2"; shift 2; exec "$@"'
        nothing = self.host.file("nothing", "")
        result = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", hide, "sh", nothing, shutil.which("gpg"),
             *self.host.argv("fetch", self.path)], capture_output=True, timeout=TIMEOUT)
        self.assertEqual(result.returncode, 254, result)
        self.assertIn(b"there is no gpg in /usr/bin", result.stderr)
        self.assertEqual(self.host.image_ids(), [])

    def test_the_callers_own_keyring_does_not_count(self):
        self.host.file("hello.aci.asc", self.other.sign(self.image))
        self.host.trust(self.key.fingerprint, self.key.public)
        options = {"env": {"GNUPGHOME": self.keyring.home, "HOME": self.keyring.home}}
        result = self.host.run("fetch", self.path, **options)
        self.assertEqual(result.status, 254, result)
        self.assertIn(self.other.id, result.err)


if __name__ == "__main__":
    unittest.main()
