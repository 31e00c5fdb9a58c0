# SPDX-License-Identifier: Apache-2.0
"""Signatures of images by real OpenPGP keys (rkt 4.7, threat 15), and where gpg runs."""

import fcntl
import json
import os
import signal
import socket
import tempfile
import unittest

from harness import GANTRY, TIMEOUT, descendants, needs_program, needs_root, read, wait_until, write
from signing import Keyring

IMPORT = os.path.join(os.path.dirname(GANTRY), "..", "libexec", "gantry", "import")

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
        self.pid = os.posix_spawn(IMPORT, [IMPORT, "verify"],
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


if __name__ == "__main__":
    unittest.main()
